"""One kind of error for files that are damaged, foreign or too large."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["DataError", "check_size", "damaged"]


_LONGEST_REASON = 120


class DataError(ValueError):
    """A file cannot be read; the message names the file and, where known, the line or byte."""


@contextmanager
def damaged(path: Path, *errors: type[Exception]) -> Iterator[None]:
    """Turn what a reader raises on bad bytes into a `DataError` naming `path`."""
    try:
        yield
    except DataError:
        raise
    except errors as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        if len(reason) > _LONGEST_REASON:  # some readers quote what they found
            reason = reason[:_LONGEST_REASON] + "..."
        raise DataError(f"{path}: cannot be read: {reason}") from error


def check_size(path: Path, needed: int, max_bytes: int) -> None:
    """Refuse a result of `needed` bytes that does not fit `max_bytes`."""
    if needed > max_bytes:
        raise DataError(f"{path}: needs {needed:,} bytes of memory, more than max_bytes = {max_bytes:,}")
