"""How long a visitor waits: one fold-in and the best ten of 50,000 items.

python benchmarks/recommend/visitor.py
"""

from __future__ import annotations

import time

import numpy as np

from mho import Recommender

USERS, ITEMS, CHOICES, RATED, REPEATS = 2_000, 50_000, 300_000, 100, 200


def main() -> None:
    rng = np.random.default_rng(0)
    users, items = rng.integers(0, USERS, CHOICES), np.append(np.arange(ITEMS), rng.integers(0, ITEMS, CHOICES - ITEMS))
    print("| model | k | fold-in and top 10 of 50,000, median | 95 % below |\n| --- | --- | --- | --- |")
    for model, k in (("ratings", 16), ("ratings", 32), ("implicit", 16), ("implicit", 32)):
        shelf = Recommender(k, model=model, max_iter=1).fit(users, items, rng.integers(1, 6, CHOICES))
        seconds = []
        for _ in range(REPEATS):
            chosen, stars = rng.choice(ITEMS, RATED, replace=False), rng.integers(1, 6, RATED)
            begun = time.perf_counter()
            shelf.recommend_for(chosen, stars, 10)
            seconds.append(time.perf_counter() - begun)
        median, high = 1e3 * np.quantile(seconds, (0.5, 0.95))
        print(f"| {model} | {k} | {median:.2f} ms | {high:.2f} ms |", flush=True)


if __name__ == "__main__":
    main()
