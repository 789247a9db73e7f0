"""Rows a second from CSV and Parquet: 10 million ratings, 1,000 of the rows damaged, each of which must be told.

python benchmarks/recommend/loading.py [--smoke]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from mho.data import read_interactions

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized, timed

USERS, ITEMS, ROWS, DAMAGED = sized((480_189, 17_770, 10_000_000, 1_000), (480, 178, 10_000, 100))
DAMAGE = ["7", "1,2,3,4", ",2,3", "1,,3", "1,2,x", "1,2,inf", '"1,2,3', ""]


def main() -> None:
    rng = np.random.default_rng(0)
    # Heavy tails: the fraction q of the users (items) that rate most gives about q^(1/2) (q^(1/3)) of all ratings.
    users, items = (1 + n * rng.random(ROWS) ** power for n, power in ((USERS, 2), (ITEMS, 3)))
    ratings = rng.integers(1, 6, ROWS)
    bad = np.sort(rng.choice(ROWS, DAMAGED, replace=False))
    table = pa.table({"user": users.astype(int), "item": items.astype(int), "rating": ratings})
    print("| file | million rows/s | per second of processor time |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        text, parquet = Path(folder, "ratings.csv"), Path(folder, "ratings.parquet")
        pyarrow.csv.write_csv(table, text)
        _damage_lines(text, bad + 2)
        _measure(text, bad + 2)
        damaged = ratings.astype(float)
        damaged[bad] = np.inf
        pyarrow.parquet.write_table(table.set_column(2, "rating", pa.array(damaged)), parquet)
        _measure(parquet, bad + 1)


def _damage_lines(path: Path, numbers: np.ndarray) -> None:
    lines = path.read_bytes().split(b"\n")
    for j, number in enumerate(numbers):
        lines[number - 1] = DAMAGE[j % len(DAMAGE)].encode()
    path.write_bytes(b"\n".join(lines))


def _measure(path: Path, bad: np.ndarray) -> None:
    (table, busy), wall = timed(lambda: timed(lambda: read_interactions(path), time.process_time))
    if [row.line for row in table.rejected] != bad.tolist() or len(table) != ROWS - DAMAGED:
        raise AssertionError(f"{path.name}: rows were lost or told wrongly")
    print(f"| {path.suffix[1:]} | {ROWS / wall / 1e6:.2f} | {ROWS / busy / 1e6:.2f} |", flush=True)


if __name__ == "__main__":
    main()
