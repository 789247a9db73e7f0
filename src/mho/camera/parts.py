"""Non-negative parts of an empty scene, learned although people may pass through it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy import ndimage

from mho.caching import cached_property
from mho.camera.grid import Grid
from mho.engines import Digital, Engine, Penalty, Programmed
from mho.operands import Sparse

__all__ = [
    "LOCAL",
    "WHITE",
    "Parts",
    "below_white",
    "code_of",
    "learn_parts",
    "near_white",
    "robust_spread",
    "spread_of",
    "typical_magnitude",
]

WHITE, _HEADROOM = 255.0, 20.0
"""The brightest luma, and how far below it the mean of a cell may be some of whose pixels are white."""

_L2 = 1e-6
_RIDGE = Penalty(l2=_L2)
_ROUNDS, _FEW = 2, 2
"""Factorizations, after one of few parts: brightness and a gradient, too few to hold somebody who stands there."""

LOCAL = 6.0
"""Width of the blur that local brightness is, in cells of 48."""

_OUTLIER = 4.0
"""Spreads beyond which a cell of a learning frame may belong to an intruder."""

_LARGEST = 0.15
"""Share of the picture above which what differs is light, not an intruder."""

_SMALLEST = 3
"""Cells below which what differs is noise."""

_OFTEN_WHITE = 0.5
"""Share of the learning frames from which a white cell is one that belongs to the scene."""

_MOST_WHITE = 0.8
"""Share of white cells from which the others are too few to tell how bright it is."""

_TRIMMED = 3.0
"""Spreads beyond which a cell takes no part in the explanation of its frame; those of the frame, if it deviates as a
whole: somebody close to the camera bends the first explanation everywhere."""

_RESOLVES = 2
_FLOOR = 1.0
"""Least spread that is believed in, in levels of 8-bit luma."""

_OCTAVE = 24.0
_LEVELS = 255
"""Steps of the entries of parts, which a file keeps in 8 bits."""


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of a scene on one plane.

    Attributes
    ----------
    A : ndarray of shape (p, k)
        The parts over the p known cells: float32, whole multiples of 1 / 255, each with a largest entry of 1.
    spread : ndarray of shape (p,)
        Root mean square of what the parts leave of a frame of the empty scene at its mean brightness.
    level : float
        Mean of the explained scene while learning.
    engine : Engine
        Who finds the codes.
    """

    A: np.ndarray
    spread: np.ndarray
    level: float
    engine: Engine

    def explain(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Explain frames by the parts; what does not fit them takes no part in the explanation.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Known cells of the frames.

        Returns
        -------
        codes : ndarray of shape (n, k)
        fitted : ndarray of shape (n, p)
            The scene without what it cannot explain.
        residual : ndarray of shape (n, p)
            What it cannot explain, in spreads, at the mean brightness of the scene while learning.
        """
        codes = self._without_white(X)
        for _ in range(_RESOLVES):
            fitted, residual, near = self._residual(X, codes)
            magnitude = np.abs(residual, out=residual)
            limit = _TRIMMED * np.maximum(1, 1.4826 * typical_magnitude(magnitude))
            np.copyto(fitted, X, where=(magnitude < limit) & (near == 0))
            codes = self._solve(fitted)
        return codes, *self._residual(X, codes)[:2]

    @cached_property
    def _programmed(self) -> Programmed:
        return self.engine.program(self.A, penalty=_RIDGE)

    def _solve(self, X: np.ndarray) -> np.ndarray:
        return self._programmed.solve(X.T).T

    def _without_white(self, X: np.ndarray) -> np.ndarray:
        """Return the codes (n, k) without white cells, which do not tell how bright it is."""
        known = X <= WHITE - _HEADROOM
        share = known.mean(1)
        some = (share < 1) & (share > 1 - _MOST_WHITE)
        if not some.any():
            return self._solve(X)
        codes = np.empty((len(X), self.A.shape[1]), np.float32)
        codes[some] = self._programmed.solve(_only(X[some], known[some])).T
        if not some.all():
            codes[~some] = self._solve(X[~some])
        return codes

    def _residual(self, X: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the mixtures of parts, their residuals in spreads, and how near to white each mixture is."""
        fitted = codes.astype(np.float32, copy=False) @ self.A.T
        near = near_white(fitted)
        scale = np.maximum(fitted.mean(1, keepdims=True) / self.level, 1e-3) * self.spread
        scale += near
        residual = X - (np.minimum(fitted, WHITE) if near.any() else fitted)
        residual /= scale
        return fitted, residual, near


def _only(X: np.ndarray, known: np.ndarray) -> Sparse:
    """Return the known entries of frames (n, p) as right-hand sides."""
    n, p = X.shape
    cells = np.broadcast_to(np.arange(p, dtype=np.int32), X.shape)[known]
    pointers = np.concatenate([[0], np.cumsum(known.sum(1))]).astype(np.int32)
    return Sparse.from_checked(sp.csc_array((X[known], cells, pointers), shape=(p, n)), missing=True)


def typical_magnitude(magnitude: np.ndarray) -> np.ndarray:
    """Return the median (n, 1) of a third of the cells of each frame (n, p)."""
    some = magnitude[:, ::3]
    return np.partition(some, some.shape[1] // 2, axis=1)[:, some.shape[1] // 2, None]


def below_white(X: np.ndarray) -> np.ndarray:
    """Return the mask of the cells without a white pixel."""
    return X < WHITE - _HEADROOM


def near_white(fitted: np.ndarray) -> np.ndarray:
    """Return by how much cells may be darker than the scene because some of their pixels are white already."""
    if fitted.max(initial=0.0) <= WHITE - _HEADROOM:
        return np.zeros(1, fitted.dtype)
    return np.clip(fitted - (WHITE - _HEADROOM), 0, _HEADROOM)


def robust_spread(values: np.ndarray, axis: int = 0) -> np.ndarray:
    """Return the standard deviation that the median of the magnitudes tells of."""
    return 1.4826 * np.median(np.abs(values), axis)


def learn_parts(
    X: np.ndarray, grid: Grid, k: int, *, engine: Engine, seed: int, left_out: np.ndarray | None = None
) -> tuple[Parts, np.ndarray]:
    """Factorize frames of a scene into k parts.

    Blobs of limited size that do not reach from edge to edge, and differ from the scene, are left out as intruders.
    Shadows and lamps that come and go stay in.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        The known cells of each frame.
    grid : Grid
        Where they are.
    k : int
        Parts.
    engine : Engine
        For the codes of later frames.
    seed : int
        For the start.
    left_out : ndarray of shape (n, p), optional
        Cells that are known to be an intruder's.

    Returns
    -------
    parts : Parts
    known : ndarray of shape (n, p)
        Cells that were learned from, bool: neither white nor an intruder's.
    """
    usable = below_white(X)
    usable[:, usable.mean(0) < _OFTEN_WHITE] = True
    if left_out is not None:
        usable &= ~left_out
    known = usable & ~_obvious(X, usable, grid, seed)
    known[~known.any(1)] = True
    A = np.empty((X.shape[1], 0), np.float32)
    for _ in range(_ROUNDS):
        A = _factorized(X, known, k, seed)
        residual = np.where(usable, X - _codes(A, X) @ A.T, 0)
        known = usable & ~_intruders(residual, grid)
        known[~known.any(1)] = True
    return _described(A, X, known, engine), known


def _described(A: np.ndarray, X: np.ndarray, known: np.ndarray, engine: Engine) -> Parts:
    """Return the parts A (p, k) with the spread and the brightness of the frames that they were learned from."""
    fitted = _codes(A, np.where(known, X, _codes(A, X) @ A.T)) @ A.T
    gain = np.maximum(fitted.mean(1, keepdims=True) / fitted.mean(), 1e-3)
    left = np.where(known, (X - fitted) / gain, 0)
    spread = np.sqrt((left**2).sum(0) / np.maximum(known.sum(0), 1)) + _FLOOR
    return Parts(A, spread_of(code_of(spread)), float(fitted.mean()), engine)


def _obvious(X: np.ndarray, known: np.ndarray, grid: Grid, seed: int) -> np.ndarray:
    """Return a mask (n, p) of who stands out twice: of a fit by few parts, and of the usual frame over its own blur."""
    A = _factorized(X, known, _FEW, seed)
    pictures = np.zeros((len(X), *grid.shape), np.float32)
    pictures[:, grid.known] = X
    flat = X * (X.mean() / (grid.blur(pictures, LOCAL)[:, grid.known] + 1))
    unexplained = _intruders(np.where(known, X - _codes(A, X) @ A.T, 0), grid)
    return unexplained & _intruders(np.where(known, flat, np.median(flat, 0)), grid)


def code_of(spread: np.ndarray) -> np.ndarray:
    """Return spreads as a file keeps them: uint8, 24 steps an octave from the least one that is believed in."""
    return np.clip(np.rint(_OCTAVE * np.log2(spread / _FLOOR)), 0, 255).astype(np.uint8)


def spread_of(code: np.ndarray) -> np.ndarray:
    """Return the spreads, float32, of `code_of`."""
    return (_FLOOR * 2.0 ** (code / _OCTAVE)).astype(np.float32)


def _factorized(X: np.ndarray, known: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Return the parts (p, k) of what is known of X."""
    from sklearn.exceptions import ConvergenceWarning  # a camera at work has no need of its hundred megabytes

    from mho.nmf import NMF

    whole = bool(known.all())
    model = NMF(k, random_state=seed, max_iter=100, missing=None if whole else "nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # parts need not be the best ones
        H = model.fit(X if whole else np.where(known, X, np.nan)).components_
    H = H / np.maximum(H.max(1, keepdims=True), 1e-12)
    return np.ascontiguousarray(np.rint(_LEVELS * H.T).astype(np.float32) / np.float32(_LEVELS))


def _codes(A: np.ndarray, X: np.ndarray) -> np.ndarray:
    return Digital().program(A, penalty=_RIDGE).solve(np.ascontiguousarray(X.T)).T


def _intruders(residual: np.ndarray, grid: Grid) -> np.ndarray:
    """Return a mask (n, p) of the cells of learning frames that belong to an intruder."""
    centred = residual - np.median(residual, 0)
    far = np.zeros((len(residual), *grid.shape), bool)
    far[:, grid.known] = np.abs(centred) > _OUTLIER * (robust_spread(centred) + _FLOOR)
    return np.array([_blobs(picture, grid.known.sum()) for picture in far])[:, grid.known]


def _blobs(far: np.ndarray, cells: int) -> np.ndarray:
    """Return the cells of connected areas that are of an intruder's size and do not span the picture.

    Areas one cell apart are connected: texture breaks the edge of a shadow into pieces.
    """
    if not far.any():
        return far
    joined, _ = ndimage.label(ndimage.binary_dilation(far))  # pyright: ignore[reportGeneralTypeIssues]
    labels = np.where(far, joined, 0).astype(int)
    sizes = np.bincount(labels.ravel())
    keep = (sizes >= _SMALLEST) & (sizes <= _LARGEST * cells)
    keep[0] = False
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        if box is not None:
            keep[number] &= not any(s.stop - s.start == size for s, size in zip(box, far.shape, strict=True))
    return keep[labels]
