"""scikit-learn's own tests of NMF, MiniBatchNMF and non_negative_factorization, on mho's through the import change.

    python benchmarks/nmf/sklearn_tests.py [--smoke]

Prints the share that pass and each one that does not with its reason; fails where one fails that has none here.
--smoke: one test.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, keep, smoke, where

IMPORT = "from sklearn.decomposition import NMF, MiniBatchNMF, non_negative_factorization"

REASONS = {
    "test_mbnmf_inverse_transform": "the product is within .017 of X where the test wants .01: W is solved"
    " to rest in every mini-batch, and other components follow",
    "test_nmf_multiplicative_update_sparse": "compares the paths of beta = 1 and 1 + 1e-8 after a few iterations: mho"
    " takes Newton steps for the first and multiplicative ones for the second",
    "test_nmf_decreasing[mu]": "sums its objective with twice the ridge that scikit-learn documents; the documented one"
    " falls in every iteration",
    "test_nmf_float32_float64_consistency[NMF": "compares factors after some iterations to 1e-5 in single precision,"
    " where the stopping rule ends the two an iteration apart",
    "test_nmf_minibatchnmf_equivalence": "compares the paths of NMF and MiniBatchNMF, which here take different steps",
}


def main():
    spec = find_spec("sklearn.decomposition")
    assert spec is not None
    source = Path(str(spec.origin)).parent / "tests" / "test_nmf.py"
    text = source.read_text()
    if IMPORT not in text:
        sys.exit(f"{source}: has no line {IMPORT!r}")
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder) / "test_changed.py"
        changed.write_text(text.replace(IMPORT, IMPORT.replace("sklearn", "mho")))
        run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "-rA", str(changed)]
        run += ["-k", "test_initialize_nn_output"] if smoke() else []
        alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # plugins take seconds to load
        said = subprocess.run(run, capture_output=True, text=True, check=False, env=alone).stdout
    outcomes = re.findall(r"^(PASSED|FAILED) \S*?::(\S+(?: \S+)*?)(?: - .*)?$", said, re.MULTILINE)
    failed = [name for outcome, name in outcomes if outcome == "FAILED"]
    known = Counter(next((test for test in REASONS if name.startswith(test)), "") for name in failed)
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} pass ({1 - len(failed) / max(1, len(outcomes)):.1%})")
    for test, reason in REASONS.items():
        print(f"  {known[test]} of {test}: {reason}")
    counts = {test: known[test] for test in REASONS if known[test]}
    found = {"passed": len(outcomes) - len(failed), "of": len(outcomes), "failed": counts}
    keep(ROOT / "docs/measured/estimator.json", {"scikit-learn's tests": found | where()})
    unknown = [name for name in failed if not any(name.startswith(test) for test in REASONS)]
    if unknown or not outcomes:
        sys.exit("without a reason: " + ", ".join(unknown))


if __name__ == "__main__":
    main()
