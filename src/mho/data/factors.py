"""The two factors of a matrix in one safetensors file: no code in it, text beside the numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mho.data.errors import DataError, check_size, damaged
from mho.data.output import replacing
from mho.data.seal import BLANK, check_seal

__all__ = ["read_factors", "read_state", "write_factors"]

_DTYPES = {"F32": 4, "F64": 8}
_FORMAT = {"mho_format": "2"}
"""Of files with a seal; those of 0.1.0 say nothing."""
_SEAL, _STATE = "mho_seal", "state."


def write_factors(
    path: str | os.PathLike[str],
    W: np.ndarray,
    H: np.ndarray,
    metadata: Mapping[str, str],
    *,
    state: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write W (m, k), H (k, n) and what should be known about them; `path` is replaced whole or left as it was.

    Parameters
    ----------
    path : str or path
        Usually ends in ``.safetensors``.
    W : ndarray of shape (m, k)
        float32 or float64.
    H : ndarray of shape (k, n)
        float32 or float64.
    metadata : mapping of str to str
        Kept as it is; ``mho_format`` and ``mho_seal`` are the format's own.
    state : mapping of str to ndarray, optional
        Matrices with which an iteration goes on as if it had not been interrupted.

    Raises
    ------
    OSError
        The folder is not there, not writable or full.
    ValueError
        `path` is a folder or a device, or `metadata` has a name of the format.
    """
    from safetensors.numpy import save

    if set(metadata) & {*_FORMAT, _SEAL}:
        raise ValueError(f"metadata must not have the names {', '.join((*_FORMAT, _SEAL))}, which are the format's own")
    parts = {"W": W, "H": H} | {_STATE + name: part for name, part in (state or {}).items()}
    about = dict(metadata) | _FORMAT | {_SEAL: BLANK}
    data = save({name: np.ascontiguousarray(part) for name, part in parts.items()}, about)
    with replacing(path, sealed=True, size=len(data)) as temporary:
        temporary.write_bytes(data)


def read_factors(
    path: str | os.PathLike[str], *, max_bytes: int = 2**33
) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Read what `write_factors` has written.

    Parameters
    ----------
    path : str or path
        A safetensors file with the matrices W and H.
    max_bytes : int
        Refuse factors that take more memory; the default is 8 GiB.

    Returns
    -------
    W : ndarray of shape (m, k)
        Finite and >= 0, float32 or float64.
    H : ndarray of shape (k, n)
        Likewise.
    metadata : dict of str to str
        Empty if the file has none.

    Raises
    ------
    DataError
        The file is damaged, too large, or does not hold two such factors.
    OSError
        The file cannot be opened.
    """
    path = Path(path)
    with _opened(path) as file:
        _check(path, file, max_bytes)
        W, H = file.get_tensor("W"), file.get_tensor("H")
        metadata = file.metadata() or {}
    for name, factor in (("W", W), ("H", H)):
        if not (np.isfinite(factor).all() and (factor >= 0).all()):
            raise DataError(f"{path}: {name} must be finite and >= 0 everywhere")
    return W, H, {name: text for name, text in metadata.items() if name not in (*_FORMAT, _SEAL)}


def read_state(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read the `state` that `write_factors` has written, which may be none; the errors are those of `read_factors`."""
    with _opened(Path(path)) as file:
        names = [name for name in file.keys() if name.startswith(_STATE)]
        return {name.removeprefix(_STATE): file.get_tensor(name) for name in names}


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    sealed = check_seal(path)
    with damaged(path, SafetensorError), safe_open(path, framework="numpy") as file:
        if not sealed and set(file.metadata() or {}) & {*_FORMAT, _SEAL}:
            raise DataError(f"{path}: is damaged: its checksum is gone")
        yield file


def _check(path: Path, file: Any, max_bytes: int) -> None:
    every = sorted(file.keys())
    names = [name for name in every if not name.startswith(_STATE)]
    if names != ["H", "W"]:
        raise DataError(f"{path}: must hold the two factors W and H, holds {', '.join(names[:6]) or 'nothing'}")
    slices = {name: file.get_slice(name) for name in every}
    shapes = {name: tuple(part.get_shape()) for name, part in slices.items()}
    for name, part in slices.items():
        if part.get_dtype() not in _DTYPES or len(shapes[name]) != 2 or 0 in shapes[name]:
            raise DataError(
                f"{path}: {name} must be a matrix of F32 or F64, is {part.get_dtype()} of shape {shapes[name]}"
            )
    if shapes["W"][1] != shapes["H"][0]:
        raise DataError(f"{path}: W {shapes['W']} must have as many columns as H {shapes['H']} has rows")
    check_size(path, sum(_DTYPES[slices[n].get_dtype()] * int(np.prod(shapes[n])) for n in every), max_bytes)
