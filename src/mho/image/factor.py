"""A whole grey picture factored at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mho import checks
from mho.engines import Engine
from mho.nmf import NMF

__all__ = ["FactoredImage", "factor_image"]


@dataclass(frozen=True, eq=False)
class FactoredImage:
    """A picture X (m, n) ~ W H.

    Attributes
    ----------
    W : ndarray of shape (m, k)
    H : ndarray of shape (k, n)
    history : list of dict
        What `mho.NMF` recorded per iteration.

    Examples
    --------
    >>> import numpy as np
    >>> from mho.image import factor_image
    >>> picture = np.outer(np.linspace(0.1, 1, 16), np.linspace(0.1, 1, 12))
    >>> factored = factor_image(picture, 1)
    >>> factored.W.shape, factored.H.shape
    ((16, 1), (1, 12))
    """

    W: np.ndarray
    H: np.ndarray
    history: list[dict[str, Any]]

    @property
    def reconstruction(self) -> np.ndarray:
        """W H, cut at white, (m, n), grey levels from 0 to 1."""
        return np.minimum(self.W @ self.H, 1)

    @property
    def storage(self) -> float:
        """Numbers in the factors per pixel, k (m + n) / (m n): a count of numbers, not of bytes."""
        (m, k), n = self.W.shape, self.H.shape[1]
        return k * (m + n) / (m * n)


def factor_image(
    image: Any,
    n_components: int,
    *,
    engine: str | Engine = "digital",
    max_iter: int = 200,
    tol: float = 1e-4,
    random_state: int | None = None,
    callback: Callable[[dict[str, Any]], Any] | None = None,
) -> FactoredImage:
    """Factor a grey picture as a whole.

    Parameters
    ----------
    image : array_like of shape (m, n)
        Grey levels from 0 (black) to 1 (white).
    n_components : int
        Rank k, at most min(m, n).
    engine, max_iter, tol, random_state, callback
        As `mho.NMF` takes them.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.
    """
    X = checks.as_matrix(image, "image")
    if X.max() > 1:
        raise ValueError(
            f"image must hold grey levels from 0 to 1, got {float(X.max())!r}; divide it by its white level"
        )
    k = checks.positive_int(n_components, "n_components", limit=min(X.shape), what="the shorter side of the image")
    nmf = NMF(k, engine=engine, max_iter=max_iter, tol=tol, random_state=random_state, callback=callback)
    nmf.fit(X)
    return FactoredImage(nmf.W_, nmf.components_, nmf.history_)
