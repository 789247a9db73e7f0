"""Right-hand sides as tensors on a device, and their products with a factor, some columns at a time."""

# pyright: reportMissingImports=false
from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from mho.operands import Dense, Factored, Operand, Sparse

__all__ = ["Columns", "DenseColumns", "FactoredColumns", "SparseColumns", "as_tensor", "columns_of", "ranges"]


def as_tensor(array: np.ndarray, device: torch.device) -> torch.Tensor:
    """Return an array of any strides as a tensor that is only read, without a copy where the device is this CPU."""
    return torch.from_numpy(np.asarray(_Readable(array))).to(device)


class _Readable:
    """An array that torch takes without a warning that it could be written to."""

    def __init__(self, array: np.ndarray) -> None:
        self._kept = array if min(array.strides, default=0) >= 0 else np.ascontiguousarray(array)
        address = self._kept.__array_interface__
        self.__array_interface__ = {**address, "data": (address["data"][0], False)}


class Columns:
    """Columns of a right-hand side (m, n) on a device.

    Attributes
    ----------
    shape : tuple of int
        (m, n).
    T : Columns
        The transpose, sharing every tensor.
    dense : bool
        Whether products are those of dense matrices, which may be in bfloat16.
    """

    dense = True

    @property
    def shape(self) -> tuple[int, int]:
        """Return (m, n)."""
        raise NotImplementedError

    @property
    def T(self) -> Columns:
        """Return the transpose."""
        raise NotImplementedError

    def cross(self, A: torch.Tensor, begin: int, end: int) -> torch.Tensor:
        """Return A'b for the columns from `begin` to before `end`, (k, end - begin) in the precision of A (m, k)."""
        raise NotImplementedError

    def squared_error(self, A: torch.Tensor, X: torch.Tensor, begin: int, end: int) -> float:
        """Return |A X - B|^2 over the known entries of some columns, X (k, end - begin) being their answers."""
        raise NotImplementedError

    def pattern(self, begin: int, end: int, dtype: torch.dtype) -> torch.Tensor:
        """Return ones where an entry of some columns is stored, as a sparse tensor (end - begin, m)."""
        raise NotImplementedError

    def squares(self, begin: int, end: int) -> torch.Tensor:
        """Return the sum of the squared stored entries of each of some columns, (end - begin,) in float64."""
        raise NotImplementedError

    def known(self, begin: int, end: int) -> torch.Tensor:
        """Return the number of stored entries of each of some columns, (end - begin,)."""
        raise NotImplementedError


@dataclass(frozen=True)
class DenseColumns(Columns):
    """Columns of a dense matrix (m, n).

    Attributes
    ----------
    matrix : Tensor of shape (m, n)
        On its device.
    """

    matrix: torch.Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return tuple(self.matrix.shape)

    @property
    def T(self) -> DenseColumns:
        """The transpose, a view."""
        return DenseColumns(self.matrix.T)

    def cross(self, A: torch.Tensor, begin: int, end: int) -> torch.Tensor:
        """See `Columns.cross`."""
        return (A.T @ self.matrix[:, begin:end].to(A.dtype)).to(_sum_dtype(A))

    def squared_error(self, A: torch.Tensor, X: torch.Tensor, begin: int, end: int) -> float:
        """See `Columns.squared_error`."""
        return float((A @ X - self.matrix[:, begin:end].to(A.dtype)).square().sum(dtype=torch.float64))


@dataclass(frozen=True)
class FactoredColumns(Columns):
    """Columns of a product of two thin matrices, (m, r) times (r, n)."""

    left: torch.Tensor
    right: torch.Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return len(self.left), self.right.shape[1]

    @property
    def T(self) -> FactoredColumns:
        """The transpose."""
        return FactoredColumns(self.right.T, self.left.T)

    def cross(self, A: torch.Tensor, begin: int, end: int) -> torch.Tensor:
        """See `Columns.cross`."""
        return ((A.T @ self.left.to(A.dtype)) @ self.right[:, begin:end].to(A.dtype)).to(_sum_dtype(A))

    def squared_error(self, A: torch.Tensor, X: torch.Tensor, begin: int, end: int) -> float:
        """See `Columns.squared_error`."""
        whole = self.left.to(A.dtype) @ self.right[:, begin:end].to(A.dtype)
        return float((A @ X - whole).square().sum(dtype=torch.float64))


