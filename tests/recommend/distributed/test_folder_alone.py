"""A folder of a fit out of core: one run at a time, nothing half written, no signal on a full disk."""

import resource
import threading

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mho.cli import main
from mho.data import lock_folder
from mho.recommend.distributed import BlockTable, OutOfCore


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    n = 20_000
    batch = rng.integers(0, 200, n), rng.integers(0, 150, n), rng.integers(1, 6, n).astype("f4")
    return BlockTable.write(tmp_path / "table", [batch], (200, 150), block_ratings=5000)


@pytest.fixture
def occupied(tmp_path):
    """A folder that another run is in: another thread stands for another process."""
    folder, entered, leave = tmp_path / "out", threading.Event(), threading.Event()
    folder.mkdir()

    def stay():
        with lock_folder(folder):
            entered.set()
            leave.wait()

    other = threading.Thread(target=stay)
    other.start()
    entered.wait()
    yield folder
    leave.set()
    other.join()


def test_a_second_fit_in_a_folder_is_refused(occupied, table):
    with pytest.raises(ValueError, match=r"out: is in use by process \d+ on "):
        OutOfCore(client=None, folder=occupied, n_components=2).fit(table)


@pytest.mark.parametrize("command", ["fit", "resume"])
def test_a_second_command_is_refused_before_any_work(tmp_path, occupied, capsys, monkeypatch, command):
    rows = {"user": [1, 2, 1], "item": [1, 1, 2], "rating": [3.0, 4.0, 5.0]}
    pq.write_table(pa.table(rows), tmp_path / "r.parquet")
    monkeypatch.setattr("mho.cli.recommend.out_of_core.dask_client", lambda *_: pytest.fail("asked for workers"))
    options = [str(tmp_path / "r.parquet"), "-o", str(occupied), "--out-of-core"]
    if command == "resume":
        options = [str(occupied)]
        _state(occupied)
    assert main(["recommend", command, *options, "--dask", "tcp://127.0.0.1:1", "-q"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"mho: error: {occupied}: is in use by process ")
    assert told.count("\n") == 1


def _state(folder):
    from mho.recommend.distributed.fit_state import FitState

    facts = {"l2": 4.5, "l2_offset": 4.0, "product": 0.5}
    FitState(table="table", n_components=2, random_state=0, model=facts, rows="").begun(folder).write(folder)


def test_no_room_for_the_ratings_is_an_error_and_leaves_nothing(table):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, before[1]))
    try:
        with pytest.raises(OSError, match=r"values\.npy"):
            table.known()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not [path.name for path in table.folder.iterdir() if "known" in path.name or "lock" in path.name]
    assert table.known().nnz == table.n_ratings


def test_two_who_map_the_ratings_at_once_write_them_once(table):
    found = []
    readers = [threading.Thread(target=lambda: found.append(table.known().sum())) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert found == [found[0]] * 3
    assert {path.name for path in table.folder.iterdir()} == {"known", "users", "items", "table.json"}
