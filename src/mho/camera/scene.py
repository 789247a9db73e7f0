"""Scene model: what an empty scene may look like, on two planes, and the score of what it cannot explain."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from mho.caching import cached_property
from mho.camera.grid import Grid
from mho.camera.parts import LOCAL, Parts, below_white, learn_parts, near_white, typical_magnitude
from mho.engines import Engine
from mho.kernels.blas import one_blas_thread

__all__ = ["PARTS", "Scene", "Seen", "learn_scene", "texture"]

PARTS = 10
"""Components of each plane if nobody says otherwise."""

_TEXTURE = 2.0
_USUAL = 3.0
"""Spreads within which a cell belongs to the scene."""

_SHARE = 0.007
"""Share of the picture that a score is the mean of: a person who is far away."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Frames as a scene explains them.

    Attributes
    ----------
    score : ndarray of shape (n,)
        Mean of the largest deviations, over `Scene.usual`: about 1 where nothing happens.
    deviation : ndarray of shape (n, p)
        Spreads by which each known cell differs from the scene, on both planes, over those of the whole frame.
    residual : ndarray of shape (n, p)
        Signed deviation of the luma, not over that of the frame.
    codes : ndarray of shape (n, k)
        Of the luma.
    fitted : ndarray of shape (n, p)
        Luma of the empty scene under the light of the frame.
    """

    score: np.ndarray
    deviation: np.ndarray
    residual: np.ndarray
    codes: np.ndarray
    fitted: np.ndarray


@dataclass(frozen=True, eq=False)
class Scene:
    """An empty scene.

    Attributes
    ----------
    grid : Grid
    luma, local : Parts
        Of the luma, and of the luma over its own blur.
    brightness : float
        Mean luma while learning.
    noise : tuple of float
        Median magnitude of the deviations of learning frames, on both planes.
    usual : float
        Median score of learning frames before it is divided by.
    typical : ndarray of shape (k,)
        Codes of the luma in the middle of the learning time.
    """

    grid: Grid
    luma: Parts
    local: Parts
    brightness: float
    noise: tuple[float, float] = (1.0, 1.0)
    usual: float = 1.0
    typical: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    @cached_property
    def detail(self) -> np.ndarray:
        """The texture (p,) of the scene under usual light."""
        return texture((self.luma.A @ self.typical)[None], self.grid)[0]

    def see(self, X: np.ndarray) -> Seen:
        """Explain and score frames X (n, p) of the known cells."""
        with one_blas_thread():  # products so small are slower among several
            codes, fitted, residual = self.luma.explain(X)
            flat = local_plane(X, fitted, residual, self.grid, self.brightness)
            planes = residual, self.local.explain(flat)[2]
        deviation = np.minimum(*(_over_frame(z, noise) for z, noise in zip(planes, self.noise, strict=True)))
        return Seen(self.top(deviation) / self.usual, deviation, residual, codes, fitted)

    def top(self, deviation: np.ndarray, cells: np.ndarray | None = None) -> np.ndarray:
        """Return the mean (n,) of the largest deviations, of all or of some cells."""
        chosen = deviation if cells is None else deviation[:, cells]
        count = min(max(1, round(_SHARE * self.grid.shape[0] * self.grid.shape[1])), chosen.shape[1])
        return np.partition(chosen, -count, axis=1)[:, -count:].mean(1) if count else np.zeros(len(chosen), np.float32)


def learn_scene(X: np.ndarray, grid: Grid, *, engine: Engine, seed: int, parts: int = PARTS) -> Scene:
    """Learn what the scene looks like when it is empty.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        The known cells of frames, some of which may have people in them.
    grid : Grid
        Where they are.
    engine : Engine
        For the codes of later frames.
    seed : int
        For the start of the factorizations.
    parts : int
        Components of each plane.
    """
    luma, seen = learn_parts(X, grid, parts, engine=engine, seed=seed)
    brightness = float(X.mean())
    codes, fitted, residual = luma.explain(X)
    flat = local_plane(X, fitted, residual, grid, brightness)
    intruders = ~seen & below_white(X)  # without the light, two parts of this plane would explain them
    local, seen_flat = learn_parts(flat, grid, parts, engine=engine, seed=seed, left_out=intruders)
    noise = float(np.median(np.abs(residual))), float(np.median(np.abs(local.explain(flat)[2])))
    scene = Scene(grid, luma, local, brightness, noise, 1.0, np.median(codes, 0).astype(np.float32))
    empty = np.where(seen & seen_flat, scene.see(X).deviation, 0)  # intruders are not usual, however many there were
    return replace(scene, usual=float(np.median(scene.top(empty))))


def local_plane(X: np.ndarray, fitted: np.ndarray, residual: np.ndarray, grid: Grid, brightness: float) -> np.ndarray:
    """Return frames over their local brightness, at the mean brightness; neither white nor intruders falsify it.

    Parameters
    ----------
    X, fitted, residual : ndarray of shape (n, p)
        Frames, and as the parts of their luma explain them.
    grid : Grid
        Where the cells are.
    brightness : float
        Mean luma of the result.
    """
    usual = np.abs(residual) < _USUAL
    unclipped = np.where(usual & (near_white(fitted) > 0), fitted, X)
    pictures = np.zeros((len(X), *grid.shape), np.float32)
    pictures[:, grid.known] = np.where(usual, unclipped, fitted)
    return unclipped * (brightness / (grid.blur(pictures, LOCAL)[:, grid.known] + 1))


def texture(X: np.ndarray, grid: Grid) -> np.ndarray:
    """Return cells (n, p) over their blur, less 1."""
    pictures = np.zeros((len(X), *grid.shape), np.float32)
    pictures[:, grid.known] = X
    return X / (grid.blur(pictures, _TEXTURE)[:, grid.known] + 1) - 1


def _over_frame(residual: np.ndarray, noise: float) -> np.ndarray:
    """Return magnitudes over how much more than usual the whole frame deviates: dim light is noisy everywhere."""
    magnitude = np.abs(residual)
    return magnitude / np.maximum(1, typical_magnitude(magnitude) / noise)
