"""The scale of the Netflix prize on one machine: seconds and memory of `mho.Recommender`, beside LIBMF and cmfrec.

    python benchmarks/recommend/netflix.py [--smoke]

480,189 users, 17,770 films and 100,480,507 ratings with the public marginals, of which the probe is held out
(`benchmarks/nmf/prize.py`; made once, in a minute or two). mho runs in a process of its own for each k, from a Parquet
file to a held-out error that falls no more; LIBMF and cmfrec in that of `benchmarks/nmf/worker.py`, from arrays in
memory, with as many iterations as `PEERS` says. Everybody's error is of unclipped predictions. --smoke: 3,000 made-up
ratings, mho alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import arguments, peak_gib, sized, smoke, timed

NMF = Path(__file__).parents[1] / "nmf"
CACHE = Path(os.environ.get("MHO_BENCH_CACHE", NMF.parent / ".cache"))
PEERS_PYTHON = Path(os.environ.get("MHO_BENCH_PEERS", NMF.parent / ".venv/bin/python"))
DATA = CACHE / "prize"
THREADS = 2
COMPONENTS = sized((16, 32), (3,))
PEERS = {"libmf": (4, 8, 16), "cmfrec": (2,)}
"""Iterations: of LIBMF up to what it needs, of cmfrec what there is time for."""
LEVEL = 1e-4
"""Falls less than this in an iteration: converged."""
LIMIT = 240.0
"""Seconds that a peer may take for one fit."""


def main() -> None:
    if smoke():
        with tempfile.TemporaryDirectory() as folder:
            probe = _made_up(Path(folder))
            _tell(3, "mho", fit(3, folder + "/train.parquet", probe))
        return
    table = _parquet()
    print("| k | library | s per iteration | held-out RMSE after iterations (s) | |\n| --- | --- | --- | --- | --- |")
    for k in COMPONENTS:
        _tell(k, "mho", json.loads(_run([sys.executable, __file__, str(k), str(table)])))
        for library, iterations in PEERS.items():
            _tell(k, library, _peer(library, k, iterations))


def _parquet() -> Path:
    """Make the ratings and write those that are not held out as a table, unless they are there."""
    _run([PEERS_PYTHON, NMF / "data.py", "prize-16"])
    path = DATA / "train.parquet"
    if not path.exists():
        _write(path, {name: np.load(DATA / f"{name}.npy", mmap_mode="r") for name in ("users", "items", "values")})
    return path


def _write(path: Path, columns: dict[str, np.ndarray]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("user", pa.int32()), ("item", pa.int32()), ("rating", pa.int8())])
    part = path.with_suffix(".part")
    with pq.ParquetWriter(part, schema) as writer:
        for begin in range(0, len(columns["users"]), 1 << 22):
            arrays = [np.array(column[begin : begin + (1 << 22)]) for column in columns.values()]
            writer.write_table(pa.table([arrays[0], arrays[1], arrays[2].astype(np.int8)], schema=schema))
    part.rename(path)


def _made_up(folder: Path) -> list[np.ndarray]:
    """Write ratings of 100 users of 60 films, and return some more."""
    rng = np.random.default_rng(0)
    users, items, values = rng.integers(0, 100, 3000), rng.integers(0, 60, 3000), rng.integers(1, 6, 3000)
    _write(
        folder / "train.parquet", {"users": users.astype(np.int32), "items": items.astype(np.int32), "values": values}
    )
    return [users[:50], items[:50], values[:50].astype(float)]


def fit(k: int, table: str, probe: list[np.ndarray]) -> dict[str, Any]:
    """Fit the recommender; return what `_tell` prints."""
    from mho import Recommender
    from mho.data import read_interactions

    ratings, loaded = timed(lambda: read_interactions(Path(table)))
    steps: list[tuple[float, float, int]] = []

    def converged(record: dict[str, Any]) -> bool:
        steps.append((record["seconds"], _error(recommender, *probe), record["iteration"]))
        return len(steps) > 1 and steps[-2][1] - steps[-1][1] < LEVEL

    recommender = Recommender(k, max_iter=40, callback=converged)
    whole = timed(lambda: recommender.fit(ratings.users, ratings.items, ratings.ratings))[1]
    note = f"load {loaded:.0f} s, fit with its start and this measure {whole:.0f} s, peak {peak_gib():.2f} GiB"
    return {"steps": steps, "note": note}


def _error(recommender: Any, users: np.ndarray, items: np.ndarray, values: np.ndarray) -> float:
    u, i = recommender.encode(users, items)
    said = np.einsum("ek,ek->e", recommender.user_factors_[u], recommender.item_factors_[i])
    said += recommender.user_offsets_[u] + recommender.item_offsets_[i]
    return float(np.sqrt(np.mean((said - values) ** 2)))


def _peer(library: str, k: int, iterations: tuple[int, ...]) -> dict[str, Any]:
    from session import Failed, Session

    steps: list[tuple[float, float, int]] = []
    try:
        session = Session(str(PEERS_PYTHON), library, f"prize-{k}", LIMIT)
        for n in iterations:
            reply = session.run(n)
            steps.append((reply["seconds"], reply["error"], n))
        session.close()
    except Failed as failure:
        return {"steps": steps, "note": str(failure)}
    return {"steps": steps, "note": f"version {session.facts['version']}"}


def _tell(k: int, library: str, result: dict[str, Any]) -> None:
    steps = result["steps"]
    each = f"{steps[-1][0] / steps[-1][2]:.1f}" if steps else ""
    errors = ", ".join(f"{n}: {error:.4f} ({seconds:.0f} s)" for seconds, error, n in steps)
    print(f"| {k} | {library} | {each} | {errors} | {result['note']} |", flush=True)


def _run(command: list[Any]) -> str:
    environment = os.environ | {"MHO_NUM_THREADS": str(THREADS), "MHO_BENCH_CACHE": str(CACHE)}
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, env=environment).stdout


if __name__ == "__main__":
    if given := arguments():
        held_out = [np.load(DATA / f"test_{name}.npy") for name in ("users", "items", "values")]
        print(json.dumps(fit(int(given[0]), given[1], held_out)))
    else:
        sys.path.append(str(NMF))
        main()
