import csv
import gzip

import numpy as np
import pytest

from mho.data import Categorical, DataError, TableFormat, read_interactions

pytest.importorskip("pyarrow")


def columns(table):
    return table.users.ids[table.users.codes].tolist(), table.items.ids[table.items.codes].tolist()


@pytest.mark.parametrize("content", ["7,b,1\n3,a,2\n", "who,what,stars\n7,b,1\n3,a,2", "7\tb\t1\n3\ta\t2\n\n"[:-1]])
def test_text_is_read_with_and_without_a_header(tmp_path, content):
    (tmp_path / "t.csv").write_text(content)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(content.encode()))
    for name in ("t.csv", "t.csv.gz"):
        table = read_interactions(tmp_path / name)
        assert columns(table) == ([7, 3], ["b", "a"])
        assert table.ratings.tolist() == [1, 2]
        assert table.rejected == ()


def test_columns_are_found_by_name(tmp_path):
    (tmp_path / "t.csv").write_text("rating,user,item\n1,7,b\n")
    assert columns(read_interactions(tmp_path / "t.csv")) == ([7], ["b"])
    (tmp_path / "t.csv").write_text("when,who,what\n1,7,b\n")
    table = read_interactions(tmp_path / "t.csv", TableFormat(columns=("who", "what")))
    assert columns(table) == ([7], ["b"])
    assert table.ratings is None


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("User,ITEM,Rating", "7,b,1"),
        ('"user_id","item_id","when","rating"', "7,b,9,1"),
        ('"who, that is","what","stars"', "7,b,1"),
        ("rating:float\tuser_id:token\titem_id:token", "1\t7\tb"),
        ("\ufeffuserId,movieId,rating", "7,b,1"),
    ],
)
def test_headers_of_many_kinds(tmp_path, header, row):
    (tmp_path / "t.csv").write_bytes(f"{header}\r\n{row}\r\n".encode())
    table = read_interactions(tmp_path / "t.csv")
    assert columns(table) == ([7], ["b"])
    assert table.ratings.tolist() == [1]


def test_two_columns_may_have_a_header(tmp_path):
    (tmp_path / "t.csv").write_text("User_ID,Item_ID\n7,b\n")
    assert columns(read_interactions(tmp_path / "t.csv")) == ([7], ["b"])


def test_a_first_row_of_numbers_is_no_header(tmp_path):
    (tmp_path / "t.csv").write_text("1,2,x\n7,3,1\n")
    table = read_interactions(tmp_path / "t.csv")
    assert columns(table) == ([7], [3])
    assert [row.line for row in table.rejected] == [1]


def test_every_line_is_read_or_told(tmp_path):
    """Random damage: what is read and what is told are all the lines, each once, each in its place."""
    rng = np.random.default_rng(0)
    bad = np.flatnonzero(rng.random(5000) < 0.1)
    lines = np.array([f"{row},{row % 50},{row % 5}" for row in range(5000)], object)
    lines[bad] = rng.choice(
        [
            "1,2",
            "1,2,3,4",
            ",2,3",
            "1,,3",
            "1,2,x",
            "1,2,nan",
            "1,2,-x",
            "1,2,",
            "1,2,1_0",
            "",
            '"1,2,3',
            '1,"2,3',
            '1,2,"',
            'x"y,"z',
        ],
        len(bad),
    )
    (tmp_path / "t.csv").write_text("\n".join(["user,item,rating", *lines]) + "\n")
    table = read_interactions(tmp_path / "t.csv")
    good = np.setdiff1d(np.arange(5000), bad)
    assert columns(table) == (good.tolist(), (good % 50).tolist())
    np.testing.assert_array_equal(table.ratings, good % 5)
    assert [row.line for row in table.rejected] == (bad + 2).tolist()


def test_ids_are_numbers_only_if_all_are_written_like_numbers(tmp_path):
    (tmp_path / "t.csv").write_text("user,item,rating\n01,1,1\n1,-2,1\n")
    assert columns(read_interactions(tmp_path / "t.csv")) == (["01", "1"], [1, -2])


