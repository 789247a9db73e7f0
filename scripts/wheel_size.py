"""Refuses wheels of more than 2.5 MB, and a folder without any: python scripts/wheel_size.py dist."""

from __future__ import annotations

import sys
from pathlib import Path

MOST_BYTES = 2_500_000


def main(folder: str) -> None:
    """Print the size of each wheel."""
    wheels = sorted(Path(folder).glob("*.whl"))
    for wheel in wheels:
        print(f"{wheel.name}: {wheel.stat().st_size:,} bytes")
    if not wheels or max(wheel.stat().st_size for wheel in wheels) > MOST_BYTES:
        raise SystemExit(f"there must be wheels, of at most {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
