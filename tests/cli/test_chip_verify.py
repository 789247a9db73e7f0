"""`mho chip verify` compares twin and ngspice, and refuses what it cannot."""

import re

import numpy as np
import pytest

from mho import spice

needs_ngspice = pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")


@pytest.mark.spice
@needs_ngspice
@pytest.mark.parametrize("topology", ["compact", "classic", "gram"])
@pytest.mark.parametrize(("rows", "columns"), [(16, 4), (32, 8)])
def test_the_twin_and_ngspice_agree(mho, tmp_path, topology, rows, columns):
    out = tmp_path / "both.svg"
    size = ("--rows", rows, "--columns", columns)
    code, printed, said = mho("chip", "verify", "--topology", topology, *size, "--preset", "ideal", "--plot", out)
    assert (code, said) == (0, "")
    assert f"{columns if topology == 'gram' else rows} x {columns}" in printed
    percent = [float(found) for found in re.findall(r"([\d.e+-]+) %\n", printed)]
    assert len(percent) == 2
    assert percent[0] < 0.2  # at any time
    assert percent[1] < 0.01  # at rest
    twin, measured = (float(found) for found in re.findall(r"settling time to 1 %, \w+ +([\d.e+-]+) s", printed))
    assert twin == pytest.approx(measured, rel=0.03)
    assert "<svg" in out.read_text()


@pytest.mark.spice
@needs_ngspice
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--topology", "mvm"], "a loop that settles, got mvm"),
        (["--plot", "/nowhere/x.svg"], "/nowhere/x.svg: its folder is not there"),
        (["--plot", "x.jpg"], "--plot must end in .svg or .png, got x.jpg"),
        (["--timeout", "0"], "timeout must be finite and above 0"),
        (["--rows", "1000000"], "must make at most 65,536 cells and 640 op-amps, got 1,000,000 x 4"),
        (["--columns", "641", "--rows", "8"], "640 op-amps, got 8 x 641"),
        (["--rows", "700", "--topology", "classic"], "with --topology classic, 704 op-amps"),
    ],
)
def test_a_mistake_is_one_line(mho, arguments, says):
    code, printed, said = mho("chip", "verify", *arguments)
    assert (code, printed) == (2, "")
    assert says in said


def test_without_ngspice_it_says_how_to_get_it(mho, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, said = mho("chip", "verify")
    assert code != 0
    assert "apt install ngspice" in said
    assert "Traceback" not in said


@pytest.mark.spice
@needs_ngspice
def test_an_answer_of_zero_has_nothing_to_compare(mho, tmp_path):
    np.savetxt(tmp_path / "b.csv", np.zeros(16))
    code, _, said = mho("chip", "verify", "--rhs", tmp_path / "b.csv")
    assert code != 0
    assert "zero" in said
