"""The torch engine: the digital engine's iterations on the device that torch works on."""

# pyright: reportMissingImports=false
from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mho import checks
from mho.engines.engine import NO_PENALTY, Engine, Penalty, Programmed, as_factor, check_rhs
from mho.operands import Operand, Sparse
from mho.penalty import as_penalty

if TYPE_CHECKING:
    import torch

    from mho.engines.tensor_products import Columns

__all__ = ["Torch"]

_PRODUCTS = ("full", "bfloat16")


@dataclass(frozen=True, kw_only=True)
class Torch(Engine):
    """Non-negative least squares on a device of torch's: a GPU where it sees one, else this CPU.

    Attributes
    ----------
    device : str
        A name of torch's, as "cuda:1"; "auto" takes "cuda", then "mps", then "cpu".
    sweeps : int or None
        As for `mho.engines.Digital`: None solves exactly, a number makes that many coordinate sweeps.
    products : {"full", "bfloat16"}
        Precision that factors and a dense matrix are multiplied in by sweeps. Products of bfloat16 have errors near 1 %
        of an entry, and are much faster on some GPUs alone.

    Raises
    ------
    ImportError
        torch is not installed.
    ValueError
        It does not see the device.

    Notes
    -----
    Right-hand sides are copied to a device once and stay there while their operand lives; factors go there and back at
    each half-step. Exact solutions are found in float64, in float32 on devices without it.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.engines import Torch
    >>> A = np.array([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> Torch().program(A).solve(np.array([[4.0, -4.0], [3.0, 3.0], [5.0, 1.0]])).round(6)
    array([[2., 0.],
           [3., 2.]])
    """

    device: str = "auto"
    sweeps: int | None = None
    products: str = "full"

    def __post_init__(self) -> None:
        if self.sweeps is not None:
            checks.positive_int(self.sweeps, "sweeps")
        checks.one_of(self.products, "products", _PRODUCTS)
        object.__setattr__(self, "device", str(_device(self.device)))

    def program(self, A: Any, *, penalty: Penalty = NO_PENALTY) -> Programmed:
        """See `Engine.program`; A is copied to the device."""
        return TorchFactor(as_factor(A), as_penalty(penalty), self)

    def extrapolates(self) -> bool:
        """See `Engine.extrapolates`: a solution has no error."""
        return self.sweeps is None

    def exact(self) -> Torch:
        """Return the engine that solves to rest."""
        return replace(self, sweeps=None)

    def swept(self, sweeps: int) -> Torch | None:
        """See `Engine.swept`."""
        return replace(self, sweeps=sweeps) if self.sweeps is None else None


