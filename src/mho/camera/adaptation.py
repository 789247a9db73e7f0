"""Slow change of a scene, another season or another lamp: one more part now and then, of what is seen at calm times."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np

from mho.camera.parts import Parts
from mho.camera.scene import Scene, Seen, local_plane

__all__ = ["Adaptation"]

_MOST_PARTS = 6
"""Parts that are added to those that were learned; then the oldest goes."""

_LEAST_BATCHES = 5
_REMEMBERED = 1800
"""Batches, of one or two seconds, whose median score is that of a usual time."""

_UNLIKE = 0.5
"""Root mean square deviation, in spreads, of the mean of calm frames from the scene, from which a part is worth it."""


@dataclass(eq=False)
class Adaptation:
    """Mean of calm frames, and the scene with that as a part once it is unlike what the parts explain.

    Parameters
    ----------
    scene : Scene
        As it was learned.
    seconds : float
        Time between two new parts at least; infinite: none.
    """

    scene: Scene
    seconds: float
    added: int = 0
    _scores: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    _total: np.ndarray | float = 0.0
    _batches: int = 0
    _since: float | None = None

    def look(self, X: np.ndarray, seen: Seen, now: float, *, open: bool) -> Scene | None:
        """Take in a batch of frames (n, p); return the scene with a new part, if it is time for one.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Known cells, settled objects taken out.
        seen : Seen
            Of X.
        now : float
            Seconds of the stream's clock.
        open : bool
            Whether something stands there that is not settled: nothing is learned then.
        """
        self._since = now if self._since is None else self._since
        score = float(np.median(seen.score))
        calm = not open and len(self._scores) > 0 and score <= float(np.median(self._scores))
        self._scores.append(score)
        if calm:
            self._total, self._batches = self._total + X.mean(axis=0), self._batches + 1
        if open or self._batches < _LEAST_BATCHES or now - self._since < self.seconds:
            return None
        mean = np.asarray(self._total / self._batches, np.float32)[None]
        self._total, self._batches, self._since = 0.0, 0, now
        _, fitted, residual = self.scene.luma.explain(mean)
        if np.sqrt((residual**2).mean()) < _UNLIKE:
            return None
        return self._with_part(mean, fitted, residual)

    def _with_part(self, mean: np.ndarray, fitted: np.ndarray, residual: np.ndarray) -> Scene:
        scene = self.scene
        flat = local_plane(mean, fitted, np.zeros_like(residual), scene.grid, scene.brightness)  # all of it is scene
        drop = self.added >= _MOST_PARTS
        learned = scene.luma.A.shape[1] - self.added, scene.local.A.shape[1] - self.added
        luma = _extended(scene.luma, mean[0], learned[0] if drop else None)
        local = _extended(scene.local, flat[0], learned[1] if drop else None)
        self.added += not drop
        typical = luma.explain(mean)[0][0].astype(np.float32)
        self.scene = replace(scene, luma=luma, local=local, typical=typical)
        return self.scene


def _extended(parts: Parts, part: np.ndarray, dropped: int | None) -> Parts:
    """Return parts with one more, in whole multiples of 1 / 255, and without the one at a place."""
    whole = np.rint(255 * part / max(float(part.max()), 1e-12)).astype(np.float32) / np.float32(255)
    kept = parts.A if dropped is None else np.delete(parts.A, dropped, axis=1)
    return replace(parts, A=np.ascontiguousarray(np.column_stack([kept, whole])))
