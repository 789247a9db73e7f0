"""The figure of each claim, measured here and now."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

from mho.reproduce.field import eigenvector_cosine, inverse_error, regression_r2, settling_over_law

__all__ = ["FIGURES"]


def _seconds(call: Callable[[], Any], repeats: int = 3) -> float:
    """Return the median time of a call; the first one, which loads and warms, is not counted."""
    call()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return median(times)


def _nmf_speed() -> float:
    import warnings

    from sklearn.decomposition import NMF as Reference

    from mho.nmf import NMF

    rng = np.random.default_rng(0)
    X = rng.random((2000, 20)) @ rng.random((20, 1000)) + 0.5 * rng.random((2000, 1000))
    reference = Reference(20, init="nndsvda", max_iter=100, tol=0)  # pyright: ignore[reportArgumentType]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = _seconds(lambda: reference.fit(X), 1)
    target = reference.reconstruction_err_ / np.linalg.norm(X)

    def reach() -> float:
        for iterations in (1, 2, 5, 10, 20, 40, 80, 160):
            model = NMF(20, max_iter=iterations, tol=0, random_state=0)
            seconds = _seconds(lambda model=model: model.fit(X), 3)
            if model.reconstruction_err_ / np.linalg.norm(X) <= 1.002 * target:
                return seconds
        return float("inf")

    return theirs / reach()


def _nnls_problem(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    A = rng.random((1000, 32))
    return A, A @ rng.normal(0.3, 1.0, (32, n)) + 0.1 * rng.standard_normal((1000, n))


def _nnls_speed() -> float:
    from scipy.optimize import nnls as reference

    from mho.engines import nnls

    A, B = _nnls_problem(2000)
    ours = _seconds(lambda: nnls(A, B))
    theirs = _seconds(lambda: [reference(A, b) for b in B[:, :100].T], 1)
    return theirs * 20 / ours


def _nnls_exact() -> float:
    from scipy.optimize import nnls as reference

    from mho.engines import nnls

    A, B = _nnls_problem(50)
    exact = np.column_stack([reference(A, b)[0] for b in B.T])
    return float(np.abs(nnls(A, B) - exact).max() / exact.max())


def _loop(rows: int, columns: int) -> tuple[Any, np.ndarray]:
    from mho.chip import Chip, as_circuit

    rng = np.random.default_rng(0)
    A = rng.random((rows, columns))
    b = A @ np.maximum(rng.normal(0.2, 0.6, columns), 0) + 0.2 * rng.random(rows)
    array = Chip("pku-2025", seed=0).program(A)
    return as_circuit(array), array.volts(b[:, None])[:, 0]


def _beside_ngspice(rows: int, columns: int) -> tuple[float, float]:
    """Return the largest difference of the waveforms, over the largest output, and ngspice's time over mho's."""
    from mho.circuits.transient import transient
    from mho.spice import netlist, run

    circuit, volts = _loop(rows, columns)
    waveform = transient(circuit, volts)
    settled = waveform.settling_time(0.01)
    deck = netlist(circuit, volts, duration=3 * settled, step=settled / 400)
    begun = time.perf_counter()
    found = run(deck)
    theirs = time.perf_counter() - begun
    ours = _seconds(lambda: transient(circuit, volts).outputs(found.time), 5)
    measured = np.array([found.voltages[node] for node in circuit.outputs])
    return float(np.abs(waveform.outputs(found.time) - measured).max() / measured.max()), theirs / ours


def _photo(engine: Any, iterations: int) -> float:
    from mho.data import camera
    from mho.nmf import NMF

    X = camera()
    model = NMF(64, engine=engine, max_iter=iterations, random_state=0)
    Y = np.clip(model.fit_transform(X) @ model.components_, 0, 1)
    return float(-10 * np.log10(np.mean((X - Y) ** 2)))


def _photo_chip() -> float:
    from mho.engines import Analog

    return _photo(Analog("pku-2025-4bit", seed=0), 10)


def _ratings(engine: str, iterations: int) -> float:
    from mho.data import movielens
    from mho.recommend import Recommender, rmse, split_random

    stars = movielens()
    train, test = split_random(len(stars.ratings), test=0.1, seed=0)
    model = Recommender(16, engine=engine, max_iter=iterations, random_state=0)
    model.fit(stars.users[train], stars.items[train], stars.ratings[train])
    return rmse(stars.ratings[test], model.predict(stars.users[test], stars.items[test]))


def _lists() -> float:
    from mho.data import movielens
    from mho.recommend import Recommender, evaluate, split_random

    stars = movielens()
    liked = stars.ratings >= 4
    users, items = stars.users[liked], stars.items[liked]
    train, test = split_random(len(users), test=0.1, seed=0)
    shelf = Recommender(8, model="implicit", max_iter=10, random_state=0).fit(users[train], items[train])
    scores = evaluate(shelf, users[test], items[test], np.ones(len(test)))
    return scores.ndcg / _ndcg_of_most_chosen(users, items, train, test)


def _ndcg_of_most_chosen(users: np.ndarray, items: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
    order = np.bincount(items[train]).argsort()[::-1]
    discounts, known, gains = 1 / np.log2(np.arange(2, 12)), set(items[train]), []
    for user in np.unique(users[test]):
        seen, hidden = set(items[train][users[train] == user]), set(items[test][users[test] == user]) & known
        if hidden:
            top = [item for item in order[: len(seen) + 10] if item not in seen][:10]
            gains.append((np.isin(top, list(hidden)) * discounts).sum() / discounts[: len(hidden)].sum())
    return float(np.mean(gains))


def _codec_jpeg() -> float:
    from PIL import Image

    from mho.data import camera
    from mho.image import psnr
    from mho.image.codec import Picture, encode_to_psnr

    pixels = np.round(255 * camera()).astype(np.uint8)
    file = io.BytesIO()
    for quality in range(1, 101):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        if psnr(pixels / 255, np.asarray(Image.open(file)) / 255) >= 34:
            break
    return len(encode_to_psnr(Picture(pixels), 34)) / file.tell()


def _error_of_writing() -> float:
    from mho.chip import Chip, preset
    from mho.engines import nnls

    rng = np.random.default_rng(0)
    A, B = rng.random((128, 10)), rng.random((128, 12))
    exact, spreads = nnls(A, B), np.geomspace(0.003, 0.03, 4)

    def error(sigma: float) -> float:
        design = preset("ideal").with_(sigma=sigma)
        answers = (Chip(design, seed=seed).program(A).solve(B) for seed in range(8))
        return float(np.mean([np.linalg.norm(x - exact) for x in answers]))

    errors = [error(sigma) for sigma in spreads.tolist()]
    return float(np.polyfit(np.log(spreads), np.log(errors), 1)[0])


def _netflix(quantity: str) -> float:
    from mho.cost import PLATFORMS, WORKLOADS, estimate, sweep_ledger

    workload = WORKLOADS["netflix"]
    chip, h100 = estimate(sweep_ledger(workload), "40nm"), PLATFORMS["H100"].cost(workload.work())
    return getattr(chip, quantity).typical / getattr(h100, quantity).typical


def _import_seconds() -> float:
    def child(names: str) -> float:
        return _seconds(lambda: subprocess.run([sys.executable, "-c", f"import {names}"], check=True))

    return max(0.0, child("numpy, mho") - child("numpy"))


FIGURES: dict[str, Callable[[], float]] = {
    "nmf-speed": _nmf_speed,
    "nnls-speed": _nnls_speed,
    "nnls-exact": _nnls_exact,
    "spice-waveform": lambda: _beside_ngspice(32, 8)[0],
    "spice-speed": lambda: _beside_ngspice(64, 8)[1],
    "photo-chip": _photo_chip,
    "photo-cpu": lambda: _photo("digital", 100),
    "ratings": lambda: _ratings("digital", 20),
    "ratings-chip": lambda: _ratings("analog", 5),
    "lists": _lists,
    "codec-jpeg": _codec_jpeg,
    "error-of-writing": _error_of_writing,
    "inverse": inverse_error,
    "eigenvector": eigenvector_cosine,
    "settling-law": settling_over_law,
    "regression": regression_r2,
    "netflix-energy": lambda: _netflix("joules"),
    "netflix-time": lambda: _netflix("seconds"),
    "import": _import_seconds,
}
