"""Arrays of other libraries: as NumPy's on the way in, and results in their kind, on their device, on the way out."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["as_array_like", "in_kind"]

_ANNDATA = ("X", "obs", "var")


def as_array_like(value: Any, name: str) -> Any:
    """Return `value` as NumPy can read it: an array of another library as an array, anything else as it is.

    Parameters
    ----------
    value : object
        Tensors of torch and arrays of CuPy come from whatever device they are on.
    name : str
        What the caller calls it.

    Raises
    ------
    TypeError
        It lies in the memory of a device that its library does not copy from, holds numbers that NumPy has not, needs a
        gradient, or is an AnnData, of which a matrix is only a part.
    """
    if all(hasattr(value, part) for part in _ANNDATA):
        raise TypeError(
            f"{name} must be a matrix, got {type(value).__name__}; give one of it, such as its .X, or the whole to "
            "mho.nmf.fit_anndata"
        )
    if getattr(value, "requires_grad", None) is True:
        raise TypeError(
            f"{name} requires a gradient, which arrays do not have: give {name}.detach(), or mho.torch.nnls keeps it"
        )
    library = _library(value)
    try:
        if library == "torch" and hasattr(value, "numpy"):
            return value.cpu().numpy()
        if library == "cupy" and hasattr(value, "get"):
            return value.get()
        if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            return np.from_dlpack(value)
        if _namespace(value, library) is not None:
            return np.asarray(value)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise TypeError(
            f"{name} must be in this computer's memory as numbers of NumPy's, got {type(value).__name__}: {error}"
        ) from None
    return value


def in_kind(result: np.ndarray, *given: Any) -> Any:
    """Return a result as an array of the library, and on the device, of the first of `given` that is not NumPy's.

    Parameters
    ----------
    result : ndarray
        Returned itself where all of `given` are arrays of NumPy's, tables, lists, or speak nothing but DLPack.
    *given : object
        What the result was made of.
    """
    for value in given:
        library = _library(value)
        if library == "torch" and hasattr(value, "device"):
            import torch  # pyright: ignore[reportMissingImports]

            return torch.from_numpy(np.ascontiguousarray(result)).to(value.device)
        namespace = _namespace(value, library)
        if namespace is not None:
            return namespace.asarray(result, device=value.device) if library != "cupy" else namespace.asarray(result)
    return result


def _namespace(value: Any, library: str) -> Any:
    """The library's functions by the array API standard; None for NumPy's own arrays and what is no array."""
    if library == "cupy" and hasattr(value, "get"):
        import cupy  # pyright: ignore[reportMissingImports]

        return cupy
    if isinstance(value, np.ndarray | np.generic) or not hasattr(value, "__array_namespace__"):
        return None
    return value.__array_namespace__()


def _library(value: Any) -> str:
    return type(value).__module__.partition(".")[0]
