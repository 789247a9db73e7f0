"""The lab's page: one file that computes by itself, built from ``web/``."""

from __future__ import annotations

import os
from pathlib import Path

from mho.data import replacing

__all__ = ["PAGE", "export_page"]

PAGE = Path(__file__).parent / "static" / "index.html"


def export_page(folder: str | os.PathLike[str]) -> Path:
    """Write the page to a folder, which is made if it is not there; return the file.

    Parameters
    ----------
    folder : str or path
        Its ``index.html`` is replaced.

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
    target = folder / "index.html"
    with replacing(target) as temporary:
        temporary.write_bytes(PAGE.read_bytes())
    return target
