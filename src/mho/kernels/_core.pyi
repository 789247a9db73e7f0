"""The compiled kernels; every array is C-contiguous and of the exact type, nothing is converted.

float is float32 or float64, the same throughout a call; index is int32 or int64. Right-hand sides number n, unknowns
k, rows of the factor m. `answer` is read as the start and overwritten. `fit` (n,) receives 2 c'x - x'Gx, how much of
|b|^2 an answer x explains.
"""

from collections.abc import Sequence

import numpy as np

def isa() -> str: ...
def gram(A: np.ndarray, G: np.ndarray, threads: int) -> None:
    """G (k, k) = A'A for A (m, k), whose columns or rows are contiguous."""

def array_stats(x: np.ndarray, out: np.ndarray, threads: int) -> None:
    """Out (4,): the least and the largest entry of x that are numbers, the sum and the sum of squares of all."""

def sweep(G: np.ndarray, C: np.ndarray, answer: np.ndarray, sweeps: int, threads: int) -> None:
    """Sweep with the cross products C (n, k) at hand; answer (n, k)."""

def sweep_rows(
    X: np.ndarray,
    A: np.ndarray,
    G: np.ndarray,
    offset: np.ndarray,
    answer: np.ndarray,
    sweeps: int,
    fit: np.ndarray,
    threads: int,
) -> None:
    """Right-hand sides are the rows of X (n, m); A (k, m), answer (k, n)."""

def sweep_columns(
    X: np.ndarray,
    A: np.ndarray,
    G: np.ndarray,
    offset: np.ndarray,
    answer: np.ndarray,
    sweeps: int,
    fit: np.ndarray,
    threads: int,
) -> None:
    """Right-hand sides are the columns of X (m, n); A (k, m), answer (k, n)."""

def sweep_sparse(
    A: np.ndarray,
    ptr: np.ndarray,
    idx: np.ndarray,
    val: np.ndarray,
    G: np.ndarray,
    offset: np.ndarray,
    answer: np.ndarray,
    sweeps: int,
    fit: np.ndarray,
    threads: int,
) -> None:
    """Right-hand sides are the columns of a sparse matrix; A (m, k), answer (n, k)."""

def masked_sweep(
    A: np.ndarray,
    shift: np.ndarray | None,
    ptr: np.ndarray,
    idx: np.ndarray,
    val: np.ndarray,
    ridge: np.ndarray,
    answer: np.ndarray,
    sweeps: int,
    fit: np.ndarray,
    threads: int,
) -> None:
    """Only stored entries are known, those of row i less shift[i] (m,); A (m, k), answer (n, k).

    ridge (4, k): l2, l2 for each known entry, and what each of them adds to the cross product. `fit` is (n, 2) here:
    |b|^2, and what the answer leaves of it.
    """

def weighted_sweep(
    A: np.ndarray,
    ptr: np.ndarray,
    idx: np.ndarray,
    val: np.ndarray,
    weight: np.ndarray,
    ridge: np.ndarray,
    answer: np.ndarray,
    sweeps: int,
    fit: np.ndarray,
    threads: int,
) -> None:
    """`masked_sweep` without shift, with a weight >= 0 (entries,) for each known entry, which counts that often."""

def divergence_dense(
    X: np.ndarray,
    A: np.ndarray,
    price: np.ndarray,
    loss: int,
    answer: np.ndarray,
    steps: int,
    sweeps: int,
    fit: np.ndarray,
    threads: int,
) -> None:
    """Right-hand sides are the columns of X (m, n), in any order; A (k, m), answer (k, n).

    loss: 0 Kullback-Leibler, 1 Itakura-Saito. price (2, k): what is added to the slope, and to its derivative.
    `steps` Newton steps, `sweeps` coordinate sweeps in each; none leaves the answer as it is. `fit` (n,) receives the
    divergence, infinite where the answer is zero and X is not.
    """

def divergence_sparse(
    A: np.ndarray,
    ptr: np.ndarray,
    idx: np.ndarray,
    val: np.ndarray,
    price: np.ndarray,
    loss: int,
    answer: np.ndarray,
    steps: int,
    sweeps: int,
    fit: np.ndarray,
    threads: int,
) -> None:
    """Right-hand sides are the columns of a sparse matrix, only its stored entries known; A (m, k), answer (n, k).

    loss 2: Kullback-Leibler with zeros where nothing is stored. price (5, k): the column sums of A for loss 2, else
    zero; what is added to the slope, and to its derivative; what is added to these two for each stored entry.
    """

def products_of_rows(X: np.ndarray, A: np.ndarray, C: np.ndarray, threads: int) -> float:
    """C (n, k) = X A' for X (n, m), A (k, m).

    Return the largest magnitude in X; NaN if an entry of C is not finite, as some are where X holds one that is not.
    """

