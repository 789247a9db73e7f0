"""Checks an installed wheel: the README runs, the engines agree with SciPy, commands answer, nothing GPL is loaded.

The wheels' workflow runs it in the environment of each wheel, and so does `make wheel`; it needs mho[image,recommend].
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^    mho (.*)$", re.MULTILINE)


def readme() -> None:
    """Run the README as it is printed, commands first, which write the files that its Python reads."""
    text, here = README.read_text(encoding="utf-8"), Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            for line in LINE.findall(text):
                run(shlex.split(line, comments=True))
            scope: dict[str, object] = {}
            for block in BLOCK.findall(text):
                exec(block, scope)  # as tests/test_docs.py does in a checkout
        finally:
            os.chdir(here)


def run(words: list[str]) -> None:
    """Run a command of mho."""
    subprocess.run([sys.executable, "-m", "mho", *words], check=True, stdout=subprocess.DEVNULL)


def engines() -> None:
    """Compare the kernels of each instruction set's table with SciPy."""
    import numpy as np
    from scipy.optimize import nnls

    import mho

    rng = np.random.default_rng(0)
    A, B = rng.random((60, 8)), rng.normal(size=(60, 200))
    meant = np.column_stack([nnls(A, b)[0] for b in B.T])
    for engine in ("digital", mho.Analog("ideal")):
        np.testing.assert_allclose(mho.nnls(A, B, engine=engine), meant, atol=1e-7)
    error = mho.NMF(8, random_state=0, max_iter=100).fit(A @ rng.random((8, 50))).reconstruction_err_
    if not error < 0.5:
        raise AssertionError(f"an exact product must be found again, got an error of {error}")


def commands() -> None:
    """Run commands that need no extra."""
    for words in (["--version"], ["info"], ["chip", "presets", "ideal"], ["cost", "--help"]):
        run(words)


def licences() -> None:
    """See that nothing of what has been imported is under the GPL."""
    from importlib.metadata import distribution, packages_distributions

    owners = packages_distributions()
    loaded = {name.partition(".")[0] for name in sys.modules}
    for owner in sorted({owner for name in loaded for owner in owners.get(name, ())}):
        meta = distribution(owner).metadata
        stated = [*meta.get_all("License-Expression", []), *meta.get_all("Classifier", [])]
        if any(re.search(r"(?<!L)GPL(?!.*exception)|:: GNU General Public", text) for text in stated):
            raise AssertionError(f"{owner} is under the GPL: {stated}")


def main() -> None:
    import mho

    print(f"mho {mho.__version__} in {Path(mho.__file__).parent}")
    for check in (engines, readme, commands, licences):
        check()
        print(f"{check.__name__}: passed")


if __name__ == "__main__":
    main()
