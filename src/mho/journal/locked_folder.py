"""A folder that one process at a time works in."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from mho.data.file_lock import lock_folder

__all__ = ["LockedFolder"]


class LockedFolder(ABC):
    """A folder made if it is not there, and locked until it is closed; a context that closes it."""

    folder: Path

    def _lock(self, folder: str | os.PathLike[str]) -> None:
        """Take the folder and open what is in it; the lock is given back if that fails."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(lock_folder(self.folder))
            self._open()
            self._closing = stack.pop_all()

    @abstractmethod
    def _open(self) -> None:
        """Open the files in the locked folder."""

    @abstractmethod
    def _close(self) -> None:
        """Close them."""

    def close(self) -> None:
        """Wait for the disk and let others have the folder."""
        with self._closing:
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()
