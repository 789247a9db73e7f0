"""Names of tables, standard input, losses, weights and scale on the command line."""

import gzip
import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp

import mho
from mho.cli import main
from mho.data import DataError
from mho.data.named_matrix import read_named_matrix

TABLE = "gene,a,b,c\nx,1,2,3\ny,2,4,6\nz,1,0,5\n"
NUMBERS = np.array([[1.0, 2, 3], [2, 4, 6], [1, 0, 5]])


@pytest.mark.parametrize(
    ("name", "text", "rows", "columns"),
    [
        ("t.csv", TABLE, ("x", "y", "z"), ("a", "b", "c")),
        ("t.tsv", TABLE.replace(",", "\t"), ("x", "y", "z"), ("a", "b", "c")),
        ("r.csv", TABLE.replace("gene,", "", 1), ("x", "y", "z"), ("a", "b", "c")),
        ("h.csv", "a,b,c\n1,2,3\n2,4,6\n1,0,5\n", (), ("a", "b", "c")),
        ("n.csv", "1,2,3\n2,4,6\n1,0,5\n", (), ()),
        ("n.tsv", "1\t2\t3\n2\t4\t6\n1\t0\t5\n", (), ()),
        ("s.csv", TABLE.replace(",", ";"), ("x", "y", "z"), ("a", "b", "c")),
        ("b.csv", TABLE.replace(",", "|"), ("x", "y", "z"), ("a", "b", "c")),
        ("i.csv", ",a,b,c\n0,1,2,3\n1,2,4,6\n2,1,0,5\n", ("0", "1", "2"), ("a", "b", "c")),
        ("p.csv", ",0,1,2\n7,1,2,3\n8,2,4,6\n9,1,0,5\n", ("7", "8", "9"), ("0", "1", "2")),
        ("o.csv", "a,b,c\n1,1,2,3\n2,2,4,6\n3,1,0,5\n", ("1", "2", "3"), ("a", "b", "c")),
        ("q.csv", 'id,"a","b","c"\n"x, y",1,2,3\ny,2,4,6\nz,1,0,5\n', ("x, y", "y", "z"), ("a", "b", "c")),
    ],
)
def test_the_names_of_a_table_are_read(tmp_path, name, text, rows, columns):
    (tmp_path / name).write_text(text)
    found = read_named_matrix(tmp_path / name)
    np.testing.assert_array_equal(found.X, NUMBERS)
    assert (found.rows, found.columns) == (rows, columns)


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("t.csv", "a;b;c\n1,5;2;3,25\n0;1.234,5;7\n", ()),
        ("t.tsv", "1,5\t2\t3,25\n0\t1234,5\t7\n", ()),
        ("t.csv", "id;a;b;c\nx;1,500;2;3,250\ny, z;0;1.234,500;7\n", ("x", "y, z")),
    ],
)
def test_decimal_commas_of_a_table_that_no_comma_parts(tmp_path, name, text, rows):
    (tmp_path / name).write_text(text)
    found = read_named_matrix(tmp_path / name)
    np.testing.assert_array_equal(found.X, [[1.5, 2, 3.25], [0, 1234.5, 7]])
    assert (found.rows, found.decimal_commas) == (rows, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1,500;2\n3,250;4\n", "numbers such as 1,500 may be thousands or fractions; write them with a decimal point"),
        ("1,5;2.5\n3,25;4\n", "some numbers have a comma, such as 1,5, and some a point, such as 2.5; write them"),
        ("1,5;2\n" * 60 + "1,5;2.5\n", "line 61: must hold numbers.*got '2.5 among decimal commas'"),
    ],
)
def test_commas_that_may_be_two_things_are_refused(tmp_path, text, told):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=told):
        read_named_matrix(tmp_path / "t.csv")


@pytest.mark.parametrize("wrong", ["cut short", "a long field"])
def test_a_table_that_is_damaged_after_its_first_lines_is_told_by_its_name(tmp_path, wrong):
    rows = "".join(f"r{n}\t{n % 7}\t{n * 31 % 1009}\n" for n in range(20_000))
    text = "id\ta\tb\n" + rows + ("x" * 200_000 + "\t1\t2\n") * (wrong == "a long field")
    data = gzip.compress(text.encode(), mtime=0)
    (tmp_path / "t.tsv.gz").write_bytes(data[: -len(data) // 4] if wrong == "cut short" else data)
    with pytest.raises(DataError, match=r"t\.tsv\.gz: ") as refused:
        read_named_matrix(tmp_path / "t.tsv.gz")
    assert len(str(refused.value).replace(str(tmp_path), "")) < 300


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (None, ()),
        ("column", ("x", "y", "z")),
        (["x", "y", "z"], ("x", "y", "z")),
        ([4, 2, 7], ("4", "2", "7")),
        ([["x", "x", "y"], [1, 2, 1]], ("x 1", "x 2", "y 1")),
    ],
)
def test_the_names_of_parquet_are_read(tmp_path, index, rows):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        NUMBERS, columns=["a", "b", "c"], index=index if isinstance(index, list) else None, dtype=np.float32
    )
    if index == "column":
        frame.insert(0, "gene", ["x", "y", "z"])
    frame.to_parquet(tmp_path / "t.parquet")
    found = read_named_matrix(tmp_path / "t.parquet")
    np.testing.assert_array_equal(found.X, NUMBERS)
    assert (found.rows, found.columns, found.X.dtype) == (rows, ("a", "b", "c"), np.float32)


