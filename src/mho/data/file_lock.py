"""Locks of files and folders, which end with the process that holds them."""

from __future__ import annotations

import errno
import json
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["lock_folder", "try_lock"]

_NAME = ".mho.lock"
_MOST_BYTES = 1000
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
_POLL_SECONDS = 0.1

_held: dict[Path, int] = {}
"""Folders that this process has locked, and the thread of each."""


def try_lock(descriptor: int) -> bool | None:
    """Lock an open file unless somebody else has; the system unlocks it when it is closed or its process ends.

    Returns
    -------
    bool or None
        Whether it is locked now; None where the file system has no locks.
    """
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        import msvcrt

        try:
            os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # beyond what is written: others read the owner's name
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return None
    return True


@contextmanager
def lock_folder(folder: str | os.PathLike[str], *, wait: float = 0.0) -> Iterator[None]:
    """Keep other runs out of a folder; within one thread it may be entered again.

    A lock whose process has ended, however it ended, is taken over.

    Parameters
    ----------
    folder : str or path
        The folder.
    wait : float
        Seconds to wait for another run to leave it.

    Raises
    ------
    ValueError
        Another run is in the folder; the message names its process and host.
    OSError
        The folder is not there or not writable.
    """
    place = Path(folder).resolve()
    if _held.get(place) == threading.get_ident():
        yield
        return
    descriptor = _locked(Path(folder), place / _NAME, time.monotonic() + wait)
    _held[place] = threading.get_ident()
    try:
        yield
    finally:
        del _held[place]
        (place / _NAME).unlink(missing_ok=True)
        os.close(descriptor)


def _locked(folder: Path, file: Path, until: float) -> int:
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        if try_lock(descriptor) is False:
            owner = _owner(descriptor)
            os.close(descriptor)
            if time.monotonic() < until:
                time.sleep(_POLL_SECONDS)
                continue
            raise ValueError(f"{folder}: is in use by {owner}; wait for it, or take another folder")
        if os.fstat(descriptor).st_nlink:
            break
        os.close(descriptor)  # its owner has just removed it
    os.truncate(descriptor, 0)
    os.write(descriptor, json.dumps({"process": os.getpid(), "host": platform.node()}).encode())
    return descriptor


def _owner(descriptor: int) -> str:
    try:
        facts = json.loads(os.read(descriptor, _MOST_BYTES))
        return f"process {int(facts['process'])} on {str(facts['host'])[:100]}"
    except (OSError, ValueError, KeyError, TypeError):  # it has not said yet
        return "another process"