class TorchFactor(Programmed):
    """A on a device with its Gram matrix, in the precision of the work."""

    def __init__(self, A: np.ndarray, penalty: Penalty, engine: Torch) -> None:
        import torch

        from mho.engines.tensor_products import as_tensor

        self.host, self.penalty, self.engine = A, penalty, engine
        self.device = torch.device(engine.device)
        self.dtype = torch.float64 if A.dtype == np.float64 or engine.sweeps is None else torch.float32
        if self.dtype == torch.float64 and self.device.type == "mps":
            self.dtype = torch.float32
        self.A = as_tensor(A, self.device).to(self.dtype)
        self.ridge = torch.from_numpy(penalty.ridge(A.shape[1])).to(self.device, self.dtype)
        self.G = self.A.T @ self.A
        self._last: tuple[Operand, np.ndarray, np.ndarray] | None = None

    def solve(self, B: Any, *, start: np.ndarray | None = None) -> np.ndarray:
        """See `Programmed.solve`."""
        from mho.engines.tensor_products import as_tensor, columns_of, ranges

        B = check_rhs(B, self.host.shape, start)
        columns, (k, n) = columns_of(B, self.device), (self.host.shape[1], B.shape[1])
        X = np.empty((k, n), self.host.dtype)
        fit = np.empty((n, 2))
        for begin, end in ranges(n, self._step(B.missing)):
            guess = self.A.new_zeros(k, end - begin)
            if start is not None and self.engine.sweeps is not None:
                guess.copy_(as_tensor(start[:, begin:end], self.device))
            found = self._solve(columns, begin, end, guess, B.missing, fit)
            X[:, begin:end] = found.cpu().numpy()
        self._last = (B, X, fit)
        return X

    def _step(self, missing: bool) -> int:
        """Columns that are solved together: what a cache or a GPU's processors hold."""
        k, numbers = self.host.shape[1], 1 << (20 if self.device.type == "cpu" else 25)
        return max(1, 4 * numbers // k**2 if missing else numbers // k)

    def _solve(
        self, columns: Columns, begin: int, end: int, X: torch.Tensor, missing: bool, fit: np.ndarray
    ) -> torch.Tensor:
        """Answers (k, end - begin) to some columns from the guess X, and into `fit` how well they fit."""
        from mho.engines import tensor_nnls

        M, Q = (self._own_equations if missing else self._equations)(columns, begin, end)
        if self.engine.sweeps is None:
            X = tensor_nnls.pivot(M, Q)
        else:
            tensor_nnls.sweep(M, Q, X, self.engine.sweeps)
        product = M @ X if M.ndim == 2 else (M @ X.T[:, :, None])[:, :, 0].T
        explained = ((2 * Q - product).double() * X.double()).sum(0).cpu().numpy()
        if missing:
            fit[begin:end, 0] = columns.squares(begin, end).cpu().numpy()
            fit[begin:end, 1] = fit[begin:end, 0] - explained
        else:
            fit[begin:end, 1] = explained
        return X

    def _equations(self, columns: Columns, begin: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return M (k, k) and Q (k, end - begin) of some columns, penalty included."""
        import torch

        short = self.engine.products == "bfloat16" and self.engine.sweeps is not None and columns.dense
        factor = self.A.to(torch.bfloat16) if short else self.A
        l2, l2_known, pull, pull_known = self.ridge
        m = columns.shape[0]
        Q = columns.cross(factor, begin, end).to(self.dtype) + (pull + m * pull_known)[:, None]
        return self.G + torch.diag(l2 + m * l2_known), Q

    def _own_equations(self, columns: Columns, begin: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return M (end - begin, k, k) and Q (k, end - begin) of columns of which some entries are not known."""
        import torch

        pattern, k = columns.pattern(begin, end, self.dtype), self.A.shape[1]
        M = self.A.new_empty(end - begin, k, k)
        for j in range(k):
            M[:, j] = pattern @ (self.A * self.A[:, j : j + 1])
        l2, l2_known, pull, pull_known = self.ridge
        known = columns.known(begin, end).to(self.dtype)
        M += torch.diag_embed(l2 + known[:, None] * l2_known)
        return M, columns.cross(self.A, begin, end) + pull[:, None] + pull_known[:, None] * known

    def squared_error(self, B: Any, X: np.ndarray) -> float:
        """See `Programmed.squared_error`; no pass over B for the answer that was given last."""
        B = check_rhs(B, self.host.shape, X)
        if self._last is None or self._last[0] is not B or self._last[1] is not X:
            return self._measured(B, X)
        fit = self._last[2]
        square, left = fit.sum(axis=0) if B.missing else (B.square, B.square - fit[:, 1].sum())
        error = float(left) + self.penalty.objective_offset(B, X)
        trusted = error > 1e4 * np.finfo(self.host.dtype).eps * square
        return error if trusted else self._measured(B, X)

    def _measured(self, B: Operand, X: np.ndarray) -> float:
        """|A X - B|^2 by a pass over the known entries of B."""
        from mho.engines.tensor_products import as_tensor, columns_of, ranges

        columns, k = columns_of(B, self.device), self.A.shape[1]
        rows = 1 + (len(B.values) * k // B.shape[1] if isinstance(B, Sparse) else B.shape[0])
        total = 0.0
        for begin, end in ranges(B.shape[1], (self._step(False) * k) // rows):
            answers = as_tensor(X[:, begin:end], self.device).to(self.dtype)
            total += columns.squared_error(self.A, answers, begin, end)
        return total


def _device(name: str) -> torch.device:
    """Return a device that torch sees."""
    torch = _torch()
    if not isinstance(name, str):
        raise TypeError(f"device must be the name of one of torch's devices, got {name!r}")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
        return torch.device(name)
    except (AssertionError, NotImplementedError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"device must be one that torch sees, as 'cpu', got {name!r}: {reason}") from None


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        raise ImportError("engine='torch' needs PyTorch: pip install 'mho[torch]'") from None
    return torch
