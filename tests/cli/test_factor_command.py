import gzip
import hashlib

import numpy as np
import pytest
import scipy.sparse as sp
from safetensors.numpy import load_file

import mho as library
from mho.data import read_factors


def error(W, H, X):
    return np.linalg.norm(X - W @ H) / np.linalg.norm(X)


@pytest.mark.parametrize(("engine", "bound"), [("digital", 0.02), ("analog", 0.2), ("hybrid", 0.1)])
def test_factors_reach_the_file_whoever_computes(mho, source, out, matrix, engine, bound):
    code, printed, _ = mho("factor", source, "-k", 3, "-o", out, "--engine", engine, "--max-iter", 30)
    assert code == 0
    tensors = load_file(out)
    assert (tensors["W"].shape, tensors["H"].shape) == ((30, 3), (3, 20))
    assert error(tensors["W"], tensors["H"], matrix) < bound
    assert ("chip energy" in printed) == (engine != "digital")


def test_the_summary_tells_the_error_of_the_factors(mho, source, out, matrix):
    _, printed, said = mho("factor", source, "-k", 3, "-o", out, "--max-iter", 7, "--tol", 0)
    W, H, about = read_factors(out)
    rows = dict(line.split("  ", 1) for line in printed.splitlines())
    assert rows["input"].strip() == f"{source}, 30 x 20"
    assert rows["iterations"].strip() == "7 of at most 7"
    assert float(rows["relative error"]) == pytest.approx(error(W, H, matrix), rel=1e-3)
    assert float(about["relative_error"]) == pytest.approx(error(W, H, matrix), rel=1e-6)
    assert "\x1b" not in printed + said


def test_what_is_written_beside_the_factors(mho, source, out):
    mho("factor", source, "-k", 3, "-o", out, "--max-iter", 5, "--tol", 0, "--l2-w", 0.5)
    about = read_factors(out)[2]
    assert float(about.pop("relative_error")) >= 0
    assert about == {
        "mho": library.__version__,
        "input": "x.npy",
        "input_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "n_components": "3",
        "engine": "digital",
        "layout": "matrix",
        "loss": "frobenius",
        "scaled": "false",
        "weights": "None",
        "missing": "None",
        "algorithm": "auto",
        "init": "auto",
        "max_iter": "5",
        "tol": "0.0",
        "l2_w": "0.5",
        "l2_h": "0.0",
        "l1_w": "0.0",
        "l1_h": "0.0",
        "seed": "0",
        "max_bytes": str(2**33),
        "iterations": "5",
        "complete": "true",
    }


def test_options_reach_the_estimator(mho, source, out, matrix):
    options = ("--init", "random", "--l1-w", 0.1, "--l2-h", 0.2, "--seed", 7, "--max-iter", 9, "--tol", 0)
    mho("factor", source, "-k", 2, "-o", out, *options)
    model = library.NMF(2, init="random", l1_W=0.1, l2_H=0.2, random_state=7, max_iter=9, tol=0).fit(matrix)
    W, H, _ = read_factors(out)
    np.testing.assert_allclose(W, model.W_)
    np.testing.assert_allclose(H, model.components_)


def test_a_seed_makes_the_same_chip(mho, source, tmp_path):
    for name in "ab":
        mho("factor", source, "-k", 3, "-o", tmp_path / name, "--engine", "analog", "--seed", 5, "--max-iter", 3)
    np.testing.assert_array_equal(read_factors(tmp_path / "a")[0], read_factors(tmp_path / "b")[0])


def test_missing_entries_of_a_table_take_no_part(mho, tmp_path, out, matrix):
    hidden = np.random.default_rng(1).random(matrix.shape) < 0.2
    lines = [",".join("" if h else repr(float(x)) for x, h in zip(*row, strict=True)) for row in zip(matrix, hidden)]  # noqa: B905
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    options = ("--max-iter", 2000, "--tol", 0)
    assert mho("factor", tmp_path / "x.csv.gz", "-k", 3, "-o", out, "--missing", "nan", *options)[0] == 0
    W, H, _ = read_factors(out)
    assert error(W, H, matrix) < 0.01  # the hidden entries are found again


def test_triplets_missing_and_not(mho, tmp_path, out):
    lines = [f"u{i},{j},{(i + 1) * (j + 1)}" for i in range(6) for j in range(5) if (i + j) % 4]
    (tmp_path / "x.csv").write_text("user,item,stars\n" + "\n".join(lines))
    X = np.outer(np.arange(1, 7), np.arange(1, 6))
    common = ("factor", tmp_path / "x.csv", "-k", 1, "-o", out, "--layout", "triplets", "--tol", 0)
    code, printed, _ = mho(*common, "--missing", "unstored")
    assert code == 0
    assert f"6 x 5, {len(lines)} entries stored" in printed
    W, H, _ = read_factors(out)
    np.testing.assert_allclose(W @ H, X, rtol=1e-4)
    mho(*common)
    W, H, _ = read_factors(out)
    assert error(W, H, X) > 0.1


