import gzip

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from mho.data import DataError, read_matrix, text

BANNER = "%%MatrixMarket matrix"


@pytest.fixture(params=["x.mtx", "x.mtx.gz"])
def path(request, tmp_path):
    return tmp_path / request.param


def write(path, content):
    path.write_bytes(gzip.compress(content.encode()) if path.name.endswith(".gz") else content.encode())
    return path


def test_sparse(path, tmp_path):
    stored = sp.random_array((30, 20), density=0.2, rng=np.random.default_rng(0))
    scipy.io.mmwrite(tmp_path / "y.mtx", stored, comment="one\ntwo", precision=17)
    read = read_matrix(write(path, (tmp_path / "y.mtx").read_text()))
    assert isinstance(read, sp.csr_array)
    np.testing.assert_array_equal(read.toarray(), stored.toarray())


def test_dense(path, tmp_path):
    stored = np.random.default_rng(0).random((6, 4))
    scipy.io.mmwrite(tmp_path / "y.mtx", stored, precision=17)
    np.testing.assert_array_equal(read_matrix(write(path, (tmp_path / "y.mtx").read_text())), stored)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("coordinate real symmetric\n2 2 2\n1 1 3\n2 1 4\n", [[3, 4], [4, 0]]),
        ("coordinate pattern general\n2 2 1\n2 1\n", [[0, 0], [1, 0]]),
        ("coordinate integer general\n\n% comment\n2 2 1\n\n2 1 5\n\n", [[0, 0], [5, 0]]),
        ("coordinate real general\r\n2 2 2\r\n2 1 5\r\n2 1 0.5\r\n", [[0, 0], [5.5, 0]]),
        ("coordinate real general\n2 2 0\n", [[0, 0], [0, 0]]),
    ],
)
def test_kinds(path, content, expected):
    read = read_matrix(write(path, f"{BANNER} {content}"))
    assert read.dtype == np.float64
    np.testing.assert_array_equal(read.toarray(), expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "line 1 must be"),
        ("hello\n", "line 1 must be"),
        (f"{BANNER} coordinate real general\n", "line 2 must give the size"),
        (f"{BANNER} coordinate real general\n% c\n2 2\n", "line 3 must give the size"),
        (f"{BANNER} coordinate real general\n2 2 -1\n", "line 2 must give the size"),
        (f"{BANNER} coordinate real general\n2 2 {10**30}\n", "line 2 must give the size"),
        (f"{BANNER} coordinate real general\n{10**15} 5 1\n1 1 1\n", "max_bytes"),
        (f"{BANNER} coordinate real general\n2 2 {10**15}\n1 1 1\n", "max_bytes"),
        (f"{BANNER} array real general\n{10**9} {10**9}\n1\n", "max_bytes"),
        (
            f"{BANNER} coordinate real general\n2 2 {10**7}\n1 1 1\n",
            "ends after 1 of the 10,000,000 entries line 2 prom",
        ),
        (f"{BANNER} array real general\n5000 5000\n1\n", "ends after 1 of the 25,000,000 entries"),
        (f"{BANNER} array real symmetric\n3 2\n1\n", "line 2: a symmetric matrix must be square"),
        (f"{BANNER} array real general\n0 3\n", "line 2: the matrix must not be empty"),
        (f"{BANNER} coordinate real general\n% c\n2 2 2\n1 1 1\n", "ends after 1 of the 2 entries line 3 promises"),
        (f"{BANNER} coordinate real general\n2 2 1\n3 1 1\n", r"line 3: \(3, 1\) is not in a matrix of 2 x 2"),
        (f"{BANNER} coordinate real general\n2 2 2\n1 1 1\n\n0 1 1\n", r"line 5: \(0, 1\) is not in"),
        (f"{BANNER} coordinate real general\n2 2 1\n1.5 1 1\n", r"line 3: \(1.5, 1\) is not in"),
        (f"{BANNER} coordinate real general\n2 2 1\nnan 1 1\n", r"line 3: \(nan, 1\) is not in"),
        (f"{BANNER} coordinate real general\n2 2 1\n1 1 x\n", "line 3, field 3: not a number: 'x'"),
        (f"{BANNER} coordinate real general\n2 2 1\n1 1\n", "line 3 has 2 fields, must have 3"),
        (
            f"{BANNER} coordinate real general\n2 2 1\n1 1 1\n2 2 2\n",
            "goes on after the 1 entries that line 2",
        ),
        (f"{BANNER} coordinate complex general\n2 2 1\n1 1 1 1\n", "line 1: the matrix must be one of real"),
        (f"{BANNER} coordinate real skew-symmetric\n2 2 1\n2 1 1\n", "line 1: the matrix must be one of"),
    ],
)
def test_bad_files_are_one_clear_error(path, content, message):
    with pytest.raises(DataError, match=message) as caught:
        read_matrix(write(path, content))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_dense_symmetric(path):
    read = read_matrix(write(path, f"{BANNER} array real symmetric\n3 3\n1\n2\n3\n4\n5\n6\n"))
    np.testing.assert_array_equal(read, [[1, 2, 3], [2, 4, 5], [3, 5, 6]])


def test_agrees_with_scipy_over_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK_BYTES", 64)
    stored = sp.random_array((40, 40), density=0.2, rng=np.random.default_rng(2))
    scipy.io.mmwrite(tmp_path / "x.mtx", stored + stored.T, symmetry="symmetric")
    expected = scipy.io.mmread(tmp_path / "x.mtx").toarray()
    np.testing.assert_array_equal(read_matrix(tmp_path / "x.mtx").toarray(), expected)


def test_cut_gzip(tmp_path):
    path = write(tmp_path / "x.mtx.gz", f"{BANNER} array real general\n20 20\n" + "0.123\n" * 400)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DataError, match=r"x\.mtx\.gz: cannot be read"):
        read_matrix(path)
