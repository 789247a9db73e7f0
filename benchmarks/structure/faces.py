"""Faces of ORL as sums of parts: errors, Hoyer's sparseness and a picture of the parts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import NMF
from units import CHIP, Row, Unit

import mho

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, sized, smoke

PEOPLE, COMPONENTS = sized((40, 49), (2, 4))
HEIGHT, WIDTH = 56, 46
PICTURE = ROOT / "docs" / "figures" / "faces.png"
SEEDS = 5
DRAWN = ("mho.NMF", "mho.NMF, sparseness 0.7")


def faces(folder: str) -> Iterator[Unit]:
    """Yield the units of 400 faces at half their size, 56 x 46 pixels, in 49 parts, and draw the parts of two."""
    X, drawn = _read(Path(folder)), {}
    yield Unit({"method": "SVD, parts of any sign"}, 0, lambda: _least(X))
    for seed in range(SEEDS):  # all methods of one seed together: their parts are drawn side by side
        for method, (make, seeds) in _models().items():
            if seed < seeds:
                yield Unit(
                    {"method": method}, seed, lambda m=method, make=make, s=seed: _measured(X, m, make(s), drawn)
                )


def _read(folder: Path) -> np.ndarray:
    from PIL import Image

    files = [folder / f"s{person}" / f"{number}.pgm" for person in range(1, 1 + PEOPLE) for number in range(1, 11)]
    return np.stack([np.asarray(Image.open(file).convert("L").reduce(2), float).ravel() for file in files]) / 255


def _least(X: np.ndarray) -> Row:
    values = np.linalg.svd(X, compute_uv=False)
    nothing = {"sparseness": float("nan"), "seconds": float("nan")}
    return {"error": float(np.linalg.norm(values[COMPONENTS:]) / np.linalg.norm(values)), **nothing}


def _models() -> dict[str, tuple[Callable[[int], Any], int]]:
    """Factorizations, and from how many seeds."""

    def ours(most: int = 500, engine: Callable[[int], Any] = lambda seed: "digital", **given: Any) -> Any:
        return lambda seed: mho.NMF(
            COMPONENTS, engine=engine(seed), max_iter=most, tol=1e-5, random_state=seed, **given
        )

    peer: dict[str, Any] = {"n_components": COMPONENTS, "init": "nndsvda", "max_iter": 500, "tol": 1e-5}
    return {
        "scikit-learn NMF": (lambda seed: NMF(**peer), 1),
        "mho.NMF": (ours(), SEEDS),
        "mho.NMF, sparseness 0.7": (ours(sparseness_H=0.7), SEEDS),
        "mho.NMF, chip": (ours(30, lambda seed: mho.Analog(CHIP, seed=seed)), SEEDS),
        "mho.NMF, chip then CPU": (ours(60, lambda seed: mho.Hybrid(CHIP, seed=seed)), SEEDS),
    }


def _measured(X: np.ndarray, method: str, model: Any, drawn: dict[str, np.ndarray]) -> Row:
    begun = time.perf_counter()
    W = model.fit_transform(X)
    seconds, H = time.perf_counter() - begun, model.components_
    drawn.setdefault(method, H)
    if not smoke() and method in DRAWN and all(name in drawn for name in DRAWN):
        _draw([drawn[name] for name in DRAWN])
    error = float(np.linalg.norm(X - W @ H) / np.linalg.norm(X))
    return {"error": error, "sparseness": float(np.nanmean(_hoyer(H))), "seconds": seconds}


def _hoyer(rows: np.ndarray) -> np.ndarray:
    """Sparseness of each row: 0 where all entries are alike, 1 where a single one is not zero."""
    ratio = rows.sum(axis=1) / np.where(rows.any(axis=1), np.linalg.norm(rows, axis=1), np.nan)
    return (np.sqrt(rows.shape[1]) - ratio) / (np.sqrt(rows.shape[1]) - 1)


def _draw(parts: list[np.ndarray]) -> None:
    from PIL import Image

    sheets = []
    for rows in parts:
        tiles = [(255 * row / max(float(row.max()), 1e-12)).reshape(HEIGHT, WIDTH) for row in rows]
        sheets.append(np.block([tiles[i : i + 7] for i in range(0, COMPONENTS, 7)]))
    gap = np.full((len(sheets[0]), 10), 255.0)
    Image.fromarray(np.hstack([sheets[0], gap, sheets[1]]).astype(np.uint8)).save(PICTURE, optimize=True)
