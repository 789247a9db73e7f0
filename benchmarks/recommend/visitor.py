"""How long a visitor waits: one fold-in and the best ten of 50,000 items.

python benchmarks/recommend/visitor.py [--smoke]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from mho import Recommender

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized, timed

USERS, ITEMS, CHOICES, RATED, REPEATS = sized((2_000, 50_000, 300_000, 100, 200), (50, 200, 1_000, 20, 3))


def main() -> None:
    rng = np.random.default_rng(0)
    users, items = rng.integers(0, USERS, CHOICES), np.append(np.arange(ITEMS), rng.integers(0, ITEMS, CHOICES - ITEMS))
    print("| model | k | fold-in and top 10, median | 95 % below |\n| --- | --- | --- | --- |")
    models: tuple[tuple[Any, int], ...] = (("ratings", 16), ("ratings", 32), ("implicit", 16), ("implicit", 32))
    for model, k in models:
        shelf = Recommender(k, model=model, max_iter=1).fit(users, items, rng.integers(1, 6, CHOICES))
        seconds = []
        for _ in range(REPEATS):
            chosen, stars = rng.choice(ITEMS, RATED, replace=False), rng.integers(1, 6, RATED)
            told = shelf, chosen, stars
            seconds.append(timed(lambda told=told: told[0].recommend_for(*told[1:], 10))[1])
        median, high = 1e3 * np.quantile(seconds, (0.5, 0.95))
        print(f"| {model} | {k} | {median:.2f} ms | {high:.2f} ms |", flush=True)


if __name__ == "__main__":
    main()
