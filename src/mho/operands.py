"""Right-hand sides as engines take them: checked once, read in either order, transposed without a copy."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks, kernels
from mho.caching import cached_property

__all__ = [
    "Dense",
    "Factored",
    "Matrix",
    "Operand",
    "Scaled",
    "Shifted",
    "Sparse",
    "as_matrix",
    "as_operand",
    "columns_of",
    "index_dtype",
]

_GLANCE = 64
"""Entries of a row that are looked at before all of it."""

_BLOCK = 1 << 22
"""Stored entries that are looked at together."""

_PART = 1 << 17
"""Entries of a scaled matrix that are made at once."""


class Dense:
    """A matrix (m, n) of which every entry is known.

    Parameters
    ----------
    matrix : array_like of shape (m, n)
        The matrix.
    name : str
        What errors call it.
    nonnegative : bool
        Refuse entries below zero.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.engines import Dense
    >>> B = Dense(np.array([[3.0, 0.0], [4.0, 0.0]]))
    >>> B.shape, B.square
    ((2, 2), 25.0)
    """

    missing = False
    _unread = ""

    def __init__(self, matrix: Any, *, name: str = "B", nonnegative: bool = False) -> None:
        self.array, self.stats = checks.matrix_with_stats(
            matrix, name, nonnegative=nonnegative, nan_advice=checks.NAN_ADVICE
        )

    @classmethod
    def from_checked(cls, array: np.ndarray) -> Dense:
        """Wrap an array that has been checked."""
        operand = object.__new__(cls)
        operand.array = array
        return operand

    @classmethod
    def unchecked(cls, matrix: Any, name: str = "B") -> Dense:
        """Wrap a matrix, `name` in errors, whose numbers nobody has seen; who reads them first has to `check` them."""
        operand = cls.from_checked(checks.real_matrix(matrix, name))
        operand._unread = name
        return operand

    def check(self, peak: float = np.nan) -> None:
        """Check the entries of an `unchecked` matrix, once.

        Parameters
        ----------
        peak : float
            The largest magnitude among them, if somebody saw it on the way and all are finite: it spares the pass.
        """
        if self._unread and not checks.has_square(peak, self.dtype):
            self.stats = checks.checked_stats(self.array, self._unread, nan_advice=checks.NAN_ADVICE, nonnegative=False)
        self._unread = ""

    @cached_property
    def stats(self) -> checks.ArrayStats:
        """Extremes and sums of the entries."""
        return checks.array_stats(self.array)

    @cached_property
    def T(self) -> Dense:
        """Return the transpose, a view."""
        return Dense.from_checked(self.array.T)

    def column_range(self, begin: int, end: int) -> Dense:
        """Return the columns from `begin` to before `end`, a view."""
        return Dense.from_checked(self.array[:, begin:end])

    def filled(self) -> np.ndarray:
        """Return the matrix itself, as `Sparse.filled` does where something is not stored."""
        return self.array

    def known_rows(self) -> np.ndarray:
        """Known entries of each column, (n,)."""
        return np.full(self.shape[1], self.shape[0])

    def column_peaks(self) -> np.ndarray:
        """The largest absolute entry of each column, (n,)."""
        return np.maximum(self.array.max(axis=0), -self.array.min(axis=0))

    @cached_property
    def empty_rows(self) -> np.ndarray:
        """Mask (m,) of the rows that hold nothing but zero."""
        empty = np.logical_not(self.array[:, :_GLANCE].any(axis=1))  # nearly every row shows an entry early
        for i in np.flatnonzero(empty):
            empty[i] = not self.array[i].any()
        return empty

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype:
        """float32 or float64."""
        return self.array.dtype

    @property
    def square(self) -> float:
        """The sum of the squared entries."""
        return self.stats.square

    @property
    def mean(self) -> float:
        """The mean of the entries."""
        return self.stats.total / self.array.size


class Sparse:
    """A matrix (m, n) given by its stored entries, in either order, without a dense copy.

    Alternating least squares reads a matrix by columns in one half-step and by rows in the other; each order is
    built at most once, and the transpose swaps them.

    Parameters
    ----------
    matrix : scipy sparse array or matrix of shape (m, n), or ndarray with NaN
        The entries. Dense input is read with NaN as "not known" and implies ``missing=True``.
    missing : bool
        True: an entry that is not stored is not known and takes no part. False: it is zero.
    name : str
        What errors call it.
    nonnegative : bool
        Refuse entries below zero.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> from mho import Sparse
    >>> B = Sparse(sp.csc_array([[3.0, 0.0], [4.0, 1.0]]), missing=True)
    >>> B.known_rows().tolist(), B.T.shape
    ([2, 1], (2, 2))
    """

    _turned: Callable[[], Sparse | None] | None = None
    """Whose transpose this is: an order that is not here is made there, once for both."""

    def __init__(self, matrix: Any, *, missing: bool = False, name: str = "B", nonnegative: bool = False) -> None:
        if isinstance(matrix, np.ndarray):
            dense = checks.as_matrix(matrix, name, nonnegative=nonnegative, missing=True)
            matrix, missing = _known_entries(dense), True
        elif not sp.issparse(matrix):
            raise TypeError(f"{name} must be a scipy sparse matrix or a dense array, got {type(matrix).__name__}")
        if matrix.ndim != 2 or 0 in matrix.shape:
            raise ValueError(f"{name} must be a matrix that is not empty, got shape {matrix.shape}")
        self.missing = missing
        if matrix.format == "csr":
            self.rows, self.stats = _checked(matrix, name, nonnegative)
        else:
            self.columns, self.stats = _checked(matrix.tocsc(), name, nonnegative)

    @classmethod
    def from_checked(cls, columns: sp.csc_array, *, missing: bool) -> Sparse:
        """Wrap checked `columns`, whose unstored entries are not known if `missing`, else zero."""
        operand = object.__new__(cls)
        operand.columns, operand.missing = columns, missing
        return operand

    @cached_property
    def columns(self) -> sp.csc_array:
        """The entries by columns."""
        turned = self._turned and self._turned()
        return _turned(self.rows.T).T if turned is None else turned.rows.T

    @cached_property
    def rows(self) -> sp.csr_array:
        """The entries by rows."""
        turned = self._turned and self._turned()
        return _turned(self.columns) if turned is None else turned.columns.T

    @cached_property
    def T(self) -> Sparse:
        """The transpose, sharing every array; no order is made for it before it is read."""
        other = object.__new__(Sparse)
        other.missing, other._turned = self.missing, weakref.ref(self)
        if "rows" in self.__dict__:
            other.columns = self.rows.T
        if "columns" in self.__dict__:
            other.rows = self.columns.T
        if "stats" in self.__dict__:
            other.stats = self.stats
        return other

    def column_range(self, begin: int, end: int) -> Sparse:
        """Return the columns from `begin` to before `end`, sharing their entries."""
        ptr, idx, val = self.by_column()
        part = slice(ptr[begin], ptr[end])
        entries, shape = (val[part], idx[part], ptr[begin : end + 1] - ptr[begin]), (self.shape[0], end - begin)
        return Sparse.from_checked(sp.csc_array(entries, shape=shape, copy=False), missing=self.missing)

    def with_values(self, values: np.ndarray) -> Sparse:
        """Return the operand with other values of its entries, by columns."""
        ptr, idx, _ = self.by_column()
        return Sparse.from_checked(sp.csc_array((values, idx, ptr), shape=self.shape, copy=False), missing=self.missing)

    def known_rows(self) -> np.ndarray:
        """Known entries of each column, (n,)."""
        return np.diff(self.columns.indptr) if self.missing else np.full(self.shape[1], self.shape[0])

    def column_peaks(self) -> np.ndarray:
        """The largest absolute entry of each column, (n,); zero where nothing is stored."""
        ptr, _, val = self.by_column()
        peaks = np.zeros(self.shape[1], val.dtype)
        some = np.diff(ptr) > 0
        if some.any():
            first = ptr[:-1][some]
            peaks[some] = np.maximum(np.maximum.reduceat(val, first), -np.minimum.reduceat(val, first))
        return peaks

    @cached_property
    def empty_rows(self) -> np.ndarray:
        """Mask (m,) of the rows that store nothing but zero; found in the order that is at hand."""
        positive = self.stats.low > 0
        if self._has_rows():
            return np.diff(self.rows.indptr) == 0 if positive else self.T.column_peaks() == 0
        _, idx, val = self.by_column()
        empty = np.ones(self.shape[0], bool)
        for begin in range(0, len(val), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            empty[idx[part] if positive else idx[part][val[part] != 0]] = False
        return empty

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return self._stored.shape

    @property
    def dtype(self) -> np.dtype:
        """float32 or float64."""
        return self._stored.dtype

    @property
    def values(self) -> np.ndarray:
        """The stored entries, in the order of whichever is at hand."""
        return self._stored.data

    @cached_property
    def stats(self) -> checks.ArrayStats:
        """Extremes and sums of the stored entries."""
        return checks.array_stats(self.values)

    @property
    def square(self) -> float:
        """The sum of the squared entries."""
        return self.stats.square

    @property
    def mean(self) -> float:
        """The mean of the known entries."""
        known = len(self.values) if self.missing else self.shape[0] * self.shape[1]
        return self.stats.total / max(1, known)

    @property
    def _stored(self) -> Any:
        return self.__dict__["columns"] if "columns" in self.__dict__ else self.rows

    def _has_rows(self) -> bool:
        turned = self._turned and self._turned()
        return "rows" in self.__dict__ or (turned is not None and "columns" in turned.__dict__)

    def filled(self) -> np.ndarray:
        """Return a dense copy (m, n), NaN where an entry is not known: for engines that take one column at a time."""
        full = np.full(self.shape, np.nan if self.missing else 0.0, self.dtype)
        ptr, idx, val = self.by_column()
        full[idx, np.repeat(np.arange(self.shape[1]), np.diff(ptr))] = val
        return full

    def by_column(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pointers, row indices and values of the columns, as kernels take them."""
        c = self.columns
        return np.ascontiguousarray(c.indptr), np.ascontiguousarray(c.indices), np.ascontiguousarray(c.data)


