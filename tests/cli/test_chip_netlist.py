"""`mho chip netlist` writes what ngspice settles to the answer, and says what is wrong."""

import re

import numpy as np
import pytest
from scipy.optimize import nnls

from mho import spice

needs_ngspice = pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")


@pytest.mark.spice
@needs_ngspice
@pytest.mark.parametrize("topology", ["compact", "classic"])
def test_a_users_matrix_settles_to_the_users_answer(mho, tmp_path, topology):
    rng = np.random.default_rng(0)
    A = rng.random((12, 3))
    A /= A.max(axis=0)  # then one answer has one scale of volts
    b = A @ [0.4, -0.2, 0.6]
    np.save(tmp_path / "a.npy", A)
    np.savetxt(tmp_path / "b.csv", b)
    code, printed, said = mho(
        "chip", "netlist", "--matrix", tmp_path / "a.npy", "--rhs", tmp_path / "b.csv",
        "--topology", topology, "--preset", "ideal", "--out", tmp_path / "out.cir",
    )  # fmt: skip
    assert (code, printed, said) == (0, "", "")
    run = spice.run((tmp_path / "out.cir").read_text())
    x, _ = nnls(A, b)
    found = np.array([run.voltages[f"x{j}"][-1] for j in range(3)])
    np.testing.assert_allclose(found / found.sum(), x / x.sum(), atol=1e-4)


def test_the_dialects_differ_in_their_last_section_alone(mho):
    texts = []
    for dialect in ("ngspice", "xyce"):
        code, printed, said = mho("chip", "netlist", "--dialect", dialect)
        assert (code, said) == (0, "")
        texts.append(printed.split("* --- Analysis"))
    assert texts[0][0] == texts[1][0]
    assert ".save v(x0)" in texts[0][1]
    assert re.search(r"\.print tran format=csv v\(x0\)", texts[1][1])
    assert ".options timeint" in texts[1][1]
    assert ".save" not in texts[1][1]


def test_parameters_are_at_the_top(mho):
    _, printed, _ = mho("chip", "netlist", "--topology", "gram")
    first = printed.index("Rg0_0")
    for name in ("g_in", "gain", "bandwidth", "g_clamp"):
        assert 0 < printed.index(f".param {name}=") < first


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--matrix", "none.npy"], "none.npy: No such file"),
        (["--rows", "0"], "--rows must be at least 1, got 0"),
        (["--preset", "best"], "there is no chip preset 'best'"),
        (["--seed", "-1"], "--seed must be at least 0"),
        (["--duration", "-1"], "duration must be"),
        (["--out", "/nowhere/x.cir"], "/nowhere/x.cir: its folder is not there"),
        (["--topology", "inverse"], "inverse"),
    ],
)
def test_a_mistake_is_one_line(mho, arguments, says):
    code, printed, said = mho("chip", "netlist", *arguments)
    assert code in (1, 2)
    assert printed == ""
    assert says in said
    assert "Traceback" not in said


def test_a_right_hand_side_of_another_length_is_refused(mho, tmp_path):
    np.savetxt(tmp_path / "b.csv", np.ones(5))
    code, _, said = mho("chip", "netlist", "--rhs", tmp_path / "b.csv")
    assert code == 2
    assert "must be one row or column of 16 numbers, got shape (5, 1)" in said


@pytest.mark.parametrize(
    ("options", "unused"),
    [
        (["--matrix", "a.npy", "--rows", "32"], ["--rows 32"]),
        (["--matrix", "a.npy", "--rows", "32", "--columns", "5"], ["--rows 32", "--columns 5"]),
        (["--matrix", "a.npy", "--rhs", "b.csv", "--preset", "ideal", "--seed", "3"], ["--seed 3"]),
        (["--matrix", "a.npy", "--rhs", "b.csv", "--seed", "3"], []),  # of the errors of the cells
        (["--rows", "12", "--columns", "3"], []),
    ],
)
def test_an_option_that_changes_nothing_is_told_once(mho, tmp_path, monkeypatch, options, unused):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.random.default_rng(0).random((12, 3)))
    np.savetxt("b.csv", np.ones(12))
    code, _, said = mho("chip", "netlist", *options)
    assert code == 0
    assert [line.split(" changes nothing here")[0] for line in said.splitlines()] == [f"mho: {name}" for name in unused]


def test_a_matrix_too_large_to_follow(mho, tmp_path):
    np.save(tmp_path / "a.npy", np.ones((65_537, 1)))
    code, printed, said = mho("chip", "netlist", "--matrix", tmp_path / "a.npy")
    assert (code, printed) == (2, "")
    assert "a.npy must make at most 65,536 cells and 640 op-amps, got 65,537 x 1" in said
