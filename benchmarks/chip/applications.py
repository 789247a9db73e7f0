"""How long whole applications take on the simulated chip, ten iterations each:

    python benchmarks/chip/applications.py [--smoke]

The chip of `mho demo`: `pku-2025-4bit`, converters and gain as they are, no wires; for
the ratings every op-amp has an offset too. Ratings are those that come with mho and random ones as many as MovieLens 1M
has; the photograph is the camera at 512 x 512.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from mho.chip import Chip, preset
from mho.data import camera, movielens
from mho.engines import Analog
from mho.image import factor_image
from mho.recommend import Recommender

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized, timed

ITERATIONS = sized(10, 1)
DESIGN = preset("pku-2025-4bit")


def main() -> None:
    """Print the seconds of each application and how good the result is."""
    table, some = movielens(), np.s_[:: sized(1, 100)]
    ratings("ratings that come with mho", table.users[some], table.items[some], table.ratings[some])
    ratings("as many ratings as MovieLens 1M", *random_ratings(*sized((6040, 3706, 1_000_209), (60, 40, 800))))
    side, k = sized((512, 128), (32, 4))
    engine, X = Analog(Chip(DESIGN, seed=0)), camera(side)
    picture, seconds = timed(lambda: factor_image(X, k, engine=engine, max_iter=ITERATIONS, tol=0, random_state=0))
    print(f"camera, {side} x {side}, k = {k}: {seconds:.1f} s, error {picture.history[-1]['error']:.2%}")


def ratings(name: str, users: np.ndarray, items: np.ndarray, stars: np.ndarray) -> None:
    """Fit a model of 16 factors on a chip whose op-amps have an offset of 1 uV."""
    engine = Analog(Chip(DESIGN.with_(offset=1e-6), seed=0))
    model, seconds = timed(lambda: Recommender(16, engine=engine, max_iter=ITERATIONS).fit(users, items, stars))
    print(
        f"{name}, {len(stars):,}, k = 16: {seconds:.1f} s, training RMSE {model.history_[-1]['rmse']:.3f}", flush=True
    )


def random_ratings(users: int, items: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return users, items and stars of ratings without any structure."""
    rng = np.random.default_rng(0)
    user, item = np.divmod(rng.choice(users * items, count, replace=False), items)
    return user, item, rng.integers(1, 6, count)


if __name__ == "__main__":
    main()