def products_of_columns(X: np.ndarray, A: np.ndarray, C: np.ndarray, threads: int) -> float:
    """C (n, k) = X'A for X (m, n), A (m, k); return what `products_of_rows` does."""

def cross(A: np.ndarray, ptr: np.ndarray, idx: np.ndarray, val: np.ndarray, out: np.ndarray, threads: int) -> None:
    """Out (n, k) = B'A for sparse B, A (m, k)."""

def sddmm(A: np.ndarray, X: np.ndarray, ptr: np.ndarray, idx: np.ndarray, out: np.ndarray, threads: int) -> None:
    """Out (entries,) = A[i] . X[j] at the stored entries (i, j); A (m, k), X (n, k)."""

def csc_to_csr(
    ptr: np.ndarray,
    idx: np.ndarray,
    val: np.ndarray,
    to_ptr: np.ndarray,
    to_idx: np.ndarray,
    to_val: np.ndarray,
    threads: int,
) -> None:
    """A matrix (m, n) by columns, written by rows: to_ptr (m + 1,), to_idx and to_val (entries,)."""

def lcp(
    M: np.ndarray,
    inverse: np.ndarray | None,
    Q: np.ndarray,
    method: int,
    answer: np.ndarray,
    failed: np.ndarray,
    threads: int,
) -> None:
    """Solve x >= 0, w = Mx - q >= 0, x'w = 0 for the rows q of Q (n, k), in float64; answer (n, k), failed (n,) uint8.

    The support of the answer on entry is the first guess, unless M's inverse is given for a better one.
    """

def one(A: np.ndarray, b: np.ndarray, l2: float, l1: float, answer: np.ndarray) -> float:
    """Minimise |A x - b|^2 / 2 + l2 |x|^2 / 2 + l1 sum(x) over x >= 0, in float64; answer (k,), overwritten.

    A (m, k) in any order and of any sign, b (m,). Returns |A x - b|; -1 if a number is none or has no square, a column
    is zero, or the columns are too alike for normal equations.
    """

def masked_lcp(
    left: np.ndarray,
    right: np.ndarray | None,
    extra: np.ndarray | None,
    base: np.ndarray,
    ridge: np.ndarray,
    ptr: np.ndarray,
    idx: np.ndarray,
    val: np.ndarray,
    answer: np.ndarray,
    failed: np.ndarray,
    threads: int,
) -> None:
    """Solve with each column's own M and q, over its n known rows i, in float64.

    M = base + n diag(ridge[0]) + sum_i (left_i right_i' + diag(extra_i))
    q = ridge[1] + n ridge[2] + sum_i val_i left_i
    Without `right` it is `left`, and M is symmetric. left, right, extra (m, k), base (k, k), ridge (3, k).
    """

def weighted_lcp(
    A: np.ndarray,
    base: np.ndarray,
    ridge: np.ndarray,
    ptr: np.ndarray,
    idx: np.ndarray,
    val: np.ndarray,
    weight: np.ndarray,
    answer: np.ndarray,
    failed: np.ndarray,
    threads: int,
) -> None:
    """`masked_lcp` for left = right = A (m, k) without extra, each known row counting as often as its weight says."""

def nearest_columns(
    ptr: np.ndarray,
    idx: np.ndarray,
    val: np.ndarray,
    row_ptr: np.ndarray,
    row_idx: np.ndarray,
    row_val: np.ndarray,
    inverse: np.ndarray,
    targets: np.ndarray,
    nearest: np.ndarray,
    products: np.ndarray,
    threads: int,
) -> None:
    """Of X (m, n), float32 by columns and by rows, the columns nearest to each target (t,) int32 by cosine.

    nearest (t, cap) int32, ascending, -1 where there are no more of a positive product; products (t, cap) with those.
    inverse (n,): 1 / |x| of each column, 0 of one that is zero.
    """

def gram_of_nearest(
    ptr: np.ndarray,
    idx: np.ndarray,
    val: np.ndarray,
    row_ptr: np.ndarray,
    row_idx: np.ndarray,
    row_val: np.ndarray,
    rows: np.ndarray,
    slot_ptr: np.ndarray,
    slot: np.ndarray,
    nearest: np.ndarray,
    G: np.ndarray,
    threads: int,
) -> None:
    """G (t, cap, cap): X'X among the columns of each row of nearest (t, cap), zero where that is -1.

    The row of X'X of rows[r] int32 goes to the places slot[slot_ptr[r] : slot_ptr[r + 1]] int64 of nearest, flat.
    """

