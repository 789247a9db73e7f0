"""Planted numbers of components, found by entries held out.

    python benchmarks/select/planted.py [TRIALS [SECONDS [FIRST]]] [--smoke]

Factors are gamma(.5); noise is a gamma factor of mean 1 on every entry (Frobenius) or Poisson's (Kullback-Leibler), so
that nothing is clipped. Prints the share that is exact, by noise and by size, and each trial that is not.
"""

import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

import mho

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import arguments, sized

PLANTED = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20)
SIZES = sized(((150, 150), (300, 150), (500, 200), (120, 80)), ((40, 30),) * 4)


def problem(number):
    """Return X, the planted number, the loss and what its difficulty is called."""
    rng = np.random.default_rng(9000 + number)
    k, (m, n) = PLANTED[number % 10], SIZES[number // 2 % 4]
    X = rng.gamma(0.5, size=(m, k)) @ rng.gamma(0.5, size=(k, n))
    X /= X.mean()
    if number % 2:
        level = (2, 5, 20, 1)[number // 20 % 4]
        return rng.poisson(level * X).astype(float), k, "kullback-leibler", (m, n), level, level >= 2
    level = (0.1, 0.05, 0.3, 0.6)[number // 20 % 4]
    return X * rng.gamma(1 / level**2, level**2, size=X.shape), k, "frobenius", (m, n), level, level <= 0.1


def main():
    given = arguments()
    trials, limit, first = (float(value) for value in [*given, *(sized(200, 2), 1e9, 0)[len(given) :]])
    begun, tally, barred = time.perf_counter(), defaultdict(list), []
    for number in range(int(first), int(first + trials)):
        if time.perf_counter() - begun > limit:
            break
        X, k, loss, shape, level, easy = problem(number)
        X = X[X.sum(axis=1) > 0][:, X.sum(axis=0) > 0]
        begin = time.perf_counter()
        found = mho.NMF("cv", loss=loss, max_iter=200, random_state=number).fit(X).n_components_
        tally[loss, level, shape].append(found == k)
        if easy and min(shape) >= sized(150, 0):
            barred.append(found == k)
        note = "" if found == k else f"  planted {k}, found {found}"
        print(f"{number:4} {loss:17} {level:5} {shape} {time.perf_counter() - begin:6.1f} s{note}", flush=True)
    for key, outcomes in sorted(tally.items()):
        print(*key, f"exact {sum(outcomes)} of {len(outcomes)}")
    print(f"m, n >= 150 and noise <= .1 or mean >= 2: exact {sum(barred)} of {len(barred)} ({np.mean(barred):.1%})")


if __name__ == "__main__":
    main()
