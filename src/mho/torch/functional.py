"""Non-negative least squares with gradients, by implicit differentiation on the active set."""

# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any

import numpy as np
import torch

from mho import checks
from mho.engines import Digital, Engine, Penalty, Programmed, engine_for
from mho.engines import nnls as nnls_of_arrays
from mho.engines.tensor_nnls import pivot, solve_restricted
from mho.engines.tensor_products import as_tensor

__all__ = ["nnls", "nnls_programmed"]

_TAKEN = (torch.float32, torch.float64)


def nnls(
    A: torch.Tensor, B: torch.Tensor, *, engine: str | Engine = "digital", l2: float = 0.0, l1: float = 0.0
) -> torch.Tensor:
    """Minimise |A x - b|^2 / 2 + l2 |x|^2 / 2 + l1 sum(x) over x >= 0 for each column b of B, with gradients.

    Parameters
    ----------
    A : Tensor of shape (..., m, k)
        float32 or float64; of any sign with the digital engine.
    B : Tensor of shape (..., m, n) or, beside an A of two dimensions, (m,)
        Right-hand sides in A's precision, on its device. Leading dimensions are broadcast.
    engine : {"digital", "analog", "hybrid", "refined", "torch"} or Engine
        Who solves. Behind any other than the digital one the gradient is the digital one at its answer: straight
        through the errors of a chip. Such engines take one A, on any device; the answer is computed on this CPU.
    l2, l1 : float
        Ridge and price of the sum, >= 0.

    Returns
    -------
    Tensor of shape (..., k, n) or (k,)
        On the device and in the precision of A.

    Raises
    ------
    TypeError, ValueError
        An argument is no such tensor, or A and B differ in precision, device or number of rows.

    Notes
    -----
    Where x > 0 the solution solves A_P' (A_P x_P - b) + l2 x_P + l1 = 0, which is differentiated; an entry at zero
    stays there. Where an entry is zero and its slope too, the solution has one derivative on each side, and the one of
    the side that stays at zero is taken. Of dependent columns those are taken that the solution uses, by the
    pseudoinverse if they are dependent too. There are no second derivatives.

    One A on the CPU is solved by the kernels; several, or those on another device, by block principal pivoting there
    (Kim-2011), in float64 where the device has it.

    Examples
    --------
    >>> import torch
    >>> import mho.torch
    >>> A = torch.tensor([[1.0, 0.0], [1.0, 1.0]], dtype=torch.float64)
    >>> b = torch.tensor([2.0, 1.0], dtype=torch.float64, requires_grad=True)
    >>> x = mho.torch.nnls(A, b)
    >>> x.sum().backward()
    >>> [round(entry, 6) for entry in (*x.tolist(), *b.grad.tolist())]
    [1.5, 0.0, 0.5, 0.5]
    """
    l2, l1 = checks.nonnegative_number(l2, "l2"), checks.nonnegative_number(l1, "l1")
    _check(A, B)
    if B.ndim == 1:
        return nnls(A, B[:, None], engine=engine, l2=l2, l1=l1)[:, 0]
    if A.ndim == 2 and B.ndim > 2:  # one A: all right-hand sides side by side
        X = nnls(A, B.movedim(-2, 0).flatten(1), engine=engine, l2=l2, l1=l1)
        return X.unflatten(1, (*B.shape[:-2], B.shape[-1])).movedim(0, -2)
    solver = engine_for(engine)
    if A.ndim > 2:
        if solver != Digital():
            raise ValueError(f"A must have two dimensions with engine={engine!r}, got shape {tuple(A.shape)}")
        stack = torch.broadcast_shapes(A.shape[:-2], B.shape[:-2])
        A, B = A.expand(*stack, -1, -1), B.expand(*stack, -1, -1)
    programmed = None if solver == Digital() else solver.exact().program(_as_array(A), penalty=Penalty(l2=l2, l1=l1))
    return _Solve.apply(A, B, l2, l1, programmed)


def nnls_programmed(A: torch.Tensor, B: torch.Tensor, programmed: Programmed, penalty: Penalty) -> torch.Tensor:
    """Return the answers (k, n) of an engine that has been programmed with A, with the gradient of `nnls` at them.

    Parameters
    ----------
    A : Tensor of shape (m, k)
        What the engine was programmed with.
    B : Tensor of shape (m, n)
        Right-hand sides.
    programmed : Programmed
        Who solves.
    penalty : Penalty
        What it was programmed with; one number for l2, and no prior.
    """
    _check(A, B)
    return _Solve.apply(A, B, float(penalty.l2), penalty.l1, programmed)