def gram_of_own_rows(
    ptr: np.ndarray,
    idx: np.ndarray,
    val: np.ndarray,
    row_ptr: np.ndarray,
    row_idx: np.ndarray,
    row_val: np.ndarray,
    targets: np.ndarray,
    nearest: np.ndarray,
    products: np.ndarray,
    G: np.ndarray,
    threads: int,
) -> None:
    """G (t, cap, cap) and products (t, cap) of the nearest with each target, over the rows that it is stored in."""

def descend_own(
    G: np.ndarray,
    products: np.ndarray,
    nearest: np.ndarray,
    l2: float,
    relative: float,
    answer: np.ndarray,
    failed: np.ndarray,
    threads: int,
) -> None:
    """Minimise x'(G + D)x / 2 - c'x over x >= 0 for each G (t, cap, cap) and c of products (t, cap), in float32.

    D is diagonal: l2, and `relative` times what G has there. The first unknowns alone, as many as nearest (t, cap) has
    columns; answer (t, cap), failed (t,) uint8.
    """

def mix_alike(
    noisy: np.ndarray,
    estimate: np.ndarray,
    levels: np.ndarray,
    step: int,
    radius: int,
    members: int,
    ridge: float,
    other_ridge: float,
    first: bool,
    sums: np.ndarray,
    counts: np.ndarray,
    threads: int,
) -> None:
    """Mix each group of like 8 x 8 patches of noisy (channels, m, n) float32, noise of variance 1; h >= 0, sum h = 1.

    Groups of `members` (at most 32) begin every `step` pixels and are found by levels (m, n) int16, differences below
    4096, within `radius`. They mix the patches of noisy if `first`, else those of estimate; the ridge of the first
    channel, and that of others, are in shares of the noise. Mixtures are added to sums, their number to counts (m, n).
    """

def follow_scratch(n: int, q: int) -> int:
    """Numbers of memory that `follow` needs."""

def follow(
    F: np.ndarray,
    f: np.ndarray,
    z: np.ndarray,
    B: np.ndarray,
    c: np.ndarray,
    longest: float,
    scale: float,
    tolerance: float,
    end: np.ndarray,
    crossed: np.ndarray,
    scratch: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Follow dz/dt = F z + f from z (n,) on until one of the signals B z + c, B (q, n), is above zero, in float64.

    Returns times (p,) since then, states (p, 3, n) (z, dz/dt and its derivative), and how it ended, see
    `mho.kernels.motion`. What lies `between` them is within `tolerance` of the largest |z| so far, `scale` before.
    `end` (n,) receives the last z, `crossed` (q,) uint8 which signals passed zero.
    """

def between(times: np.ndarray, states: np.ndarray, wanted: np.ndarray, out: np.ndarray) -> None:
    """Out (t, n) at `wanted` (t,), quintic polynomials between states (p, 3, n) at times (p,), all ascending."""

def decode_picture(
    version: int,
    payload: np.ndarray,
    models: Sequence[np.ndarray],
    levels: np.ndarray,
    scale: np.ndarray,
    halved: bool,
    strong: bool,
    steps: Sequence[int],
    in_use: Sequence[int],
    out: np.ndarray,
    threads: int,
) -> bool:
    """Decode codes (n,) uint8 of a `.mho` picture into pixels out (m, n) or (m, n, 3) uint8; False if damaged.

    `models` are those of luma and chroma, `mho.image.codec.model.Model.packed`; levels (64, 64) of pixels by atoms and
    scale (64,), float64; `strong` smooths edges more; steps are of luma and chroma, in sixteenths; in_use (3,) counts
    the atoms of version 1.
    """

def encode_tile(
    exact: Sequence[np.ndarray],
    in_use: Sequence[int],
    models: Sequence[np.ndarray],
    lam: float,
    gradients: Sequence[np.ndarray] | None,
    code: Sequence[np.ndarray],
    dc: Sequence[np.ndarray],
    context: Sequence[np.ndarray],
    learnt: Sequence[np.ndarray],
) -> tuple[int, bytes]:
    """Choose and write codes (64, rows, columns) float32 of 1 or 3 planes, in steps; the bytes, and how many are words.

    Into code (rows columns, 64) int16, dc (rows, columns) int32, context (64, rows, columns) int8 and learnt (28, 31)
    int64 of each plane go the codes, their contexts and the counts at the end, if the lists are not empty.
    """

def encode_pixels(pixels: np.ndarray, bits: int, palette: bool) -> bytes:
    """Write pixels (m, n) or (m, n, 3) uint8 without loss, or indices (m, n) of so many bits into a palette."""

def decode_pixels(data: np.ndarray, bits: int, palette: bool, out: np.ndarray) -> bool:
    """Read what `encode_pixels` wrote from data (n,) uint8 into out; False if it is damaged."""