@pytest.mark.filterwarnings("ignore:The 'future.infer_string'")  # anndata's own
@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix, sp.csc_matrix])
def test_cells_and_genes_of_an_anndata_are_names(tmp_path, monkeypatch, capsys, kind):
    anndata, pandas = pytest.importorskip("anndata"), pytest.importorskip("pandas")
    names = {"obs": list("xyz"), "var": list("abc")}
    frames = {part: pandas.DataFrame(index=pandas.Index(found, dtype=object)) for part, found in names.items()}
    anndata.AnnData(kind(NUMBERS), **frames).write(tmp_path / "t.h5ad")
    found = read_named_matrix(tmp_path / "t.h5ad")
    np.testing.assert_array_equal(found.X if kind is np.asarray else found.X.toarray(), NUMBERS)
    assert (found.rows, found.columns) == (("x", "y", "z"), ("a", "b", "c"))
    with pytest.raises(DataError, match=r"t\.h5ad: needs \d+ bytes of memory"):
        read_named_matrix(tmp_path / "t.h5ad", max_bytes=50)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO((tmp_path / "t.h5ad").read_bytes())))
    assert main(["factor", "-", "-k", "2", "-o", str(tmp_path / "f.safetensors")]) == 0
    assert "named rows and columns" in capsys.readouterr().out


def test_without_anndata_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "anndata", None)
    with pytest.raises(ImportError, match=r"t\.h5ad: needs anndata: pip install anndata"):
        read_named_matrix(tmp_path / "t.h5ad")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,a,b\nx,1,2\nx,3,4\n", "the row 'x' comes twice"),
        ("id,a,a\nx,1,2\ny,3,4\n", "the column 'a' comes twice"),
        ("id,a,b\nx,1,2\ny,3\n", "line 3: has 2 fields, others 3"),
        ("id,a,b\nx,1,2\ny,3,huh\n", "line 3: must hold numbers after the name, got 'huh'"),
        ("id,a,b\nx,1,2\ny,3,1_000\n", "line 3: must hold numbers after the name, got '1_000'"),
        ("id,a,b\nx,1,2\ny,\uff13,4\n", "line 3: must hold numbers after the name, got '\uff13'"),
        ("id,a,b\nx,1,2\ny,\xa03,4\n", "line 3: must hold numbers after the name"),
        (
            "a,b\nn/a,2\n3,4\n",
            "the first column must hold numbers, or names of the rows that are none, got 'n/a' and '3'",
        ),
        ("a,b\n3,2\nn/a,4\n", "got 'n/a' and '3'"),
    ],
)
def test_a_wrong_table_is_named_by_line(tmp_path, text, says):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=says):
        read_named_matrix(tmp_path / "t.csv")


def test_names_come_back_with_the_factors(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(TABLE.encode())))
    out = tmp_path / "f.safetensors"
    command = ["factor", "-", "-k", "2", "-o", str(out), "--tables", str(tmp_path), "--scaled", "--loss"]
    assert main([*command, "kullback-leibler"]) == 0
    W, H, about = mho.data.read_factors(out)
    assert json.loads(about["row_names"]) == ["x", "y", "z"]
    assert json.loads(about["column_names"]) == ["a", "b", "c"]
    assert about["loss"] == "kullback-leibler"
    np.testing.assert_allclose(H.sum(axis=1), 1)
    for name, values in (("W", W), ("H", H)):
        table = read_named_matrix(tmp_path / f"{name}.csv")
        np.testing.assert_array_equal(table.X, values)
    assert table.columns == ("a", "b", "c")
    assert "named rows and columns" in capsys.readouterr().out


def test_weights_count_and_must_fit(tmp_path, capsys):
    (tmp_path / "x.csv").write_text("1,2,3\n2,4,600\n3,6,9\n")
    (tmp_path / "w.csv").write_text("1,1,1\n1,1,0\n1,1,1\n")
    (tmp_path / "s.csv").write_text("1,1\n1,1\n")
    out = tmp_path / "f.safetensors"
    command = ["factor", str(tmp_path / "x.csv"), "-k", "1", "-o", str(out), "-q", "--weights"]
    assert main([*command, str(tmp_path / "w.csv")]) == 0
    W, H, _ = mho.data.read_factors(out)
    assert (W @ H)[1, 2] == pytest.approx(6, rel=1e-2)
    assert main([*command, str(tmp_path / "s.csv")]) == 2
    assert "must have the input's shape (3, 3), got (2, 2)" in capsys.readouterr().err
    assert main([*command, str(tmp_path / "w.csv"), "--loss", "huber"]) == 2
    assert "--weights are for --loss frobenius" in capsys.readouterr().err
