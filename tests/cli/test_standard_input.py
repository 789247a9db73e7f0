"""Standard input where a file is read: told apart by its first bytes."""

import gzip
import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.io
import scipy.sparse

import mho as library
from mho.data import DataError


@pytest.fixture
def given(monkeypatch):
    def give(data):
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))

    return give


def _npy(X):
    file = io.BytesIO()
    np.save(file, X)
    return file.getvalue()


def _npz(X):
    file = io.BytesIO()
    scipy.sparse.save_npz(file, scipy.sparse.csr_array(X))
    return file.getvalue()


def _mtx(X):
    file = io.BytesIO()
    scipy.io.mmwrite(file, scipy.sparse.coo_array(X))
    return file.getvalue()


def _csv(X):
    file = io.BytesIO()
    np.savetxt(file, X, delimiter=",")
    return file.getvalue()


FORMS = {
    "npy": _npy,
    "npz": _npz,
    "mtx": _mtx,
    "csv": _csv,
    "mtx.gz": lambda X: gzip.compress(_mtx(X)),
    "csv.gz": lambda X: gzip.compress(_csv(X)),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_matrix_is_read_as_from_a_file(mho, given, matrix, out, form):
    given(FORMS[form](matrix))
    code, printed, said = mho("factor", "-", "-k", 3, "-o", out, "--json", "-q")
    assert code == 0, said
    W, H, _ = library.data.read_factors(out)
    assert json.loads(printed)["rows"] == 30
    assert np.linalg.norm(matrix - W @ H) <= 1e-5 * np.linalg.norm(matrix)


def test_ratings(mho, given, tmp_path):
    rows = "".join(f"{u},{i},{1 + (u + i) % 5}\n" for u in range(9) for i in range(7) if u + i)
    given(f"user,item,rating\n{rows}".encode())
    assert mho("recommend", "fit", "-", "-k", 2, "--max-iter", 2, "-o", tmp_path / "m.npz")[0] == 0
    given(b'{"user": 0, "item": 0, "rating": 3}\n')
    code, _, said = mho("recommend", "eval", tmp_path / "m.npz", "-")
    assert code == 0, said


def test_a_recorded_run(mho, given, source, out, tmp_path):
    run = tmp_path / "run.json"
    settings = ("-k", 2, "--engine", "analog", "--max-iter", 2)
    assert mho("factor", source, *settings, "-o", out, "--ledger", run, "-q")[0] == 0
    given(run.read_bytes())
    code, printed, said = mho("cost", "-", "--json")
    assert code == 0, said
    assert json.loads(printed)["iterations"] == 2


def test_counts_of_mutations(mho, given, tmp_path):
    counts = np.random.default_rng(0).poisson(20.0, (12, 6))
    given("\n".join(["a,b,c,d,e,f", *(",".join(map(str, row)) for row in counts)]).encode())
    code, printed, said = mho("signatures", "-", "-k", 2, "--starts", 2, "--json")
    assert code == 0, said
    assert json.loads(printed)["samples"] == 12


def test_a_recording(mho, given, tmp_path):
    seconds = np.arange(400)
    rows = zip(seconds, 20 + np.random.default_rng(0).normal(0, 0.1, 400), strict=True)
    given(("time,temp\n" + "".join(f"{t},{x:.4f}\n" for t, x in rows)).encode())
    code, printed, said = mho("monitor", "learn", "-", "-o", tmp_path / "m.mon", "--json")
    assert code == 0, said
    assert json.loads(printed)["model"] == str(tmp_path / "m.mon")


def test_a_circuit(mho, given, tmp_path):
    given(_npy(np.random.default_rng(0).random((6, 2))))
    assert mho("chip", "netlist", "--matrix", "-", "-o", tmp_path / "a.cir")[0] == 0


def test_nothing_is_one_error(mho, given, out):
    given(b"")
    code, _, said = mho("factor", "-", "-k", 2, "-o", out)
    assert (code, said.count("\n")) == (1, 1)
    assert "standard input: is empty" in said


def test_too_much_is_refused_while_it_comes(given):
    from pathlib import Path

    from mho.cli.standard_input import file_of

    given(b"1,2\n" * 100)
    with pytest.raises(DataError, match="more than 99 bytes"):
        file_of(Path("-"), most=99)
