"""The libraries that mho is compared with where missing is missing.

LIBMF with the ridge and the step that give the best held-out RMSE of those tried (.03, .05, .08; .05, .1, .2).
cmfrec and Spark minimise what mho minimises, with the same ridge.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from multiprocessing import Pipe, get_context
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from adapter import RIDGES, THREADS, Fit, Input, timed


def libmf(data: Input, ridge: float = 0.05, step: float = 0.1) -> Fit:
    """Parallel stochastic gradient, non-negative; its own start. Threads race, so two runs differ a little."""
    from libmf.mf import MF

    penalty = {"lambda_p2": ridge, "lambda_q2": ridge, "lambda_p1": 0.0, "lambda_q1": 0.0}
    options = {"k": data.case.k, "eta": step, "do_nmf": True, "nr_threads": THREADS, "quiet": True}
    data.load_seconds, ratings = timed(lambda: _triplets(data))

    def fit(n: int) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
        model = MF(nr_iters=n, **options, **penalty)
        seconds, _ = timed(lambda: model.fit(ratings))
        return seconds, (np.nan_to_num(model.p_factors()), np.nan_to_num(model.q_factors().T))  # NaN: without ratings

    return lambda n: _in_child(lambda: fit(n))


def _triplets(data: Input) -> np.ndarray:
    ratings = np.empty((len(data.values), 3), np.float32)
    ratings[:, 0], ratings[:, 1], ratings[:, 2] = data.users, data.items, data.values
    return ratings


def _in_child(function: Callable[[], Any]) -> Any:
    """Call a function in a copy of this process: the binding never frees its copy of the ratings."""
    ours, theirs = Pipe()
    child = get_context("fork").Process(target=lambda: theirs.send(function()))
    child.start()
    theirs.close()
    result = ours.recv()
    child.join()
    return result


def cmfrec(data: Input) -> Fit:
    """Alternating least squares by coordinate descent, no biases, float32."""
    from cmfrec import CMF

    X = sp.coo_array((data.values, (data.users, data.items)), shape=data.shape)
    plain = {"user_bias": False, "item_bias": False, "center": False, "precompute_for_predictions": False}
    options: dict[str, Any] = {"method": "als", "use_cg": False, "nonneg": True, "scale_lam": True, "use_float": True}

    def run(n: int) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
        model = CMF(k=data.case.k, lambda_=RIDGES[data.case.k], niter=n, nthreads=THREADS, **options, **plain)
        seconds, _ = timed(lambda: model.fit(sp.coo_matrix(X)))
        return seconds, (model.A_, model.B_.T)

    return run


def spark(data: Input) -> Fit:
    """ALS(nonnegative=True) of MLlib in one process, ratings cached in memory before the clock starts."""
    from pyspark.ml.recommendation import ALS

    frame = _cached_frame(data)

    def run(n: int) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
        columns = {"userCol": "user", "itemCol": "item", "ratingCol": "rating"}
        blocks = {"numUserBlocks": THREADS, "numItemBlocks": THREADS}
        als = ALS(
            rank=data.case.k, maxIter=n, regParam=RIDGES[data.case.k], nonnegative=True, seed=0, **columns, **blocks
        )
        seconds, model = timed(lambda: als.fit(frame))
        m, n_items = data.shape
        return seconds, (_rows(model.userFactors, m, data.case.k), _rows(model.itemFactors, n_items, data.case.k).T)

    return run


def _cached_frame(data: Input) -> Any:
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master(f"local[{THREADS}]")
        .config("spark.driver.memory", "8g")
        .config("spark.driver.extraJavaOptions", "-Xss64m")  # many iterations make a deep lineage
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", THREADS)
        .getOrCreate()
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.csv"
        table = np.column_stack([data.users, data.items, data.values])
        np.savetxt(path, table, fmt="%d,%d,%.1f")
        frame = session.read.csv(str(path), schema="user int, item int, rating float").repartition(THREADS).cache()
        frame.count()
    return frame


def _rows(frame: Any, count: int, k: int) -> np.ndarray:
    rows = np.zeros((count, k), np.float32)
    for row in frame.collect():
        rows[row["id"]] = row["features"]
    return rows