class SparseColumns(Columns):
    """Stored entries of a matrix (m, n) by columns, and by rows once the transpose is asked for.

    Parameters
    ----------
    operand : Sparse of shape (m, n)
        The entries.
    device : torch.device
        Where they are kept.
    """

    dense = False

    def __init__(self, operand: Sparse, device: torch.device) -> None:
        self.missing, self._shape = operand.missing, operand.shape
        self._operand, self._device = operand.T, device
        self.ptr, self.idx, self.val = (as_tensor(part, device) for part in operand.by_column())

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return self._shape

    @property
    def T(self) -> SparseColumns:
        """The transpose."""
        return SparseColumns(self._operand, self._device)

    def cross(self, A: torch.Tensor, begin: int, end: int) -> torch.Tensor:
        """See `Columns.cross`."""
        return (self._rows(begin, end, self._values(begin, end).to(A.dtype)) @ A).T.to(_sum_dtype(A))

    def squared_error(self, A: torch.Tensor, X: torch.Tensor, begin: int, end: int) -> float:
        """See `Columns.squared_error`; what is not stored and not missing is zero."""
        columns, rows = self._columns_and_rows(begin, end)
        fitted = (A[rows] * X.T[columns]).sum(1).double()
        entries = self._values(begin, end).double()
        inside = float((fitted - entries).square().sum())
        if self.missing:
            return inside
        return inside + max(0.0, float(((A.T @ A) @ X * X).sum(dtype=torch.float64)) - float(fitted.square().sum()))

    def pattern(self, begin: int, end: int, dtype: torch.dtype) -> torch.Tensor:
        """See `Columns.pattern`."""
        return self._rows(begin, end, torch.ones_like(self._values(begin, end), dtype=dtype))

    def _values(self, begin: int, end: int) -> torch.Tensor:
        return self.val[int(self.ptr[begin]) : int(self.ptr[end])]

    def _rows(self, begin: int, end: int, values: torch.Tensor) -> torch.Tensor:
        first, last = int(self.ptr[begin]), int(self.ptr[end])
        parts = self.ptr[begin : end + 1] - first, self.idx[first:last], values
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that compressed rows are in beta
            return torch.sparse_csr_tensor(*parts, size=(end - begin, self.shape[0]))

    def squares(self, begin: int, end: int) -> torch.Tensor:
        """See `Columns.squares`."""
        columns, _ = self._columns_and_rows(begin, end)
        entries = self._values(begin, end).double()
        return entries.new_zeros(end - begin).index_add_(0, columns, entries.square())

    def known(self, begin: int, end: int) -> torch.Tensor:
        """See `Columns.known`."""
        return self.ptr[begin : end + 1].diff()

    def _columns_and_rows(self, begin: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Column, counted from `begin`, and row of each stored entry."""
        counts = self.known(begin, end).long()
        column = torch.repeat_interleave(torch.arange(end - begin, device=self._device), counts)
        return column, self.idx[int(self.ptr[begin]) : int(self.ptr[end])].long()


def _sum_dtype(A: torch.Tensor) -> torch.dtype:
    """The precision that products of bfloat16 go on in."""
    return torch.float32 if A.dtype == torch.bfloat16 else A.dtype


_ON_DEVICE: WeakKeyDictionary[Any, tuple[torch.device, Columns]] = WeakKeyDictionary()
"""What has been copied to a device, for as long as the operand lives."""


def columns_of(B: Operand, device: torch.device) -> Columns:
    """Return a right-hand side on a device, copied there once; a transpose shares the copy."""
    twin = B.__dict__.get("T")
    for operand in (B, twin):
        kept = None if operand is None else _ON_DEVICE.get(operand)
        if kept is not None and kept[0] == device:
            columns = kept[1] if operand is B else kept[1].T
            break
    else:
        columns = _read(B, device)
    _ON_DEVICE[B] = device, columns
    return columns


def _read(B: Operand, device: torch.device) -> Columns:
    if isinstance(B, Sparse):
        return SparseColumns(B, device)
    if isinstance(B, Factored):
        return FactoredColumns(as_tensor(B.left, device), as_tensor(B.right, device))
    assert isinstance(B, Dense)
    return DenseColumns(as_tensor(B.array, device))


def ranges(n: int, step: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of runs of at most `step` among `n` columns."""
    for begin in range(0, n, max(1, step)):
        yield begin, min(n, begin + max(1, step))