def test_bytes_that_are_no_text_are_told(tmp_path):
    """One line of each kind among many that can be read."""
    lines = [b"%d,%d,1" % (row, row % 7) for row in range(500)]
    damage = {
        2: (b"Jos\xe9,1,1", "the id is not UTF-8 text"),
        70: (b"Jos\xe9,1", "is not one row of fields"),
        130: (b"1,2,3,\xe9", "is not one row of fields"),
        200: (b"\xff", "is not one row of fields"),
        260: (b"1\x00,2,3", "the id has a NUL in it"),
        330: (b"1,2,3\x00", r"the rating must be a finite number >= 0, is '3\x00'"),
        390: (b"1," + b"x" * 5000 + b",3", "the id is longer than 4,096 bytes"),
        450: (b"1,2," + b"9" * 5000, f"the rating must be a finite number >= 0, is '{40 * '9'}...'"),
    }
    for row, (text, _) in damage.items():
        lines[row] = text
    (tmp_path / "t.csv").write_bytes(b"user,item,rating\n" + b"\n".join(lines))
    table = read_interactions(tmp_path / "t.csv")
    assert [(row.line, row.reason) for row in table.rejected] == [(r + 2, reason) for r, (_, reason) in damage.items()]
    assert columns(table)[0] == [row for row in range(500) if row not in damage]


def test_quotes_are_read_where_they_are_closed(tmp_path):
    (tmp_path / "t.csv").write_text('user,item,rating\n"a,b","5"" nail",1\n"open,x,2\n5" nail,x,3\n"c","y",4\n')
    table = read_interactions(tmp_path / "t.csv")
    assert columns(table) == (["a,b", '5" nail', "c"], ['5" nail', "x", "y"])
    assert [row.line for row in table.rejected] == [3]


def test_a_row_may_go_on_in_the_next_line_within_quotes(tmp_path, monkeypatch):
    """Against the csv module; reviews with all that confuses, and rows damaged elsewhere, in blocks of any length."""
    rng = np.random.default_rng(3)
    reviews = ["good", "a\nb", 'he said "go on"\n\nand, well, 3, four', "", "x\n", "\n7,b\n"]
    rows = [(f"u{j % 50}", f"i\n{j % 7}", reviews[j % 6], str(j % 5)) for j in range(300)]
    for j in rng.choice(300, 20, replace=False):
        rows[j] = (f"u{j}", "plain", "short", "many")
    with (tmp_path / "t.csv").open("w", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerows([("user", "item", "review", "rating"), *rows])
    lines, number = [], 2
    for row in rows:
        lines.append(number)
        number += 1 + sum(field.count("\n") for field in row)
    good = [row for row in rows if row[3] != "many"]
    for length in (100, 999, 2**24):
        monkeypatch.setattr("mho.data.text._BLOCK_BYTES", length)
        table = read_interactions(tmp_path / "t.csv")
        assert columns(table) == ([row[0] for row in good], [row[1] for row in good])
        assert table.ratings.tolist() == [float(row[3]) for row in good]
        assert [row.line for row in table.rejected] == [
            n for n, row in zip(lines, rows, strict=True) if row not in good
        ]


def test_a_quote_that_was_not_closed_takes_no_rows_with_it(tmp_path):
    text = ['1,2,"', "3,4,5", '1,2,"', "6,7,1"]
    (tmp_path / "t.csv").write_text("\n".join(["user,item,rating", *text]))
    table = read_interactions(tmp_path / "t.csv")
    assert columns(table) == ([3, 6], [4, 7])
    assert [row.line for row in table.rejected] == [2, 4]


def test_lines_are_counted_over_the_blocks_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("mho.data.text._BLOCK_BYTES", 64)
    lines = [f"{row},{row % 7},1" for row in range(100)]
    for bad in (0, 40, 41, 99):
        lines[bad] = '"' + lines[bad]
    lines[60] = ""
    (tmp_path / "t.csv").write_text("\n".join(lines[1:]))
    table = read_interactions(tmp_path / "t.csv")
    assert [row.line for row in table.rejected] == [40, 41, 60, 99]
    assert columns(table)[0] == np.setdiff1d(np.arange(1, 100), [40, 41, 60, 99]).tolist()


@pytest.mark.parametrize(
    ("texts", "dtype"), [(["4.5", "1e3"], np.float32), (["0.1", "3"], np.float64), (["1e300", "3"], np.float64)]
)
def test_ratings_are_single_where_that_is_exact(tmp_path, texts, dtype):
    (tmp_path / "t.csv").write_text("".join(f"1,{item},{text}\n" for item, text in enumerate(texts)))
    ratings = read_interactions(tmp_path / "t.csv").ratings
    assert ratings.dtype == dtype
    assert ratings.tolist() == [float(text) for text in texts]


@pytest.mark.parametrize("ids", [["a"] * 999 + ["b" * 1000], range(1000), [f"{i:09}" for i in range(1000)]])
def test_a_table_that_is_too_large_is_refused(tmp_path, ids):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    (tmp_path / "t.csv").write_text("".join(f"{x},{x},3\n" for x in ids))
    parquet.write_table(pa.table({"user": list(ids), "item": list(ids)}), tmp_path / "t.parquet")
    for name in ("t.csv", "t.parquet"):
        with pytest.raises(DataError, match="more than max_bytes = 15,000"):
            read_interactions(tmp_path / name, max_bytes=15_000)
        assert len(read_interactions(tmp_path / name, max_bytes=200_000)) == 1000


def test_parquet_with_gaps_and_text(tmp_path):
    pandas = pytest.importorskip("pandas")
    content = {"user": ["x", None, "y", "x"], "item": [3, 4, 5, 3], "rating": [1.0, 2.0, np.nan, 4.0]}
    pandas.DataFrame(content).to_parquet(tmp_path / "t.parquet")
    table = read_interactions(tmp_path / "t.parquet")
    assert columns(table) == (["x", "x"], [3, 3])
    assert [row.line for row in table.rejected] == [2, 3]
    pandas.DataFrame({"user": [1]}).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match="must have the columns user and item, has only 'user'"):
        read_interactions(tmp_path / "t.parquet")


