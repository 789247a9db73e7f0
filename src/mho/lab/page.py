"""The lab's pages: two files that compute by themselves, built from ``web/``."""

from __future__ import annotations

import os
from pathlib import Path

from mho.data import replacing

__all__ = ["PAGE", "PAGES", "PICTURES", "export_page"]

PAGE = Path(__file__).parent / "static" / "index.html"
"""Circuits, factorizations, cost."""

PICTURES = PAGE.with_name("pictures.html")
"""Pictures of the format `.mho`, photo clean-up, and a photo's way through a chip."""

PAGES = (PAGE, PICTURES)


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
    for page in PAGES:
        with replacing(folder / page.name) as temporary:
            temporary.write_bytes(page.read_bytes())
    return folder / PAGE.name
