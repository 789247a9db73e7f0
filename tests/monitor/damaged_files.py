"""Read COUNT damaged models, states and journals of monitors, in turn: each is refused, or told of, never believed.

Usage: damaged_files.py COUNT [STATE]     the file STATE keeps what has passed: the same command goes on from there
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
import fuzz

MEMORY = Path("/dev/shm")
"""A folder without a disk: a service waits for its own a dozen times."""

if __name__ == "__main__":
    if MEMORY.is_dir():
        os.environ["TMPDIR"] = str(MEMORY)
    fuzz.KINDS = {kind: fuzz.KINDS[kind] for kind in ("monitor", "monitor-state", "queue")}
    sys.exit(bool(fuzz.main(int(sys.argv[1]), *sys.argv[2:])))