def test_whole_numbers_that_pandas_made_floats_of_are_whole_numbers(tmp_path):
    pandas = pytest.importorskip("pandas")
    pandas.DataFrame({"user": [3, None, 2], "item": [1.0, 2.0, 2.5]}).to_parquet(tmp_path / "t.parquet")
    table = read_interactions(tmp_path / "t.parquet")
    assert columns(table) == ([3, 2], ["1", "2.5"])


def test_parquet_of_odd_types(tmp_path):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    ids = {"user": pa.array([1.5, np.nan, 2.0]), "item": pa.array([b"ab", b"cd", b"\xff\xfe"], pa.binary(2))}
    parquet.write_table(pa.table(ids), tmp_path / "t.parquet")
    table = read_interactions(tmp_path / "t.parquet")
    assert columns(table) == (["1.5"], ["ab"])
    assert [row.reason for row in table.rejected] == ["the id is NaN", "the id is not UTF-8 text"]
    parquet.write_table(pa.table({"user": [[1]], "item": [1]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="column 'user' must hold one number or text a row, holds list"):
        read_interactions(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "t.csv: is empty"),
        (b"user item\n1 2\n", "is 'user item'; anything else is taken by sep="),
        (b"user,item\r1,2\r", "has a carriage return within line 1"),
        ("user,item\n1,2\n".encode("utf-16"), "is UTF-16 text"),
        (gzip.compress(b"user,item\n1,2\n", mtime=0), r"is gzipped; its name must then end in \.gz"),
        (b"user,item,rating\n", "holds no row that can be read"),
        (b"user,item,rating\n1,2,x\n", r"holds no row that can be read; line 2: the rating must be a finite number"),
        (b"user,item,user\n1,2,3\n", "the names of its columns must differ"),
    ],
)
def test_what_is_no_table_is_named(tmp_path, content, message):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_interactions(tmp_path / "t.csv")


def test_codes_can_be_cut_and_made_compact():
    column = Categorical(np.array(["c", "a", "b"]), np.array([0, 1, 0, 2]))[np.array([0, 1, 2])].compact()
    assert column.ids.tolist() == ["a", "c"]
    assert column.codes.tolist() == [1, 0, 1]
