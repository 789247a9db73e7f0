"""One entry a line, in csv and parquet."""

import numpy as np
import pytest
import scipy.sparse as sp

from mho.data import DataError, read_matrix, text


def triplets(path, content):
    path.write_text(content, encoding="utf-8")
    return read_matrix(path, layout="triplets")


def test_ids_that_are_whole_numbers_are_ordered_by_value(tmp_path):
    read = triplets(tmp_path / "x.csv", "user,item,stars,when\n10,7,1.5,x\n9,7,2,y\n9,100,0,z\n")
    assert isinstance(read, sp.csr_array)
    np.testing.assert_array_equal(read.toarray(), [[2, 0], [1.5, 0]])
    assert read.nnz == 3  # a known zero stays an entry


def test_other_ids_are_ordered_as_text(tmp_path):
    read = triplets(tmp_path / "x.csv", 'b,10,1\na,9,2\n"c, d",é,3\nb,9,4\n')
    np.testing.assert_array_equal(read.toarray(), [[0, 2, 0], [1, 4, 0], [0, 0, 3]])


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_the_first_line_shows_what_parts_the_fields(tmp_path, mark):
    lines = [mark.join(fields) for fields in (("who", "what", "stars"), ("a, b", "7", "1.5"), ("c", "8", "2"))]
    np.testing.assert_array_equal(triplets(tmp_path / "x.csv", "\n".join(lines)).toarray(), [[1.5, 0], [0, 2]])


def test_ids_of_one_value_but_different_text_stay_different(tmp_path):
    assert triplets(tmp_path / "x.csv", "1,a,1\n01,a,2\n").shape == (2, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2,3\n1,2\n", "line 2 must be row,column,value, has 2 fields"),
        ("r,c,v\n1,2,3\n1,3,x\n", "line 3: the value must be a finite number, got 'x'"),
        ("1,2,3\n1,3,\n", "line 2: the value must be a finite number, got ''"),
        ("1,2,3\n1,3,nan\n", "line 2: the value must be a finite number, got 'nan'"),
        ("1,2,3\n1,3,inf\n", "line 2"),
        ("r,c,v\n1,2,3\n1,3,4\n1,2,5\n1,3,5\n", "line 4 gives an entry that an earlier line gives"),
        ("r,c,v\n", "holds no entries"),
        ("", "holds no entries"),
        ("1,2,3\n\n1,3,4\n", "line 2 is empty"),
        ('1,2,3\n"1,3,4\n2,3,4\n', "line 2: not comma-separated fields"),
        ('1,2,3\n"1,3,4\n2,3",3,4\n', "line 2: not comma-separated fields"),
        ("1;2;3\n1;3;2,5\n", "line 2: the value must be a finite number, got '2,5'"),
        ('1;2;3\n"1;3;4\n', "line 2: not semicolon-separated fields"),
        ("1,2,3\n1," + "y" * 200_000 + ",4\n", "line 2: not comma-separated fields: field larger than"),
    ],
)
def test_bad_lines_are_named(tmp_path, content, message):
    with pytest.raises(DataError, match=message) as caught:
        triplets(tmp_path / "x.csv", content)
    assert str(tmp_path / "x.csv") in str(caught.value)