class _OfBase:
    """A matrix that is made of the entries of another, its `base`: shape, type and known rows."""

    base: Any

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return self.base.shape

    @property
    def dtype(self) -> np.dtype:
        """float32 or float64."""
        return self.base.dtype

    def known_rows(self) -> np.ndarray:
        """Known entries of each column, (n,)."""
        return self.base.known_rows()


class Shifted(_OfBase, Sparse):
    """The known entries of `base`, each less the `shift` of its row; made when somebody looks at them.

    Parameters
    ----------
    base : Sparse
        With ``missing=True``.
    shift : ndarray of shape (m,)
        In the precision of `base`.

    Examples
    --------
    >>> import numpy as np
    >>> import scipy.sparse as sp
    >>> from mho.operands import Shifted, Sparse
    >>> stars = Sparse(sp.csc_array(np.array([[5.0, 0.0], [4.0, 3.0]])), missing=True)
    >>> Shifted(stars, np.array([5.0, 3.5])).columns.data.tolist()
    [0.0, 0.5, -0.5]
    """

    missing = True

    def __init__(self, base: Sparse, shift: np.ndarray) -> None:
        self.base, self.shift = base, shift

    @cached_property
    def columns(self) -> sp.csc_array:
        """The entries by columns."""
        ptr, idx, val = self.base.by_column()
        return sp.csc_array((val - self.shift[idx], idx, ptr), shape=self.shape, copy=False)

    @property
    def _stored(self) -> Any:
        return self.columns


