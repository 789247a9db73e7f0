"""Files that a command will write: refused before the work if they cannot be, or are read by it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

__all__ = ["check_apart", "check_target", "check_unread"]


def check_target(
    target: Path, read: Iterable[str | Path | None] = (), *, option: str = "-o", suffixes: Sequence[str] = ()
) -> None:
    """Refuse before the work what would fail after it, or write over a file that is read.

    Parameters
    ----------
    target : Path
        A file that will be written.
    read : iterable of str, Path or None
        Files that the command reads.
    option : str
        The option that names the target.
    suffixes : sequence of str
        Of the names that its format has, as ".csv"; a name without any will do too. None: any name.

    Raises
    ------
    ValueError
        Naming the target.
    """
    check_unread(target, read, option=option)
    if suffixes and target.suffix.lower() not in ("", *suffixes):
        raise ValueError(f"{option} must end in {' or '.join(suffixes)}, the format that is written, got {target}")
    if not (target.parent.is_dir() and os.access(target.parent, os.W_OK)):
        raise ValueError(f"{target}: its folder is not there or not writable")
    if target.exists() and not target.is_file():
        raise ValueError(f"{target}: must be a file, is a folder or a device")


def check_unread(target: Path, read: Iterable[str | Path | None], *, option: str = "-o") -> None:
    """Refuse a target that is one of the files read, by whatever name or link."""
    if target.exists() and any(path is not None and os.path.exists(path) and target.samefile(path) for path in read):
        raise ValueError(f"{target}: is read, and would be lost; take another {option}")


def check_apart(targets: Mapping[str, Path | None]) -> None:
    """Refuse two options that name one file to write, whether it is there yet or not."""
    seen: dict[str, str] = {}
    for option, target in targets.items():
        if target is None:
            continue
        other = seen.setdefault(os.path.realpath(target), option)
        if other != option:
            raise ValueError(f"{option} must be another file than {other}, got {target} for both")