class _Solve(torch.autograd.Function):
    """Answers of a solver forward; backward the derivative of the equations of what is not zero."""

    @staticmethod
    def forward(ctx: Any, A: Any, B: Any, l2: float, l1: float, programmed: Programmed | None) -> torch.Tensor:
        A_, B_ = A.detach(), B.detach()
        if programmed is not None:
            X = as_tensor(programmed.solve(_as_array(B_)), A.device)
        elif A.ndim == 2 and A.device.type == "cpu":
            X = as_tensor(nnls_of_arrays(_as_array(A_), _as_array(B_), l2=l2, l1=l1), A.device)
        else:
            X = _pivoted(A_, B_, l2, l1)
        ctx.save_for_backward(A, B, X)
        ctx.l2 = l2
        return X

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        A, B, X = ctx.saved_tensors
        U = _adjoint(A, X, gradient, ctx.l2)
        of_A = of_B = None
        if ctx.needs_input_grad[0]:  # of the residual, and of the factor in front of it
            of_A = (B - A @ X) @ U.mT - (A @ U) @ X.mT
        if ctx.needs_input_grad[1]:
            of_B = A @ U
        return of_A, of_B, None, None, None


def _adjoint(A: torch.Tensor, X: torch.Tensor, gradient: torch.Tensor, l2: float) -> torch.Tensor:
    """U (..., k, n): (A_P'A_P + l2) u_P = g_P for the entries P of each answer that are not zero, zero elsewhere."""
    work = _precision(A)
    factor, k = A.to(work), A.shape[-1]
    M = factor.mT @ factor + l2 * torch.eye(k, dtype=work, device=A.device)
    wanted = gradient.to(work).mT.reshape(-1, k)
    free = (X > 0).mT.reshape(-1, k)
    own = M if A.ndim == 2 else M.reshape(-1, k, k).repeat_interleave(X.shape[-1], 0)
    U, failed = solve_restricted(own, wanted, free)
    if failed.any():
        mask = free[failed].to(work)
        held = (M if A.ndim == 2 else own[failed]) * mask[:, :, None] * mask[:, None, :]
        U[failed] = (torch.linalg.pinv(held, hermitian=True) @ (wanted[failed] * mask)[:, :, None])[:, :, 0]
    return U.reshape(*X.shape[:-2], X.shape[-1], k).mT.to(A.dtype)


def _pivoted(A: torch.Tensor, B: torch.Tensor, l2: float, l1: float) -> torch.Tensor:
    """Answers (..., k, n) on A's device."""
    for name, tensor in (("A", A), ("B", B)):
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{name} contains NaN or an infinite entry; every entry must be finite")
    work, k, n = _precision(A), A.shape[-1], B.shape[-1]
    factor = A.to(work)
    M = factor.mT @ factor + l2 * torch.eye(k, dtype=work, device=A.device)
    Q = factor.mT @ B.to(work) - l1
    if A.ndim == 2:
        return pivot(M, Q).to(A.dtype)
    X = pivot(M.reshape(-1, k, k).repeat_interleave(n, 0), Q.mT.reshape(-1, k).T)
    return X.T.reshape(*Q.shape[:-2], n, k).mT.contiguous().to(A.dtype)


def _precision(A: torch.Tensor) -> torch.dtype:
    return torch.float32 if A.device.type == "mps" else torch.float64


def _as_array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _check(A: Any, B: Any) -> None:
    for name, value in (("A", A), ("B", B)):
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"{name} must be a tensor of torch's, got {type(value).__name__}; mho.nnls takes arrays")
        if value.layout != torch.strided or value.dtype not in _TAKEN:
            raise TypeError(f"{name} must be a dense tensor of float32 or float64, got {value.dtype}, {value.layout}")
    if A.dtype != B.dtype:
        raise TypeError(f"B must be {A.dtype} as A is, got {B.dtype}; use B.to(A.dtype)")
    if A.device != B.device:
        raise ValueError(f"B must be on {A.device} as A is, got {B.device}; use B.to(A.device)")
    if A.ndim < 2 or B.ndim < 1 or (B.ndim == 1 and A.ndim != 2) or 0 in A.shape or 0 in B.shape:
        raise ValueError(
            f"A and B must have shapes (..., m, k) and (..., m, n), got {tuple(A.shape)} and {tuple(B.shape)}"
        )
    if B.shape[-2 if B.ndim > 1 else 0] != A.shape[-2]:
        raise ValueError(f"B must have {A.shape[-2]} rows, as many as A, got shape {tuple(B.shape)}")
