"""One flipped bit in any file that mho writes and reads back: refused, or the numbers are the same."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import mho.cli
from mho import Recommender
from mho.cost import read_run
from mho.data import DataError, read_factors, write_factors
from mho.data.factors import read_state
from mho.recommend.distributed import BlockTable
from mho.recommend.distributed.block_step import read_rows, write_rows
from mho.sweep import Sweep, read_trials

_FLIPS = int(os.environ.get("MHO_FLIPS", "60"))
"""Of each kind of file; `make test-faults` takes more."""


def _flipped(path, count, rng):
    """Give the file with one other bit flipped at a time: half near its ends, where formats have their rules."""
    whole = path.read_bytes()
    ends = np.r_[: min(200, len(whole)), max(0, len(whole) - 200) : len(whole)]
    for number in range(count):
        at = rng.choice(ends) if number % 2 else rng.integers(len(whole))
        damaged = bytearray(whole)
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        yield f"{path.name}, byte {at}"
    path.write_bytes(whole)


def _same(a, b):
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b) and a.dtype == b.dtype
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b or json.dumps(a, sort_keys=True, default=str) == json.dumps(b, sort_keys=True, default=str)


def _loaded(path):
    model = Recommender.load(path)
    about = model.history_, str(model.model_), model.unit_
    parts = model.user_ids_, model.item_ids_, model.user_factors_, model.item_factors_, model.known_.toarray()
    return *parts, model.user_offsets_, model.item_offsets_, about


def _factors(folder):
    rng = np.random.default_rng(3)
    W, H, state = rng.random((9, 2)), rng.random((2, 7)), {"far_W": rng.random((9, 2))}
    write_factors(folder / "o.safetensors", W, H, {"iterations": "3", "seed": "0"}, state=state)
    return folder / "o.safetensors", lambda path: (*read_factors(path), sorted(read_state(path).items()))


def _recommender(folder):
    users, items = np.arange(60) % 7, np.arange(60) % 11
    Recommender(2, max_iter=1).fit(users.astype(str), items, np.arange(60) % 5 + 1.0).save(folder / "o.npz")
    return folder / "o.npz", _loaded


def _chip_run(folder):
    np.save(folder / "x.npy", np.random.default_rng(0).random((8, 6)))
    options = ["-k", "2", "--engine", "analog", "--max-iter", "1", "--ledger", str(folder / "run.json"), "-q"]
    assert mho.cli.main(["factor", str(folder / "x.npy"), "-o", str(folder / "o.safetensors"), *options]) == 0
    return folder / "run.json", read_run


def _sweep(folder):
    from mho.chip import preset
    from mho.sweep import trials, write_trials

    plan = Sweep(design=preset("pku-2025"), values={"sigma": (0.01, 0.02)}, chips=2, rows=8, columns=3, rhs=4)
    write_trials(folder / "o.parquet", plan, list(trials(plan)))
    return folder / "o.parquet", lambda path: read_trials(path, plan)


def _rows(folder):
    (folder / "rows").mkdir()
    write_rows(folder / "rows", 0, np.random.default_rng(1).random((20, 3)))
    return folder / "rows" / "0000000000.npy", lambda path: read_rows(path.parent)


def _table(folder):
    rng = np.random.default_rng(2)
    batch = rng.integers(0, 20, 300), rng.integers(0, 12, 300), rng.integers(1, 6, 300).astype("f4")
    names = np.array([f"u{j}" for j in range(20)]), np.arange(12) + 50
    return BlockTable.write(folder / "table", [batch], (20, 12), block_ratings=100, ids=names)


def _contents(folder):
    table = BlockTable.open(folder)
    blocks = [(block.begin, block.end, block.read().toarray()) for block in (*table.users, *table.items)]
    return blocks, table.ids, table.known().toarray(), table.mean, table.n_ratings


def _table_facts(folder):
    _table(folder)
    return folder / "table" / "table.json", lambda path: _contents(path.parent)


def _block(folder):
    _table(folder)
    return folder / "table" / "items" / "0000000000.parquet", lambda path: _contents(path.parent.parent)


def _ids(folder):
    _table(folder)
    return folder / "table" / "users.npy", lambda path: _contents(path.parent)


def _known(folder):
    _table(folder).known()
    return folder / "table" / "known" / "values.npy", lambda path: _contents(path.parent.parent)


def _tried(read, path):
    try:
        return "", read(path)
    except ValueError as error:  # of which DataError is one
        return str(error), None


_KINDS = [_factors, _recommender, _chip_run, _sweep, _rows, _table_facts, _block, _ids, _known]


@pytest.mark.parametrize("kind", _KINDS, ids=lambda kind: kind.__name__[1:])
def test_a_flipped_bit_is_refused_or_changes_nothing(tmp_path, kind):
    path, read = kind(tmp_path)
    expected = read(path)
    refused = 0
    for where in _flipped(path, _FLIPS, np.random.default_rng(5)):
        error, found = _tried(read, path)
        refused += bool(error)
        assert error or _same(found, expected), where
        assert not error or str(tmp_path) in error, where
        assert len(error.replace(str(path), "")) < 300, where
    assert refused > 0.9 * _FLIPS
    assert _same(read(path), expected)


def test_a_table_whose_block_is_another_tables_is_refused(tmp_path):
    table = _table(tmp_path)
    first, second = (block.path for block in table.users[:2])
    shutil.copy(second, first)
    with pytest.raises(DataError, match=r"0000000000\.parquet"):
        table.users[0].read()


@pytest.mark.parametrize("name", [".known.part", "known"])
def test_what_a_killed_process_left_of_the_ratings_is_made_anew(tmp_path, name):
    table = _table(tmp_path)
    expected = table.known().toarray()
    shutil.rmtree(table.folder / "known")
    if name == ".known.part":
        (table.folder / name).mkdir()
        Path(table.folder, name, "values.npy").write_bytes(b"half")
    np.testing.assert_array_equal(table.known().toarray(), expected)
    assert {path.name for path in table.folder.iterdir()} == {
        "known", "users", "items", "users.npy", "items.npy", "table.json",
    }  # fmt: skip
