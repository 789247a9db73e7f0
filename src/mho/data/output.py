"""Output that is whole or not there."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name beside `path` to write to; on success it takes the place of `path`, else it is removed.

    Raises
    ------
    ValueError
        `path` is a folder or a device.
    OSError
        The folder is not there or not writable.
    """
    target = Path(os.path.realpath(path))  # a link keeps pointing to what is written
    if target.exists() and not target.is_file():
        raise ValueError(f"{path}: is not a regular file and cannot be replaced")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
