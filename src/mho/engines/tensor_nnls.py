"""Non-negative least squares of many right-hand sides at once, as tensors on any device.

Problems are given by their normal equations: minimise x'Mx/2 - q'x over x >= 0, for each column q of Q (k, n), with one
M (k, k) for all of them or one for each, (n, k, k).
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import torch

from mho import kernels
from mho.engines.tensor_products import ranges

__all__ = ["pivot", "solve_restricted", "sweep"]

_FULL_EXCHANGES = 3
"""Exchanges of all that is infeasible which may fail to lower its number before one entry is exchanged alone."""

_MOST_EXCHANGES = 8
"""Exchanges for each unknown, after which a problem is given up."""

_NUMBERS = 1 << 20
"""Numbers of the matrices of a batch that are factorized together."""


def sweep(M: torch.Tensor, Q: torch.Tensor, X: torch.Tensor, sweeps: int) -> None:
    """Make some coordinate sweeps on X (k, n) in place; an unknown without curvature becomes zero.

    Parameters
    ----------
    M : Tensor of shape (k, k) or (n, k, k)
        Of all problems, or of each.
    Q : Tensor of shape (k, n)
        Linear terms.
    X : Tensor of shape (k, n)
        The start, and then the answer.
    sweeps : int
        How many.
    """
    curvature = M.diagonal(dim1=-2, dim2=-1)
    curvature = curvature.T if M.ndim == 3 else curvature[:, None]
    inverse = torch.where(curvature > 0, 1 / curvature, 0)
    X.masked_fill_(curvature <= 0, 0)
    for _ in range(sweeps):
        for j in range(len(Q)):
            step = Q[j] - (M[j] @ X if M.ndim == 2 else (M[:, j] * X.T).sum(1))
            torch.clamp_min(X[j] + step * inverse[j], 0, out=X[j])


def pivot(M: torch.Tensor, Q: torch.Tensor) -> torch.Tensor:
    """Return the solutions (k, n) by block principal pivoting (Kim-2011); what does not end is solved on the CPU.

    Parameters
    ----------
    M : Tensor of shape (k, k) or (n, k, k)
        Positive semidefinite.
    Q : Tensor of shape (k, n)
        Linear terms.

    Raises
    ------
    FloatingPointError
        Some of them could not be solved.
    """
    X = torch.empty_like(Q)
    for begin, end in ranges(Q.shape[1], _NUMBERS // len(Q) ** 2):
        own = M if M.ndim == 2 else M[begin:end]
        X[:, begin:end] = _pivoted(own, Q[:, begin:end].T.contiguous()).T
    return X


def _pivoted(M: torch.Tensor, Q: torch.Tensor) -> torch.Tensor:
    """Solutions (n, k) for Q (n, k)."""
    n, k = Q.shape
    free = torch.zeros(Q.shape, dtype=torch.bool, device=Q.device)
    X, Y = torch.zeros_like(Q), -Q
    least = Q.new_full((n,), k + 1)
    patience = torch.full_like(least, _FULL_EXCHANGES)
    tolerance = 8 * k * torch.finfo(Q.dtype).eps * Q.abs().amax(1, keepdim=True)
    broken = torch.zeros(n, dtype=torch.bool, device=Q.device)
    for _ in range(_MOST_EXCHANGES * (k + 1)):
        wrong = torch.where(free, X < 0, tolerance + Y < 0)
        count = wrong.sum(1)
        open_ = torch.nonzero((count > 0) & ~broken)[:, 0]
        if not len(open_):
            break
        free[open_] ^= _exchanged(wrong[open_], count[open_], open_, least, patience)
        some = M if M.ndim == 2 else M[open_]
        X[open_], failed = solve_restricted(some, Q[open_], free[open_])
        Y[open_] = _products(some, X[open_]) - Q[open_]
        broken[open_] = failed
    else:
        broken |= torch.where(free, X < 0, tolerance + Y < 0).any(1)
    if broken.any():
        X[broken] = _solved_on_cpu(M if M.ndim == 2 else M[broken], Q[broken])
    return X.clamp_min_(0)


def _exchanged(
    wrong: torch.Tensor, count: torch.Tensor, rows: torch.Tensor, least: torch.Tensor, patience: torch.Tensor
) -> torch.Tensor:
    """Return the entries (p, k) to exchange, and note in `least` and `patience` (n,) how the problems get on."""
    better = count < least[rows]
    left = torch.where(better, _FULL_EXCHANGES, patience[rows] - 1)
    least[rows] = torch.minimum(least[rows], count.to(least.dtype))
    patience[rows] = left.to(patience.dtype)
    k = wrong.shape[1]
    last = (wrong * torch.arange(1, k + 1, device=wrong.device)).argmax(1)
    alone = torch.nn.functional.one_hot(last, k).bool()
    return torch.where((left >= 0)[:, None], wrong, alone)


def solve_restricted(M: torch.Tensor, Q: torch.Tensor, free: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the solutions (n, k) of M x = q on the free unknowns, zero on the others, and which failed (n,).

    Parameters
    ----------
    M : Tensor of shape (k, k) or (n, k, k)
        Of all problems, or of each.
    Q : Tensor of shape (n, k)
        Right-hand sides.
    free : Tensor of bool of shape (n, k)
        Unknowns that may differ from zero.
    """
    X = torch.zeros_like(Q)
    failed = torch.zeros(len(Q), dtype=torch.bool, device=Q.device)
    for begin, end in ranges(len(Q), _NUMBERS // Q.shape[1] ** 2):
        mask = free[begin:end].to(Q.dtype)
        held = (M if M.ndim == 2 else M[begin:end]) * mask[:, :, None] * mask[:, None, :]
        diagonal = held.diagonal(dim1=-2, dim2=-1)
        scale = torch.where(diagonal > 0, diagonal.clamp_min(0), 1).rsqrt()  # unit diagonal: pivots tell dependence
        held = held * scale[:, :, None] * scale[:, None, :]
        held.diagonal(dim1=-2, dim2=-1).copy_(torch.ones_like(diagonal))
        factor, info = torch.linalg.cholesky_ex(held)
        pivots = factor.diagonal(dim1=-2, dim2=-1).square().amin(1)
        failed[begin:end] = (info > 0) | ~(pivots > 8 * Q.shape[1] * torch.finfo(Q.dtype).eps)
        inner = torch.cholesky_solve((Q[begin:end] * mask * scale)[:, :, None], factor)[:, :, 0]
        X[begin:end] = inner * scale * mask + 0.0  # no negative zeros
    return X, failed


def _products(M: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
    return X @ M if M.ndim == 2 else (M @ X[:, :, None])[:, :, 0]


def _solved_on_cpu(M: torch.Tensor, Q: torch.Tensor) -> torch.Tensor:
    """Solutions (n, k) where columns are dependent: pivoting leaves those, Lawson and Hanson's steps end there too."""
    import numpy as np

    host, wanted = M.double().cpu().numpy(), Q.double().cpu().numpy()
    answer, failed = np.zeros(wanted.shape), np.zeros(len(wanted), np.uint8)
    groups = [(host, slice(None))] if M.ndim == 2 else [(own, slice(i, i + 1)) for i, own in enumerate(host)]
    for own, part in groups:
        out = (answer[part], failed[part], kernels.thread_count())
        kernels.lcp(np.ascontiguousarray(own), None, wanted[part], kernels.DEGENERATE, *out)
    if failed.any():
        raise FloatingPointError(f"NNLS did not converge for {int(failed.sum())} of {len(failed)} right-hand sides")
    return torch.from_numpy(answer).to(Q)
