import mmap

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp

from mho.data import DataError
from mho.data.sealed_json import read_facts, write_facts
from mho.recommend.distributed import BlockTable, ParquetRatings
from mho.recommend.distributed.block_table import _FACTS, _FORMAT

SHAPE = 70, 40


@pytest.fixture
def batches():
    """Four batches with heavy tails, so that pairs come again, within a batch and in later ones."""
    rng = np.random.default_rng(1)
    return [
        (*((n * rng.random(300) ** 2).astype(np.int32) for n in SHAPE), rng.integers(0, 6, 300).astype(np.float32))
        for _ in range(4)
    ]


def last_of_each(batches):
    known = {(u, i): r for batch in batches for u, i, r in zip(*batch, strict=True)}
    (u, i), r = zip(*known, strict=True), list(known.values())
    return sp.coo_array((r, (u, i)), shape=SHAPE)


def assert_same(whole, known):
    assert whole.nnz == known.nnz  # zeros that are known included
    assert (whole != known.tocsc()).nnz == 0


@pytest.mark.parametrize("most", [10, 100, 10_000])
def test_blocks_by_user_and_by_item_are_the_table(tmp_path, batches, most):
    table, known = BlockTable.write(tmp_path / "t", batches, SHAPE, block_ratings=most), last_of_each(batches)
    assert_same(sp.hstack([block.read() for block in table.users], format="csc").T.tocsc(), known)
    assert_same(sp.hstack([block.read() for block in table.items], format="csc"), known)
    assert table.n_ratings == known.nnz
    assert table.mean == pytest.approx(known.data.mean())
    assert BlockTable.open(tmp_path / "t") == table
    for block in (*table.users, *table.items):
        assert block.read().nnz <= most or block.end == block.begin + 1


def write_parquet(path, batches, user_ids, item_ids):
    users, items, ratings = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    columns = {"rating": ratings, "user": user_ids[users], "item": item_ids[items]}
    pq.write_table(pa.table(columns), path, row_group_size=250)


IDS = {
    "numbers": np.arange(1000) * 7 - 50,
    "text": np.array([f"{j % 10}-{j}" for j in range(1000)]),
    "text in some batches": np.array([*map(str, range(30)), *(f"x{j}" for j in range(970))]),
}


@pytest.mark.parametrize("kind", IDS)
def test_a_parquet_file_with_ids_of_any_kind_gives_its_batches(tmp_path, batches, kind):
    ids = IDS[kind]
    write_parquet(tmp_path / "r.parquet", batches, ids, ids[::-1])
    source = ParquetRatings(tmp_path / "r.parquet", batch_rows=77)
    table = BlockTable.write(tmp_path / "t", source, source.shape, block_ratings=100, ids=source.ids)
    expected, (users, items) = last_of_each(batches), table.ids
    known = table.known().tocoo()
    named = dict(zip(zip(users[known.coords[0]], items[known.coords[1]], strict=True), known.data, strict=True))
    assert named == dict(zip(zip(ids[expected.row], ids[::-1][expected.col], strict=True), expected.data, strict=True))
    assert users.tolist() == sorted(set(ids[expected.row].tolist()))


def test_rows_that_cannot_be_read_are_left_out_and_told(tmp_path):
    columns = {"user": ["a", None, "b", ""], "item": [1, 1, 2, 2], "rating": [1.0, 2.0, np.nan, 3.0]}
    pq.write_table(pa.table(columns), tmp_path / "r.parquet")
    parts = []
    source = ParquetRatings(tmp_path / "r.parquet", batch_rows=3, follow=parts.append)
    assert source.shape == (1, 1)
    assert [row.line for part in parts for row in part.rejected] == [2, 3, 4]
    assert source.rows == 4
    assert [batch[2].tolist() for batch in source] == [[1.0], []]


def origin(array):
    """What a view is a view of in the end."""
    while (base := getattr(array, "base", None)) is not None:
        array = base
    return array


def test_what_is_known_stays_on_disk(tmp_path, batches):
    table = BlockTable.write(tmp_path / "t", batches, SHAPE, block_ratings=100)
    known = table.known()
    assert_same(known.tocsc(), last_of_each(batches))
    assert isinstance(origin(known.data), mmap.mmap)
    assert isinstance(origin(known.indices), mmap.mmap)
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "t" / "known").iterdir()}
    table.known()
    assert written == {path: path.stat().st_mtime_ns for path in (tmp_path / "t" / "known").iterdir()}


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (([70], [0], [1.0]), "users must be whole numbers from 0 to 69, got 70 to 70"),
        (([0], [-1], [1.0]), "items must be whole numbers from 0 to 39, got -1 to -1"),
        (([0], [0], [-1.0]), "ratings"),
        (([0], [0], [np.nan]), "ratings"),
        (([], [], []), "at least one"),
    ],
)
def test_what_is_no_rating_is_refused(tmp_path, batch, message):
    arrays = tuple(np.array(x, kind) for x, kind in zip(batch, (np.int64, np.int64, np.float32), strict=True))
    with pytest.raises(ValueError, match=message):
        BlockTable.write(tmp_path / "t", [arrays], SHAPE)


def test_a_table_that_is_not_whole_is_refused(tmp_path, batches):
    BlockTable.write(tmp_path / "t", batches, SHAPE)
    (tmp_path / "t" / "table.json").write_text("{}")
    for folder in (tmp_path / "t", tmp_path / "nowhere"):
        with pytest.raises(DataError, match="holds no whole table of ratings"):
            BlockTable.open(folder)


def test_numbers_that_are_whole_in_some_batches_alone_are_one_kind_of_id(tmp_path):
    ids = pa.array([2.0, 1.0, 2.5, 1.0])
    pq.write_table(pa.table({"user": ids, "item": [1, 2, 3, 4], "rating": [1, 2, 3, 4]}), tmp_path / "r.parquet")
    source = ParquetRatings(tmp_path / "r.parquet", batch_rows=2)
    assert source.ids[0].tolist() == ["1", "2", "2.5"]
    assert [u.tolist() for u, _, _ in source] == [[1, 0], [2, 0]]


def test_a_table_without_ratings_is_named(tmp_path):
    pq.write_table(pa.table({"user": [1], "item": [2]}), tmp_path / "r.parquet")
    with pytest.raises(DataError, match=r"r\.parquet: has no column of ratings"):
        ParquetRatings(tmp_path / "r.parquet").shape  # noqa: B018


@pytest.mark.parametrize("cuts", [[0, 5, 2**36], [1, 5], [0, 3, 3, 5], [0, 5.0], [], "05"])
def test_cuts_that_are_not_of_the_table_are_refused(tmp_path, batches, cuts):
    BlockTable.write(tmp_path / "t", batches, SHAPE)
    facts, _ = read_facts(tmp_path / "t" / _FACTS, _FORMAT, None)
    write_facts(tmp_path / "t" / _FACTS, _FORMAT, facts | {"users": cuts})
    with pytest.raises(DataError, match=r"blocks of users do not go from 0 to"):
        BlockTable.open(tmp_path / "t")
