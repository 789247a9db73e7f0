"""Faces of ORL as sums of parts: errors, Hoyer's sparseness and a picture of the parts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import NMF

import mho

COMPONENTS = 49
CHIP = "pku-2025-4bit"
PICTURE = Path(__file__).parents[2] / "docs" / "figures" / "faces.png"


def faces(folder: str) -> Iterator[dict[str, Any]]:
    """Yield figures of 400 faces at half their size, 56 x 46 pixels, in 49 parts."""
    from PIL import Image

    files = [Path(folder) / f"s{person}" / f"{number}.pgm" for person in range(1, 41) for number in range(1, 11)]
    X = np.stack([np.asarray(Image.open(file).convert("L").reduce(2), float).ravel() for file in files]) / 255
    values = np.linalg.svd(X, compute_uv=False)
    least = float(np.linalg.norm(values[COMPONENTS:]) / np.linalg.norm(values))
    yield {"method": "SVD, parts of any sign", "error": least, "sparseness": float("nan"), "seconds": float("nan")}
    sparse = {"sparseness_H": 0.7}
    models = {
        "scikit-learn NMF": NMF(COMPONENTS, init="nndsvda", max_iter=500, tol=1e-5),
        "mho.NMF": mho.NMF(COMPONENTS, max_iter=500, tol=1e-5, random_state=0),
        "mho.NMF, sparseness 0.7": mho.NMF(COMPONENTS, max_iter=500, tol=1e-5, random_state=0, **sparse),
        "mho.NMF, chip": mho.NMF(COMPONENTS, engine=mho.Analog(CHIP, seed=0), max_iter=30, random_state=0),
        "mho.NMF, chip then CPU": mho.NMF(COMPONENTS, engine=mho.Hybrid(CHIP, seed=0), max_iter=60, random_state=0),
    }
    for name, model in models.items():
        begun = time.perf_counter()
        W = model.fit_transform(X)
        seconds, H = time.perf_counter() - begun, model.components_
        error = float(np.linalg.norm(X - W @ H) / np.linalg.norm(X))
        yield {"method": name, "error": error, "sparseness": float(np.nanmean(_hoyer(H))), "seconds": seconds}
    _draw([models[name].components_ for name in ("mho.NMF", "mho.NMF, sparseness 0.7")])


def _hoyer(rows: np.ndarray) -> np.ndarray:
    """Sparseness of each row: 0 where all entries are alike, 1 where a single one is not zero."""
    ratio = rows.sum(axis=1) / np.where(rows.any(axis=1), np.linalg.norm(rows, axis=1), np.nan)
    return (np.sqrt(rows.shape[1]) - ratio) / (np.sqrt(rows.shape[1]) - 1)


def _draw(parts: list[np.ndarray]) -> None:
    from PIL import Image

    sheets = []
    for rows in parts:
        tiles = [(255 * row / max(float(row.max()), 1e-12)).reshape(56, 46) for row in rows]
        sheets.append(np.block([tiles[i : i + 7] for i in range(0, COMPONENTS, 7)]))
    gap = np.full((len(sheets[0]), 10), 255.0)
    Image.fromarray(np.hstack([sheets[0], gap, sheets[1]]).astype(np.uint8)).save(PICTURE, optimize=True)
