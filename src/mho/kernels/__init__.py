"""Kernels in C++: arrays in, arrays out, no classes, no options, no logging.

Every kernel works on right-hand sides independently, so no result depends on the number of threads. A sparse matrix
B (m, n) arrives by columns, as the three arrays of ``scipy.sparse.csc_array``. `_core.pyi` gives shapes.

=====================  ===============================================================================================
``gram``               A'A
``array_stats``        minimum, maximum, sum and sum of squares of an array, in one pass
``sweep_rows``         coordinate descent on |Ax - b| over x >= 0, right-hand sides by rows of a dense matrix
``sweep_columns``      the same by columns of a dense matrix
``sweep_sparse``       the same by columns of a sparse matrix whose zeros are data
``masked_sweep``       the same by columns of a sparse matrix of which only the stored entries are known
``weighted_sweep``     the same with a weight for each of them
``sweep``              the same with the cross products at hand
``products_of_rows``   cross products alone; ``products_of_columns``, and ``cross`` for sparse B
``lcp``                x >= 0, w = Mx - q >= 0, x'w = 0, for each row q of Q and one M (k, k)
``one``                non-negative least squares for one right-hand side and a matrix of any sign
``masked_lcp``         the same with an M and a q of each column's own, summed over the rows present in it
``weighted_lcp``       the same for a symmetric M, with a weight for each row present
``nearest_columns``    the columns of a sparse matrix that are nearest to each by cosine
``gram_of_nearest``    X'X among them; ``gram_of_own_rows`` over the rows alone that the column itself is stored in
``descend_own``        coordinate descent to rest with a Gram matrix for each right-hand side
``divergence_dense``   Newton steps on D(b, Ax) over x >= 0, Kullback-Leibler or Itakura-Saito, for a dense matrix
``divergence_sparse``  the same by columns of a sparse matrix
``sddmm``              A[i] . X[j] at the stored entries (i, j) of a sparse matrix
``csc_to_csr``         a sparse matrix given by columns, put in order by rows
``mix_alike``          noise of pictures taken away by non-negative mixtures in groups of like patches
``motion.follow``      dz/dt = F z + f until a signal passes zero; ``motion.between`` the states it gives
``pictures``           ``decode_picture``: pixels of a picture's codes; ``encode_tile`` chooses and writes them
``isa``                the instruction set in use
=====================  ===============================================================================================
"""

import os
import threading

from mho.kernels._core import (
    array_stats,
    cross,
    csc_to_csr,
    descend_own,
    divergence_dense,
    divergence_sparse,
    gram,
    gram_of_nearest,
    gram_of_own_rows,
    isa,
    lcp,
    masked_lcp,
    masked_sweep,
    mix_alike,
    nearest_columns,
    one,
    products_of_columns,
    products_of_rows,
    sddmm,
    sweep,
    sweep_columns,
    sweep_rows,
    sweep_sparse,
    weighted_lcp,
    weighted_sweep,
)

__all__ = [
    "DEGENERATE",
    "GENERAL",
    "SYMMETRIC",
    "array_stats",
    "cross",
    "csc_to_csr",
    "descend_own",
    "divergence_dense",
    "divergence_sparse",
    "gram",
    "gram_of_nearest",
    "gram_of_own_rows",
    "isa",
    "lcp",
    "masked_lcp",
    "masked_sweep",
    "mix_alike",
    "nearest_columns",
    "one",
    "products_of_columns",
    "products_of_rows",
    "sddmm",
    "single_threaded",
    "sweep",
    "sweep_columns",
    "sweep_rows",
    "sweep_sparse",
    "thread_count",
    "weighted_lcp",
    "weighted_sweep",
]

SYMMETRIC, GENERAL, DEGENERATE = 0, 1, 2
"""How `lcp` may treat M: symmetric positive definite; any; symmetric and singular."""


_this = threading.local()


def single_threaded() -> None:
    """Have every kernel that the calling thread calls from now on use that thread alone: it is one of a team."""
    _this.alone = True


def thread_count() -> int:
    """Threads a kernel uses: ``MHO_NUM_THREADS`` if set, else the processors this process may run on."""
    if getattr(_this, "alone", False):
        return 1
    wanted = os.environ.get("MHO_NUM_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
