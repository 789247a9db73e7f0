"""What is measured: the cases, their sizes, and the error that everyone has to reach."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_DENSE = ("scikit-learn", "nmf-torch", "tensorly", "rcppml")
_SPARSE = ("scikit-learn", "rcppml")
_RATINGS = ("libmf", "cmfrec", "spark")
_NNLS = ("scipy", "scipy-qr", "nmf-torch-bpp")


@dataclass(frozen=True)
class Case:
    """One problem.

    Attributes
    ----------
    title : str
        For people.
    kind : {"dense", "sparse", "masked", "nnls"}
        Dense; sparse whose zeros are data; sparse whose unstored entries are missing; least squares alone.
    k : int
        Components.
    target : float
        What the error must reach. Relative error, held-out RMSE of a masked case, KKT residual of least squares.
    peers : tuple of str
        Whom mho is compared with.
    maker, data, arguments
        Who makes the data, in which folder of the cache, from what.
    """

    title: str
    kind: str
    k: int
    target: float
    peers: tuple[str, ...]
    maker: str
    data: str
    arguments: dict[str, Any] = field(default_factory=dict)


def _low_rank(m: int, n: int, k: int, target: float, peers: tuple[str, ...] = _DENSE) -> Case:
    arguments = {"m": m, "n": n, "k": k}
    return Case(f"dense {m} x {n}, low rank + noise", "dense", k, target, peers, "low_rank", f"dense-{m}", arguments)


def _ratings(title: str, k: int, target: float, data: str, peers: tuple[str, ...] = _RATINGS) -> Case:
    sizes = {
        "ratings-10m": {"m": 70_000, "n": 10_000, "nnz": 10_000_000, "tails": (1.5, 2.0)},
        "netflix": {"m": 480_189, "n": 17_770, "nnz": 100_000_000, "tails": (1.7, 2.2)},
    }
    return Case(title, "masked", k, target, peers, "ratings", data, sizes[data])


def _prize(k: int, target: float) -> Case:
    title = "100M ratings 480,189 x 17,770, the marginals of the Netflix prize"
    return Case(title, "masked", k, target, ("libmf",), "prize", "prize", {"m": 480_189, "n": 17_770})


def _nnls(m: int, k: int) -> Case:
    title = f"NNLS {m} x {k}, 20,000 right-hand sides"
    arguments = {"m": m, "k": k, "n": 20_000}
    return Case(title, "nnls", k, 1e-12, _NNLS, "right_sides", f"nnls-{m}", arguments)


# A target is what scikit-learn's coordinate descent reaches from the common start in 200 iterations, times 1.002
# (1.0002 for the sparse matrix, most of which nothing of this rank explains). A held-out RMSE is 1.002 times what
# the worst of mho, LIBMF and cmfrec ends at, each with its best ridge; at Netflix size what LIBMF has after 16 epochs.
CASES = {
    "smoke": Case("dense 60 x 40", "dense", 3, 0.9, ("scikit-learn",), "low_rank", "smoke", {"m": 60, "n": 40, "k": 3}),
    "dense-small": _low_rank(2000, 1000, 20, 0.05725),
    "dense-large": _low_rank(10_000, 4000, 40, 0.05712, ("scikit-learn",)),
    "photo": Case("photo 512 x 1536", "dense", 20, 0.17209, _DENSE, "photo", "photo", {"k": 20}),
    "photos": Case(
        *("12 photos 1536 x 9216", "dense", 20, 0.22769, ("scikit-learn", "nmf-torch"), "photos", "photos"), {"k": 20}
    ),
    "faces": Case("faces 400 x 10304", "dense", 20, 0.18297, _DENSE, "faces", "faces", {"k": 20}),
    "sparse": Case(
        "sparse 20,000 x 10,000, zeros are data",
        *("sparse", 20, 0.94356, _SPARSE, "sparse", "sparse"),
        {"m": 20_000, "n": 10_000, "density": 0.005, "k": 20},
    ),
    "words": Case(
        "sparse 20,000 x 10,000, like documents that mix topics, zeros are data",
        *("sparse", 20, 0.93894, _SPARSE, "sparse", "words"),
        {"m": 20_000, "n": 10_000, "density": 0.005, "k": 20, "overlap": 1.0, "fame": 0.5},
    ),
    "ratings-16": _ratings("10M ratings 70,000 x 10,000", 16, 0.7833, "ratings-10m"),
    "ratings-32": _ratings("10M ratings 70,000 x 10,000", 32, 0.7847, "ratings-10m"),
    "netflix-16": _ratings("100M ratings 480,189 x 17,770", 16, 0.783, "netflix", ("libmf",)),
    "prize-16": _prize(16, 0.9531),
    "prize-32": _prize(32, 0.9361),
    "nnls-32": _nnls(1000, 32),
    "nnls-64": _nnls(4000, 64),
}