class Factored:
    """A matrix (m, n) that is a product of two thin ones, left (m, r) times right (r, n).

    Parameters
    ----------
    left : ndarray of shape (m, r)
        The left factor.
    right : ndarray of shape (r, n)
        In left's precision.
    square : float
        The sum of the squared entries; of the matrix that the product stands for, where it stands for one: errors are
        then close to that matrix's.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.operands import Factored
    >>> Factored(np.ones((3, 1)), np.ones((1, 2)), 6.0).T.shape
    (2, 3)
    """

    missing = False

    def __init__(self, left: np.ndarray, right: np.ndarray, square: float) -> None:
        self.left, self.right, self.square = left, right, square

    @cached_property
    def T(self) -> Factored:
        """The transpose, sharing both arrays."""
        return Factored(self.right.T, self.left.T, self.square)

    @property
    def shape(self) -> tuple[int, int]:
        """(m, n)."""
        return len(self.left), self.right.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """float32 or float64."""
        return self.left.dtype

    def known_rows(self) -> np.ndarray:
        """Known entries of each column, (n,)."""
        return np.full(self.shape[1], self.shape[0])


class Scaled(_OfBase):
    """A matrix (m, n) whose rows and columns are multiplied by numbers of their own, without a copy of its entries.

    Parameters
    ----------
    base : Dense or Sparse of shape (m, n)
        Every entry of it known.
    rows : ndarray of shape (m,)
        In the precision of `base`, as `columns` are.
    columns : ndarray of shape (n,)
        Larger than zero, as `rows` are.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.operands import Dense, Scaled
    >>> B = Scaled(Dense(np.array([[3.0, 0.0], [4.0, 1.0]])), np.array([1.0, 0.5]), np.array([1.0, 2.0]))
    >>> B.square, B.T.shape
    (14.0, (2, 2))
    """

    missing = False

    def __init__(self, base: Matrix, rows: np.ndarray, columns: np.ndarray) -> None:
        self.base, self.rows, self.columns = base, rows, columns

    @cached_property
    def T(self) -> Scaled:
        """The transpose, sharing every array."""
        return Scaled(self.base.T, self.columns, self.rows)

    def parts(self) -> Iterator[tuple[slice, Matrix]]:
        """Some columns at a time, as matrices of their own."""
        m, n = self.shape
        stored = len(self.base.values) if isinstance(self.base, Sparse) else m * n
        step = max(1, n * _PART // max(1, stored))
        for begin in range(0, n, step):
            end = min(begin + step, n)
            yield slice(begin, end), self._made(self.base.column_range(begin, end), self.columns[begin:end])

    def _made(self, part: Matrix, columns: np.ndarray) -> Matrix:
        if isinstance(part, Dense):
            made = part.array * self.rows[:, None]
            made *= columns
            return Dense.from_checked(made)
        ptr, idx, val = part.by_column()
        return part.with_values(val * self.rows[idx] * np.repeat(columns, np.diff(ptr)))

    @cached_property
    def _sums(self) -> tuple[float, float]:
        """The sums of the entries and of their squares, from one pass."""
        stats = [part.stats for _, part in self.parts()]
        return sum(one.total for one in stats), sum(one.square for one in stats)

    @property
    def square(self) -> float:
        """The sum of the squared entries."""
        return self._sums[1]

    @property
    def mean(self) -> float:
        """The mean of the entries."""
        m, n = self.shape
        return self._sums[0] / (m * n)

    @property
    def empty_rows(self) -> np.ndarray:
        """Mask (m,) of the rows that hold nothing but zero."""
        return self.base.empty_rows


Matrix = Dense | Sparse
Operand = Matrix | Factored | Scaled


def index_dtype(largest: int) -> type[np.signedinteger]:
    """Return the narrower of scipy's two types of indices that holds numbers up to `largest`."""
    return np.int32 if largest <= np.iinfo(np.int32).max else np.int64


def as_operand(B: Any, name: str = "B", *, unchecked: bool = False) -> Operand:
    """Return `B`, `name` in errors, as a checked operand; of a dense one asked for `unchecked`, not its entries."""
    if not isinstance(B, Operand):
        B = Sparse(B, name=name) if sp.issparse(B) else Dense.unchecked(B, name)
    if isinstance(B, Dense) and not unchecked:
        B.check()
    return B


def columns_of(B: Matrix, numbers: np.ndarray) -> Matrix:
    """Return some columns of an operand.

    Parameters
    ----------
    B : Dense or Sparse of shape (m, n)
        The operand.
    numbers : ndarray of int of shape (p,)
        Of the columns, in order.
    """
    if len(numbers) == B.shape[1]:
        return B
    if isinstance(B, Sparse):
        return Sparse.from_checked(B.columns[:, numbers], missing=B.missing)
    return Dense.from_checked(B.array[:, numbers])


def as_matrix(B: Any, name: str = "B") -> Matrix:
    """Return `B`, `name` in errors, as an operand with entries of its own, for what cannot work on a product."""
    operand = as_operand(B, name)
    if isinstance(operand, Factored | Scaled):
        raise TypeError(f"{name} must be a dense or sparse matrix here, got a product of two or a scaled one")
    return operand


def _known_entries(dense: np.ndarray) -> sp.csc_array:
    """Stored entries of a dense matrix with NaN; a known zero stays an entry."""
    known = ~np.isnan(dense)
    rows = np.nonzero(known.T)[1]
    pointers = np.concatenate([[0], np.cumsum(known.sum(axis=0))])
    return sp.csc_array((dense.T[known.T], np.ascontiguousarray(rows), pointers), shape=dense.shape)


def _turned(columns: Any) -> sp.csr_array:
    """Entries of a matrix by columns, turned to be by rows."""
    ptr, idx, val = (np.ascontiguousarray(a) for a in (columns.indptr, columns.indices, columns.data))
    to_ptr, to_idx, to_val = np.empty(columns.shape[0] + 1, ptr.dtype), np.empty_like(idx), np.empty_like(val)
    kernels.csc_to_csr(ptr, idx, val, to_ptr, to_idx, to_val, kernels.thread_count())
    return sp.csr_array((to_val, to_idx, to_ptr), shape=columns.shape, copy=False)


def _checked(matrix: Any, name: str, nonnegative: bool) -> tuple[Any, checks.ArrayStats]:
    values, stats = checks.values_with_stats(matrix.data, name, nonnegative=nonnegative)
    kind = sp.csr_array if matrix.format == "csr" else sp.csc_array
    array = kind((values, matrix.indices, matrix.indptr), shape=matrix.shape, copy=False)
    try:
        checks.sparse_format(array)  # scipy trusts indices, and would write wherever they say
    except ValueError as error:
        raise ValueError(f"{name} is not a sparse matrix: {error}") from None
    if not array.has_canonical_format:  # duplicates are summed, as scipy reads them
        array = array.copy()
        array.sum_duplicates()
        stats = checks.array_stats(array.data)
    return array, stats
