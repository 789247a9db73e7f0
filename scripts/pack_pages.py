"""Packs the lab's pages, as built in web/dist, into the one archive that is committed: python scripts/pack_pages.py.

They hold the same libraries, so that together they take two thirds of what they take apart.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from mho.data import replacing
from mho.lab.page import NAMES, PACKED

BUILT = Path(__file__).parents[1] / "web" / "dist"


def packed(folder: Path) -> bytes:
    """Return a folder's pages as .tar.xz, without times and owners."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:xz", format=tarfile.USTAR_FORMAT, preset=9) as tar:
        for name in NAMES:
            page = (folder / name).read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(page)
            tar.addfile(entry, io.BytesIO(page))
    return archive.getvalue()


if __name__ == "__main__":
    with replacing(PACKED) as temporary:
        temporary.write_bytes(packed(BUILT))
    print(f"{PACKED.relative_to(BUILT.parents[1])}: {PACKED.stat().st_size:,} bytes")
