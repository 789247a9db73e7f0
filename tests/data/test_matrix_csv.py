"""Dense comma-separated values."""

import gzip

import numpy as np
import pytest

from mho.data import DataError, read_matrix, text


def write(path, content):
    content = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


@pytest.fixture(params=["x.csv", "x.csv.gz"])
def path(request, tmp_path):
    return tmp_path / request.param


@pytest.mark.parametrize(
    "content",
    [
        "1,2\n3,4\n",
        "1,2\n3,4",
        "1,2\r\n3,4\r\n",
        "a,b\n1,2\n3,4\n",
        '"first, of two","second"\n1,2\n3,4\n',
        "\ufeffa,b\n1,2\n3,4\n",
        "\ufeff1,2\n3,4\n",
        " 1 , 2\n3,4e0\n\n\n",
        "1,2\r\n3,4\r\n\r\n",
    ],
)
def test_same_matrix_however_written(path, content):
    np.testing.assert_array_equal(read_matrix(write(path, content)), [[1, 2], [3, 4]])


def test_empty_fields_and_nan_are_nan(path):
    read = read_matrix(write(path, ",,1,\nnan,NaN,2,3\n,4,,\n"))
    nan = np.nan
    np.testing.assert_array_equal(read, [[nan, nan, 1, nan], [nan, nan, 2, 3], [nan, 4, nan, nan]])


def test_numbers_come_back_to_the_last_bit(path):
    numbers = np.random.default_rng(0).lognormal(0, 20, (30, 11))
    write(path, "\n".join(",".join(map(repr, row)) for row in numbers.tolist()))
    np.testing.assert_array_equal(read_matrix(path), numbers)


def test_one_column(path):
    assert read_matrix(write(path, "value\n1\n2\n3\n")).shape == (3, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2\n3,x\n", "line 2, field 2: not a number: 'x'"),
        ("a,b\n1,2\n3,4\n5\n", "line 4 has 1 fields, must have 2"),
        ("1,2\n3,4,5\n", "line 2 has 3 fields"),
        ("1,2\n\n3,4\n", "line 2 is empty"),
        ("\n1,2\n", "line 1 is empty"),
        ("\n\n\n1,2\n", "line 1 is empty"),
        ("1,2\n3,1_000\n", "not a number: '1_000'"),
        ("1,2\n3, \n", "line 2, field 2: not a number: ' '"),
        ("id,2019\n1,2\n", "line 1, field 1: not a number: 'id'"),
        ("1;2\n3;4\n", "holds no numbers|not a number"),
        ("", "holds no numbers"),
        ("a,b\n", "holds no numbers"),
        ("\n\n", "holds no numbers"),
        (b"1,2\n3,\xff\xfe\n", "line 2, field 2: not a number"),
        (b"1,2\n3,\x1b[31m4\n", r"not a number: '\\x1b\[31m4'"),
        (b"1,2\r3,4\r", "line 1"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "line|numbers"),
        ("1,2\n3," + "9" * 100 + "x\n", r"not a number: '9{40}\.\.\.'"),
    ],
)
def test_bad_csv_names_the_line(path, content, message):
    with pytest.raises(DataError, match=message) as caught:
        read_matrix(write(path, content))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_line_numbers_and_values_hold_across_blocks(path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK_BYTES", 7)
    rows = [f"{i},{i / 7!r},{'' if i % 5 == 0 else i}" for i in range(200)]
    read = read_matrix(write(path, "a,b,c\r\n" + "\r\n".join(rows) + "\r\n\r\n\r\n"))
    np.testing.assert_array_equal(read[:, 1], np.arange(200) / 7)
    assert np.isnan(read[::5, 2]).all()
    rows[150] = "1,2,?"
    with pytest.raises(DataError, match="line 152, field 3"):
        read_matrix(write(path, "a,b,c\n" + "\n".join(rows)))
    rows[150] = ""
    with pytest.raises(DataError, match="line 152 is empty"):
        read_matrix(write(path, "a,b,c\n" + "\n".join(rows)))


def test_size_cap_stops_while_reading(path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK_BYTES", 1000)
    write(path, "1,2\n" * 10_000)
    with pytest.raises(DataError, match="max_bytes = 10,000"):
        read_matrix(path, max_bytes=10_000)
    assert read_matrix(path, max_bytes=160_000).shape == (10_000, 2)


def test_a_file_too_long_to_fit_is_refused_unread(tmp_path):
    with (tmp_path / "x.csv").open("wb") as stream:
        stream.truncate(2**40)  # sparse: takes no room on the disk
    with pytest.raises(DataError, match="max_bytes"):
        read_matrix(tmp_path / "x.csv")


def test_endless_line_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK_BYTES", 2**16)
    monkeypatch.setattr(text, "_LINE_BYTES", 2**18)
    with pytest.raises(DataError, match="line 2 is longer than 262,144 bytes"):
        read_matrix(write(tmp_path / "x.csv.gz", b"1\n" + b"1" * 2**20))


def test_damaged_gzip(tmp_path):
    path = write(tmp_path / "x.csv.gz", "1,2\n" * 1000)
    content = path.read_bytes()
    path.write_bytes(content[:-12])
    with pytest.raises(DataError, match=r"x\.csv\.gz: cannot be read"):
        read_matrix(path)
    path.write_bytes(b"1,2\n3,4\n")
    with pytest.raises(DataError, match=r"x\.csv\.gz: cannot be read: Not a gzipped file"):
        read_matrix(path)


def test_many_lines_come_back_to_the_last_bit(tmp_path):
    numbers = np.random.default_rng(0).random((4000, 50))
    np.savetxt(tmp_path / "x.csv", numbers, delimiter=",", fmt="%.17g")
    np.testing.assert_array_equal(read_matrix(tmp_path / "x.csv"), numbers)
