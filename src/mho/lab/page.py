"""The lab's pages: two files that compute by themselves, built from ``web/``."""

from __future__ import annotations

import os
import tarfile
from functools import cache
from pathlib import Path

from mho.data import replacing

__all__ = ["HOME", "NAMES", "PACKED", "PICTURES", "export_page", "pages"]

HOME = "index.html"
"""Circuits, factorizations, cost."""

PICTURES = "pictures.html"
"""Pictures of the format `.mho`, photo clean-up, and a photo's way through a chip."""

NAMES = (HOME, PICTURES)

PACKED = Path(__file__).parent / "static" / "pages.tar.xz"


@cache
def pages() -> dict[str, bytes]:
    """Return the pages by name."""
    with tarfile.open(PACKED) as tar:
        found = {name: tar.extractfile(name) for name in NAMES}
        return {name: file.read() for name, file in found.items() if file is not None}


def export_page(folder: str | os.PathLike[str]) -> Path:
    """Write the pages to a folder, which is made if it is not there; return the first.

    Parameters
    ----------
    folder : str or path
        Its ``index.html`` and ``pictures.html`` are replaced.

    Raises
    ------
    OSError
        The folder cannot be made or written to.

    Examples
    --------
    >>> import tempfile
    >>> from mho.lab import export_page
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_page(folder).name
    'index.html'
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in pages().items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(page)
    return folder / HOME
