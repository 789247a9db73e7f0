"""Arrays and facts in NumPy's .npz format with a seal as the comment, which every reader of that format skips."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mho.data.errors import DataError, damaged
from mho.data.output import replacing
from mho.data.seal import BLANK, check_seal

__all__ = ["Archive", "read_archive", "write_archive"]


@dataclass(frozen=True, eq=False)
class Archive:
    """An open archive.

    Attributes
    ----------
    about : dict
        What was told about the arrays.
    arrays : mapping of str to ndarray
        Read when they are asked for.
    sealed : bool
        Whether it has a seal; a wrong one is an error before.
    """

    about: Any
    arrays: Any
    sealed: bool


def write_archive(
    path: str | os.PathLike[str],
    about: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    *,
    compressed: bool = False,
) -> None:
    """Write arrays and what there is to tell about them, as JSON in an array of its own.

    Raises
    ------
    OSError
        The folder is not there, not writable or full.
    """
    # not by numpy.savez, which before 2.1 leaves its archive open where the disk is full
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with replacing(path, sealed=True) as temporary, zipfile.ZipFile(temporary, "w", method) as archive:
        for name, array in {"about": np.array(json.dumps(about)), **arrays}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
        archive.comment = BLANK.encode()


@contextmanager
def read_archive(path: Path, what: str, *, most_bytes: int | None = None) -> Iterator[Archive]:
    """Open what `write_archive` has written; any error while it is open says that the file is damaged.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What errors call it: "a recommender".
    most_bytes : int, optional
        A larger file is refused.

    Raises
    ------
    DataError
        The file is damaged or another.
    OSError
        It cannot be read.
    """
    # numpy parses headers as Python and lets every error of that parser through, zipfile those of what it unpacks with
    with path.open("rb") as stream, damaged(path, Exception):
        large = most_bytes is not None and os.fstat(stream.fileno()).st_size > most_bytes
        if large or not zipfile.is_zipfile(stream):
            raise DataError(f"{path}: cannot be read: is not {what}")
        sealed = check_seal(path)
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as arrays:
            yield Archive(json.loads(str(arrays["about"])), arrays, sealed)
