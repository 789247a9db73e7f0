"""Results of the demonstrations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mho.chip import ChipDesign
from mho.cost import Estimate, estimate
from mho.engines import Engine

__all__ = ["PhotoResults", "RatingResults", "Results", "Run"]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One factorization on one engine.

    Attributes
    ----------
    engine : {"digital", "analog", "hybrid"}
    score : float
        The photograph: PSNR, dB. The ratings: held-out RMSE, stars.
    curve : tuple of float
        After each iteration; the photograph: relative error |X - W H| / |X|. The ratings: held-out RMSE, stars.
    digital_seconds : float
        Wall time here of the iterations in digital arithmetic, s.
    simulation_seconds : float
        Wall time here of simulating the chip, s.
    chip : Estimate or None
        Modelled time and energy of the chip, where there is one.
    """

    engine: str
    score: float
    curve: tuple[float, ...]
    digital_seconds: float
    simulation_seconds: float
    chip: Estimate | None

    @classmethod
    def of(
        cls,
        name: str,
        engine: Engine,
        history: list[dict[str, Any]],
        curve: tuple[float, ...],
        *,
        score: float,
    ) -> Run:
        """Sum up what an estimator recorded while `engine`, fresh before, solved for it."""
        times = np.diff([record["seconds"] for record in history], prepend=0.0)
        digital = np.array([record["engine"] == "digital" for record in history])
        ledger = engine.ledger()
        return cls(
            engine=name,
            score=score,
            curve=curve,
            digital_seconds=float(times[digital].sum()),
            simulation_seconds=float(times[~digital].sum()),
            chip=None if ledger is None else estimate(ledger),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoResults:
    """A photograph factored as a whole.

    Attributes
    ----------
    original : ndarray of shape (m, n)
        Grey levels from 0 to 1.
    n_components : int
        Rank k.
    storage : float
        Numbers in the factors per pixel.
    runs : tuple of Run
    reconstructions : tuple of ndarray of shape (m, n)
        One for each run.
    """

    original: np.ndarray
    n_components: int
    storage: float
    runs: tuple[Run, ...]
    reconstructions: tuple[np.ndarray, ...]


@dataclass(frozen=True, kw_only=True)
class RatingResults:
    """Held-out film ratings predicted.

    Attributes
    ----------
    n_users, n_items, n_train, n_test : int
        Sizes.
    n_components : int
        Rank k.
    baselines : tuple of (str, float)
        Description and held-out RMSE, stars, of offsets alone.
    runs : tuple of Run
    """

    n_users: int
    n_items: int
    n_train: int
    n_test: int
    n_components: int
    baselines: tuple[tuple[str, float], ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Results:
    """Everything the report shows.

    Attributes
    ----------
    design : ChipDesign
        The chip that was simulated.
    passes : int
        Digital iterations at the end of the hybrid.
    seed : int
        Of the starts, the split and the chip's errors.
    photo : PhotoResults
    ratings : RatingResults
    """

    design: ChipDesign
    passes: int
    seed: int
    photo: PhotoResults
    ratings: RatingResults
