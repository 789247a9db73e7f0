"""Number of components by entries held out beside the agreement of many starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.engines.solve import as_known
from mho.nmf.estimator import NMF
from mho.nmf.selection import HELD_OUT, Selection, select_components, values_of
from mho.nmf.settings import old_generator
from mho.nmf.stability import survey
from mho.operands import Dense, Matrix, Sparse

__all__ = ["select"]


def select(
    X: Any,
    components: Iterable[int] | None = None,
    *,
    loss: str | float = "frobenius",
    missing: str | None = None,
    masks: int = 3,
    held_out: float = HELD_OUT,
    starts: int = 0,
    shuffled: bool = False,
    max_iter: int = 200,
    random_state: Any = None,
    **settings: Any,
) -> Selection:
    """Compare numbers of components by how well each predicts entries that it was not shown.

    A tenth of the entries, here and there over all of X, is taken to be missing; the rest is factorized, and those
    predicted; three times over. The best number is the one of the least mean error. Under a divergence a prediction is
    the best mixture of the factors and of what the means of its row and column say. Noise that was clipped at zero has
    a mean of its own, which takes a component of its own.

    Parameters
    ----------
    X : array_like or scipy sparse of shape (m, n)
        Non-negative.
    components : iterable of int, optional
        Numbers to try; without them a search from 1 on that ends where the error has risen for good.
    loss : str or float
        As for `mho.NMF`.
    missing : {None, "nan", "unstored"}
        As for `mho.NMF`.
    masks : int
        Sets of entries to hold out. A search takes more than these, until the best number is two standard errors ahead
        of its neighbours or every entry was held out; but not where 1 is asked for.
    held_out : float
        Share of the entries in each.
    starts : int
        Starts for each number whose agreement is measured too: consensus matrix, cophenetic correlation, dispersion,
        silhouette; 0 for none.
    shuffled : bool
        Measure them on X with every row shuffled too: what agreement structure adds is what is above that.
    max_iter : int
        Iterations of each fit.
    random_state : int, RandomState, Generator or None
        For masks and starts.
    **settings
        Further settings of `mho.NMF`.

    Returns
    -------
    Selection

    Raises
    ------
    ValueError, TypeError
        An argument is not what it must be.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> rng = np.random.default_rng(0)
    >>> X = rng.gamma(0.5, size=(60, 3)) @ rng.gamma(0.5, size=(3, 50)) * rng.gamma(100, 0.01, size=(60, 50))
    >>> mho.select(X, range(1, 6), random_state=0).best
    3
    """
    model = NMF(loss=loss, missing=missing, max_iter=max_iter, random_state=random_state, **settings)
    known = as_known(X, missing, "X", nonnegative=True)
    found = select_components(known, model, components, masks=masks, held_out=held_out)
    if not checks.nonnegative_int(starts, "starts"):
        return found
    kept = survey(known, found.components, model, starts)
    control = survey(_shuffled(known, model), found.components, model, starts) if shuffled else {}
    return replace(found, stability=kept, shuffled=control)


def _shuffled(X: Matrix, model: Any) -> Matrix:
    """Every row's entries in random order: sums and spread are kept, structure is not."""
    rng = np.random.default_rng(old_generator(model.random_state).randint(2**31))
    values = rng.permuted(values_of(X), axis=1)
    if isinstance(X, Sparse):
        if X.missing:
            return Sparse(values, missing=True)
        return Sparse(sp.csr_array(values))
    return Dense(values)