def test_text_must_be_utf8(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a,b,1\nc,\xff,2\n")
    with pytest.raises(DataError, match="line 2 is not UTF-8"):
        read_matrix(tmp_path / "x.csv", layout="triplets")


def test_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK_BYTES", 64)
    rng = np.random.default_rng(3)
    stored = sp.random_array((40, 30), density=0.4, rng=rng, format="coo")
    order = rng.permutation(stored.nnz)
    lines = [f"r{stored.row[i]:02},{stored.col[i]},{float(stored.data[i])!r}" for i in order]
    read = triplets(tmp_path / "x.csv", "row,column,value\n" + "\n".join(lines))
    np.testing.assert_array_equal(read.toarray(), stored.toarray())
    lines.append(lines[100])
    with pytest.raises(DataError, match=f"line {len(lines) + 1} gives an entry"):
        triplets(tmp_path / "x.csv", "row,column,value\n" + "\n".join(lines))


def test_size_cap(tmp_path):
    (tmp_path / "x.csv").write_text("\n".join(f"{i},{i},1" for i in range(100)))
    with pytest.raises(DataError, match="max_bytes"):
        read_matrix(tmp_path / "x.csv", layout="triplets", max_bytes=10_000)


def test_a_hundred_thousand_lines(tmp_path):
    (tmp_path / "x.csv").write_text("\n".join(f"{i % 1009},{i // 1009},{i + 1}" for i in range(100_000)))
    read = read_matrix(tmp_path / "x.csv", layout="triplets")
    by_column = np.append(np.arange(100_000) + 1, np.zeros(-100_000 % 1009)).reshape(-1, 1009)
    np.testing.assert_array_equal(read.toarray(), by_column.T)


def test_layout_needs_a_table(tmp_path):
    with pytest.raises(ValueError, match=r"layout='triplets' the name must end in one of \.csv, \.csv\.gz, \.parquet"):
        read_matrix(tmp_path / "x.npy", layout="triplets")


@pytest.fixture
def parquet():
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")

    def write(path, columns, **options):
        pq.write_table(pa.table(columns), path, **options)
        return path

    return write


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("row_group_size", [1000, 7])
def test_parquet_agrees_with_csv(tmp_path, parquet, as_text, row_group_size):
    rng = np.random.default_rng(4)
    stored = sp.random_array((20, 15), density=0.5, rng=rng, format="coo")
    rows = [f"user {i}" if as_text else int(i) for i in stored.row]
    columns = {"u": rows, "i": stored.col, "v": stored.data, "more": ["x"] * stored.nnz}
    parquet(tmp_path / "x.parquet", columns, row_group_size=row_group_size)
    lines = [f"{u},{i},{v!r}" for u, i, v in zip(rows, stored.col, stored.data.tolist(), strict=True)]
    expected = triplets(tmp_path / "x.csv", "\n".join(lines))
    read = read_matrix(tmp_path / "x.parquet", layout="triplets")
    np.testing.assert_array_equal(read.toarray(), expected.toarray())


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"u": [1, 1], "v": [1.0, 2.0]}, "must have the columns row, column, value, has 2"),
        ({"u": [1, 1], "i": [2, 2], "v": [1.0, 2.0]}, "row 2 gives an entry that an earlier row gives"),
        ({"u": [1, None], "i": [2, 2], "v": [1.0, 2.0]}, "column 'u' must hold an id in every row, 1 are empty"),
        ({"u": [1, 2], "i": [2, 2], "v": [1.0, None]}, "row 2: the value must be a finite number"),
        ({"u": [1, 2], "i": [2, 2], "v": ["1", "2"]}, "column 'v' must hold numbers, holds string"),
        ({"u": [1.5, 2], "i": [2, 2], "v": [1.0, 2.0]}, "column 'u' must hold ids"),
        ({"u": [[1], [2]], "i": [2, 2], "v": [1.0, 2.0]}, "column 'u' must hold ids"),
    ],
)
def test_bad_parquet_triplets(tmp_path, parquet, columns, message):
    with pytest.raises(DataError, match=message):
        read_matrix(parquet(tmp_path / "x.parquet", columns), layout="triplets")


def test_one_long_id_repeated_takes_the_memory_of_one(tmp_path, parquet):
    pa = pytest.importorskip("pyarrow")
    n = 20_000  # 20 GB of text, were it written out
    ids = pa.DictionaryArray.from_arrays(np.zeros(n, np.int32), ["x" * 10**6])
    path = parquet(tmp_path / "x.parquet", {"u": ids, "i": np.arange(n), "v": np.ones(n)}, store_schema=False)
    assert read_matrix(path, layout="triplets", max_bytes=10**7).shape == (1, n)


def test_parquet_matrix(tmp_path, parquet):
    columns = {"a": [1, 2, None], "b": [0.5, None, 2], "c": [True, False, None]}
    read = read_matrix(parquet(tmp_path / "x.parquet", columns))
    np.testing.assert_array_equal(read, [[1, 0.5, 1], [2, np.nan, 0], [np.nan, 2, np.nan]])


def test_parquet_keeps_float32(tmp_path, parquet):
    columns = {"a": np.ones(3, np.float32), "b": np.zeros(3, np.float32)}
    assert read_matrix(parquet(tmp_path / "x.parquet", columns)).dtype == np.float32


def test_parquet_matrix_of_text_names_the_column(tmp_path, parquet):
    with pytest.raises(DataError, match="column 'name' must hold numbers, holds string"):
        read_matrix(parquet(tmp_path / "x.parquet", {"a": [1, 2], "name": ["x", "y"]}))


def test_parquet_size_cap_from_the_metadata(tmp_path, parquet):
    path = parquet(tmp_path / "x.parquet", {"a": np.zeros(10**6)})
    with pytest.raises(DataError, match="needs 8,000,000 bytes"):
        read_matrix(path, max_bytes=10**6)


@pytest.mark.parametrize("keep", [0, 3, 100, 0.5, 0.99])
def test_cut_parquet(tmp_path, parquet, keep):
    path = parquet(tmp_path / "x.parquet", {"a": np.random.default_rng(0).random(1000)})
    content = path.read_bytes()
    path.write_bytes(content[: int(keep if keep >= 1 else keep * len(content))])
    with pytest.raises(DataError, match=r"x\.parquet: cannot be read"):
        read_matrix(path)


def test_flipped_bits_in_parquet(tmp_path, parquet):
    path = parquet(tmp_path / "x.parquet", {"a": np.random.default_rng(0).random(1000)}, compression="zstd")
    content = bytearray(path.read_bytes())
    content[20:60] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"x\.parquet: cannot be read"):
        read_matrix(path)


def test_without_pyarrow_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install 'mho\[recommend\]'"):
        read_matrix(tmp_path / "x.parquet")
