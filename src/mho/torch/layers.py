"""Layers: parts in a sample by learned non-negative components, solved digitally or on a chip."""

# pyright: reportMissingImports=false
from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch

from mho import checks
from mho.chip import Chip, ChipDesign
from mho.engines import Analog, Penalty, Programmed
from mho.nmf import NMF
from mho.torch.functional import nnls, nnls_programmed

__all__ = ["AnalogLayer", "NMFLayer"]


class NMFLayer(torch.nn.Module):
    """Amounts of learned parts in each sample: w >= 0 that minimises |x - w H|^2 / 2 and the penalty.

    Parameters
    ----------
    in_features : int
        Entries of a sample.
    n_components : int
        Number k of parts.
    l2, l1 : float
        Ridge and price of the sum of w, >= 0.
    device, dtype
        As of torch's layers.

    Attributes
    ----------
    weight : Parameter of shape (k, in_features)
        Of any sign; its magnitude is H.

    Examples
    --------
    >>> import torch
    >>> from mho.torch import NMFLayer
    >>> layer = NMFLayer(8, 3)
    >>> layer(torch.rand(5, 8)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        in_features: int,
        n_components: int,
        *,
        l2: float = 0.0,
        l1: float = 0.0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in_features = checks.positive_int(in_features, "in_features")
        self.n_components = checks.positive_int(n_components, "n_components")
        self.l2, self.l1 = checks.nonnegative_number(l2, "l2"), checks.nonnegative_number(l1, "l1")
        self.weight = torch.nn.Parameter(torch.empty(n_components, in_features, device=device, dtype=dtype))
        self.reset_parameters()

    @classmethod
    def of(cls, model: NMF, **settings: Any) -> Self:
        """Return a layer that begins with the components of a fitted model; `settings` are the layer's own."""
        if not hasattr(model, "components_"):
            raise ValueError("model must have been fitted: call its fit first")
        H = torch.from_numpy(model.components_.copy())
        layer = cls(H.shape[1], len(H), **{"dtype": H.dtype, **settings})
        with torch.no_grad():
            layer.weight.copy_(H)
        return layer

    def reset_parameters(self) -> None:
        """Draw the weights anew, evenly from 0 to 1."""
        torch.nn.init.uniform_(self.weight, 0, 1)

    @property
    def components(self) -> torch.Tensor:
        """Return H (k, in_features), the magnitude of the weights."""
        return self.weight.abs()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return w (..., k) for samples (..., in_features)."""
        w = self._solve(self.components.T, _samples(x, self.in_features).T).T
        return w.reshape(*x.shape[:-1], self.n_components)

    def reconstruct(self, w: torch.Tensor) -> torch.Tensor:
        """Return w H (..., in_features) for amounts (..., k)."""
        return w @ self.components

    def extra_repr(self) -> str:
        """Return the settings that torch prints between the brackets."""
        return f"in_features={self.in_features}, n_components={self.n_components}, l2={self.l2}, l1={self.l1}"

    def _solve(self, A: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
        return nnls(A, B, l2=self.l2, l1=self.l1)


class AnalogLayer(NMFLayer):
    """The layer of `NMFLayer` on a simulated chip, whose answers are taken as they are.

    The gradient is the digital one at the chip's answer: straight through the errors of cells and converters. The chip
    is written when the weights have changed, and its ledger counts that.

    Parameters
    ----------
    in_features, n_components
        As for `NMFLayer`.
    chip : Chip, ChipDesign or str
        A chip, or what to make one of.
    seed : int, Generator or None
        For a chip that is made here.
    **settings
        Those of `NMFLayer`.

    Attributes
    ----------
    engine : Analog
        The chip behind the layer.

    Examples
    --------
    >>> import torch
    >>> from mho.torch import AnalogLayer
    >>> layer = AnalogLayer(8, 3, chip="ideal")
    >>> amounts = layer(torch.rand(5, 8))
    >>> layer.engine.ledger().solves
    5.0
    """

    def __init__(
        self,
        in_features: int,
        n_components: int,
        *,
        chip: Chip | ChipDesign | str = "pku-2025",
        seed: Any = None,
        **settings: Any,
    ) -> None:
        super().__init__(in_features, n_components, **settings)
        self.engine = Analog(chip, seed=seed)
        self._written: tuple[np.ndarray, Programmed] | None = None

    @property
    def penalty(self) -> Penalty:
        """Return the penalty that the chip is written with."""
        return Penalty(l2=self.l2, l1=self.l1)

    def extra_repr(self) -> str:
        """Return the settings that torch prints between the brackets."""
        return f"{super().extra_repr()}, chip={self.engine.chip.design.name!r}"

    def _solve(self, A: torch.Tensor, B: torch.Tensor) -> torch.Tensor:
        return nnls_programmed(A, B, self._programmed(A), self.penalty)

    def _programmed(self, A: torch.Tensor) -> Programmed:
        """Return the chip as it is written, or written anew where the weights are others, whatever changed them."""
        weights = A.detach().cpu().numpy()
        if self._written is None or not np.array_equal(self._written[0], weights):
            self._written = weights.copy(), self.engine.program(weights, penalty=self.penalty)
        return self._written[1]


def _samples(x: torch.Tensor, features: int) -> torch.Tensor:
    """Return samples (n, features), those of any leading dimensions."""
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"x must be a tensor of torch's, got {type(x).__name__}")
    if x.ndim < 1 or x.shape[-1] != features:
        raise ValueError(f"x must have {features} features in its last dimension, got shape {tuple(x.shape)}")
    return x.reshape(-1, features)
