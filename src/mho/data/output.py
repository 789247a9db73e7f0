"""Durable output: a file that is whole or not there, also after a kill or a power cut."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mho.data.file_lock import try_lock
from mho.data.seal import seal

__all__ = ["remove_abandoned", "replacing", "reserve", "sync_folder"]

_SHORT = re.compile(r"^\d+ requested and \d+ written$")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP)
_LONGEST_NAME = 230
"""Bytes of a file's name that leave room for what makes it a temporary one; file systems take 255."""


@contextmanager
def replacing(
    path: str | os.PathLike[str], *, sealed: bool = False, durable: bool = True, size: int = 0
) -> Iterator[Path]:
    """Give a temporary name beside `path` to write to; on success it takes the place of `path`, else it is removed.

    The file is on the disk before it has its name, and the name before this returns. Temporary files that a killed
    process left for the same `path` are removed first.

    Parameters
    ----------
    path : str or path
        If it is a link, it keeps pointing to what is written.
    sealed : bool
        Fill in the checksum of what was written, which has the place for it: `mho.data.seal.BLANK`.
    durable : bool
        Wait for the disk. False: for scratch that nobody reads after a crash.
    size : int
        Bytes that will be written, if known: a disk without so much room is told before any work.

    Raises
    ------
    ValueError
        `path` is a folder or a device.
    OSError
        The folder is not there, not writable or full.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise ValueError(f"{path}: is not a regular file and cannot be replaced")
    temporary, descriptor = _begun(path, target)
    try:
        with _named(path, temporary):
            if size:
                reserve(descriptor, size)
            yield temporary
            if sealed:
                seal(temporary)
            if durable:
                _sync_file(temporary)
            os.replace(temporary, target)
            if durable:
                sync_folder(target.parent)
    except BaseException:
        _remove_own(temporary, descriptor)
        raise
    finally:
        os.close(descriptor)


def reserve(descriptor: int, size: int) -> None:
    """Take room on the disk for the first `size` bytes of an open file.

    Raises
    ------
    OSError
        There is none.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)


def remove_abandoned(folder: Path) -> None:
    """Remove the temporary files in a folder of mho's own that no process writes to any more."""
    for path in folder.glob(".*.part"):
        _remove_unlocked(path)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system lets a program do that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:  # some network file systems cannot, and write names at once
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def _begun(path: str | os.PathLike[str], target: Path) -> tuple[Path, int]:
    """Return a new file beside `target`, and its descriptor, whose lock says that somebody writes to it."""
    number = 0  # of those who write to the same target at the same time
    while True:
        temporary = _temporary(target, number)
        try:
            with _named(path, temporary):
                descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            number += not _remove_unlocked(temporary)
            continue
        if try_lock(descriptor) is not False and os.fstat(descriptor).st_nlink:
            _remove_unlocked(_temporary(target, number + 1))
            return temporary, descriptor
        os.close(descriptor)  # somebody took it for abandoned before it was locked


def _temporary(target: Path, number: int) -> Path:
    name = os.fsencode(target.name)
    short = target.name if len(name) <= _LONGEST_NAME else hashlib.sha256(name).hexdigest()[:32]
    return target.with_name(f".{short}.{number}.part" if number else f".{short}.part")


def _remove_own(path: Path, descriptor: int) -> None:
    """Remove what an open file's name stands for, if it still stands for that."""
    with suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(descriptor), os.stat(path)):
            path.unlink()


def _remove_unlocked(path: Path) -> bool:
    """Remove a temporary file unless somebody writes to it, or may; return whether it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
    except FileNotFoundError:
        return True
    except OSError:  # a link or a folder, or of another user
        return False
    try:
        if not try_lock(descriptor):
            return False
        _remove_own(path, descriptor)  # the name may be the next writer's by now
        return True
    finally:
        os.close(descriptor)


@contextmanager
def _named(path: str | os.PathLike[str], temporary: Path) -> Iterator[None]:
    """Let errors of writing name the file that was asked for."""
    try:
        yield
    except OSError as error:
        if _SHORT.search(str(error)):  # numpy tells how much it wrote, not why it was not all
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(path)) from error
        known = error.errno in _NO_ROOM or error.filename in (temporary, os.fspath(temporary))
        if known and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), os.fspath(path)) from error
        raise
