"""The two factors of a matrix in one safetensors file: no code in it, text beside the numbers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mho.data.errors import DataError, check_size, damaged
from mho.data.output import replacing

__all__ = ["read_factors", "write_factors"]

_DTYPES = {"F32": 4, "F64": 8}


def write_factors(path: str | os.PathLike[str], W: np.ndarray, H: np.ndarray, metadata: Mapping[str, str]) -> None:
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
        Kept as it is.

    Raises
    ------
    OSError
        The folder is not there, not writable or full.
    ValueError
        `path` is a folder or a device.
    """
    from safetensors.numpy import save

    data = save({"W": np.ascontiguousarray(W), "H": np.ascontiguousarray(H)}, dict(metadata))
    with replacing(path) as temporary:
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
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    path.open("rb").close()  # safetensors names no file in its errors
    with damaged(path, SafetensorError), safe_open(path, framework="numpy") as file:
        _check(path, file, max_bytes)
        W, H = file.get_tensor("W"), file.get_tensor("H")
        metadata = file.metadata() or {}
    for name, factor in (("W", W), ("H", H)):
        if not (np.isfinite(factor).all() and (factor >= 0).all()):
            raise DataError(f"{path}: {name} must be finite and >= 0 everywhere")
    return W, H, metadata


def _check(path: Path, file: Any, max_bytes: int) -> None:
    names = sorted(file.keys())
    if names != ["H", "W"]:
        raise DataError(f"{path}: must hold the two factors W and H, holds {', '.join(names[:6]) or 'nothing'}")
    slices = {name: file.get_slice(name) for name in names}
    shapes = {name: tuple(part.get_shape()) for name, part in slices.items()}
    for name, part in slices.items():
        if part.get_dtype() not in _DTYPES or len(shapes[name]) != 2 or 0 in shapes[name]:
            raise DataError(
                f"{path}: {name} must be a matrix of F32 or F64, is {part.get_dtype()} of shape {shapes[name]}"
            )
    if shapes["W"][1] != shapes["H"][0]:
        raise DataError(f"{path}: W {shapes['W']} must have as many columns as H {shapes['H']} has rows")
    check_size(path, sum(_DTYPES[slices[n].get_dtype()] * int(np.prod(shapes[n])) for n in names), max_bytes)