def test_sparse_file(mho, tmp_path, out):
    stored = sp.random_array((50, 40), density=0.3, rng=np.random.default_rng(0))
    sp.save_npz(tmp_path / "x.npz", stored)
    assert mho("factor", tmp_path / "x.npz", "-k", 4, "-o", out)[0] == 0
    W, H, about = read_factors(out)
    assert float(about["relative_error"]) == pytest.approx(error(W, H, stored.toarray()), rel=1e-6)


def test_quiet_says_nothing(mho, source, out):
    assert mho("factor", source, "-k", 3, "-o", out, "--quiet") == (0, "", "")


def test_an_existing_file_is_replaced_unless_forbidden(mho, source, out):
    out.write_text("old")
    code, _, said = mho("factor", source, "-k", 3, "-o", out, "--no-overwrite")
    assert (code, out.read_text()) == (2, "old")
    assert said == f"mho: error: {out}: is there already and --no-overwrite was given\n"
    assert mho("factor", source, "-k", 3, "-o", out)[0] == 0
    assert read_factors(out)[0].shape == (30, 3)


def test_resume_goes_on_where_it_was(mho, source, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    command = ("factor", source, "-k", 3, "--tol", 0, "--algorithm", "hals", "--quiet")
    mho(*command, "-o", whole, "--max-iter", 20)
    mho(*command, "-o", parts, "--max-iter", 8)
    mho(*command, "-o", parts, "--max-iter", 20, "--resume")
    np.testing.assert_allclose(read_factors(parts)[0], read_factors(whole)[0], rtol=1e-9)
    assert read_factors(parts)[2]["iterations"] == "20"


def test_resume_of_what_is_done_does_nothing(mho, source, out):
    command = ("factor", source, "-k", 3, "--tol", 0, "-o", out, "--max-iter", 5)
    mho(*command)
    before = out.read_bytes()
    code, printed, said = mho(*command, "--resume")
    assert (code, printed, out.read_bytes()) == (0, "", before)
    assert "already has 5 iterations; raise --max-iter" in said


def test_resume_of_nothing_begins(mho, source, out):
    code, _, said = mho("factor", source, "-k", 3, "-o", out, "--resume")
    assert code == 0
    assert "is not there; starting from the beginning" in said


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda X: X + 1, (), "was not made from"),
        (None, ("-k", 4), "made with -k 3, not 4"),
        (None, ("--missing", "nan"), "made with --missing None, not nan"),
        (None, ("--engine", "analog"), "made with --engine digital, not analog; resume with the same, or begin anew"),
        (
            None,
            ("--l2-w", 0.5, "--l1-h", 1, "--seed", 7),
            "made with --l2-w 0.0, not 0.5; --l1-h 0.0, not 1.0; --seed 0, not 7; resume",
        ),
        (None, ("--init", "random", "--algorithm", "hals"), "--algorithm auto, not hals; --init auto, not random"),
    ],
)
def test_resume_refuses_another_problem(mho, source, out, change, options, message):
    mho("factor", source, "-k", 3, "-o", out, "--max-iter", 2)
    before = out.read_bytes()
    if change:
        np.save(source, change(np.load(source)))
    command = ("factor", source, "-o", out, "--resume", *(() if "-k" in options else ("-k", 3)), *options)
    code, _, said = mho(*command)
    assert (code, out.read_bytes()) == (2, before)
    assert message in said


def test_resume_of_a_damaged_file_names_it(mho, source, out):
    mho("factor", source, "-k", 3, "-o", out)
    out.write_bytes(out.read_bytes()[:-5])
    code, _, said = mho("factor", source, "-k", 3, "-o", out, "--resume")
    assert code == 1
    assert str(out) in said


def test_an_empty_row_is_a_warning_in_one_line(program, tmp_path, out, matrix):
    matrix[4] = 0
    np.save(tmp_path / "x.npy", matrix)
    done = program("factor", tmp_path / "x.npy", "-k", 3, "-o", out, "--quiet")
    assert done.returncode == 0
    assert done.stderr.startswith("mho: warning: 1 rows and 0 columns of X are all zero")
    assert done.stderr.count("\n") == 1
    assert not read_factors(out)[0][4].any()
