"""Settings of the estimator, read and checked: losses by name or number, penalties by either convention, seeds."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from mho import checks
from mho.engines import Penalty
from mho.nmf.divergence import LOSSES
from mho.nmf.revival import REVIVALS, dead_components
from mho.operands import Matrix

__all__ = ["loss_name", "old_generator", "penalties_of", "warn_of_dead", "warn_of_unfinished"]

_OTHERS = ("huber", "negative-binomial")
_BY_BETA = {2.0: "frobenius", 1.0: "kullback-leibler", 0.0: "itakura-saito"}

_EXACT = 1e-4
"""Relative error below which nothing is left for another component to explain."""


def loss_name(loss: Any) -> str:
    """Return the name of a loss given by name or as beta; "beta" where it has none."""
    if isinstance(loss, Real) and not isinstance(loss, bool):
        return _BY_BETA.get(checks.finite_number(loss, "loss"), "beta")
    return checks.one_of(loss, "loss", ("frobenius", *LOSSES, *_OTHERS))


def old_generator(random_state: Any) -> np.random.RandomState:
    """Return scikit-learn's kind of generator, seeded by a Generator where one is given."""
    if isinstance(random_state, np.random.Generator):
        return np.random.RandomState(random_state.integers(2**31))
    return check_random_state(random_state)


def penalties_of(model: Any, shape: tuple[int, int], *, fitting: bool = False) -> tuple[Penalty, Penalty]:
    """Return the penalties of W and of H for an X of this shape.

    Parameters
    ----------
    model : NMF
        Whose settings count.
    shape : tuple of int
        Rows and columns of X, by which scikit-learn's penalties are multiplied.
    fitting : bool
        Whether both factors move, so that a price on one alone would change nothing but their scale.
    """
    names = ("l2_W", "l2_H", "l1_W", "l1_H")
    l2_W, l2_H, l1_W, l1_H = (checks.nonnegative_number(getattr(model, name), name) for name in names)
    checks.one_of(model.l2_per, "l2_per", ("row", "known"))
    alpha_W = checks.nonnegative_number(model.alpha_W, "alpha_W")
    alpha_H = alpha_W if model.alpha_H == "same" else checks.nonnegative_number(model.alpha_H, "alpha_H")
    share = checks.nonnegative_number(model.l1_ratio, "l1_ratio")
    if share > 1:
        raise ValueError(f"l1_ratio must be from 0 to 1, got {share}")
    if alpha_W or alpha_H:
        if l2_W or l2_H or l1_W or l1_H:
            raise ValueError("alpha_W and alpha_H set the penalties that l1_W, l1_H, l2_W and l2_H set: give one kind")
        m, n = shape
        l2_W, l1_W, l2_H, l1_H = (
            alpha_W * (1 - share) * n,
            alpha_W * share * n,
            alpha_H * (1 - share) * m,
            alpha_H * share * m,
        )
    elif fitting:
        _refuse_lonely_price(l1_W, l2_W, l1_H, l2_H)
    name = "l2" if model.l2_per == "row" or alpha_W or alpha_H else "l2_known"
    return Penalty(**{name: l2_W}, l1=l1_W), Penalty(**{name: l2_H}, l1=l1_H)


def _refuse_lonely_price(l1_W: float, l2_W: float, l1_H: float, l2_H: float) -> None:
    for this, other, price, held in (("W", "H", l1_W, l1_H or l2_H), ("H", "W", l1_H, l1_W or l2_W)):
        if price and not held:
            raise ValueError(
                f"l1_{this} without a penalty on {other} does nothing but scale: {other} grows as {this} shrinks; "
                f"give l1_{other} or l2_{other} too"
            )


def warn_of_dead(model: Any, X: Matrix) -> None:
    """Warn of components that explain nothing although something is left to explain, and nothing asked for it."""
    dead = dead_components(model.W_, model.components_)
    k = len(model.components_)
    penalised = any((model.l1_W, model.l1_H, model.alpha_W, model.l2_W, model.l2_H)) or model.alpha_H not in ("same", 0)
    if not len(dead) or penalised or k > min(X.shape) or model.components is not None or model.n_iter_ < REVIVALS[0]:
        return
    if model.history_[-1]["error"] > _EXACT and X.square > 0:
        checks.warn(f"{len(dead)} of {k} components are zero; another random_state, init or fewer may fit as well")


def warn_of_unfinished(max_iter: int) -> None:
    """Warn that the iterations ended before the error did, in scikit-learn's words."""
    message = f"Maximum number of iterations {max_iter} reached. Increase it to improve convergence."
    checks.warn(message, ConvergenceWarning)
