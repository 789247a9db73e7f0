"""Yield and requirements: intervals against the formula, treatments against chips made one by one, cells measured."""

import json

import numpy as np
import pytest

from mho.chip import Chip, preset
from mho.cli import main
from mho.engines import Digital
from mho.sweep import KNOBS, TREATMENTS, Sweep, requirement, run, with_cells, yields
from mho.sweep.streams import CHIP, PROBLEM, stream


def test_the_interval_is_wilsons():
    rows = [{"treatment": "as written", "error": 0.01 * i} for i in range(1, 21)] + [
        {"treatment": "repaired", "error": np.nan}
    ]
    first, second = yields(rows, 0.155)
    p, n, z = 15 / 20, 20, 1.959963985
    middle, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert (first.passed, first.chips) == (15, 20)
    np.testing.assert_allclose([first.low, first.high], (middle + np.r_[-1, 1] * half) / (1 + z**2 / n), rtol=1e-6)
    assert second.passed == 0  # a chip that failed is not good
    assert second.median == np.inf


def test_treatments_are_what_they_say_and_stuck_chips_are_saved():
    design = preset("pku-2025-4bit").with_(stuck_low=0.005, stuck_high=0.005)
    plan = Sweep(design=design, chips=12, rows=128, columns=16, rhs=20, noise=0.01, seed=5, treatments=TREATMENTS[:2])
    found = run(plan)
    raw, repaired = (found["error"][found["treatment"] == name] for name in TREATMENTS[:2])
    assert np.mean(raw <= 0.05) <= 0.2
    assert np.mean(repaired <= 0.05) >= 0.95
    rng = stream(5, PROBLEM, 3)
    A = rng.random((128, 16))
    B = A @ rng.random((16, 20))
    B = B + 0.01 * np.sqrt(np.mean(B**2)) * rng.standard_normal(B.shape)
    chip = Chip(design, seed=stream(5, CHIP, 3))
    chip.repair()
    exact = Digital().program(A).solve(B)
    error = np.linalg.norm(chip.program(A).solve(B) - exact) / np.linalg.norm(exact)
    assert repaired[3] == pytest.approx(error, rel=1e-9)


def test_a_requirement_ends_where_too_few_chips_pass():
    good, bad = (yields([{"treatment": "x", "error": e}], 0.05)[0] for e in (0.01, 0.1))
    assert requirement("gain", [(1e5, good), (1e4, bad), (1e3, good)], share=0.9).tolerated == 1e5
    assert requirement("gain", [(1e5, bad)], share=0.9).tolerated is None


def _reads(levels, cells, rng):
    level = np.repeat(np.linspace(2e-6, 30e-6, levels), cells * 2)
    time = np.tile(np.repeat([0.0, 10.0], cells), levels)
    return {"level": level, "time": time, "conductance": level + 0.3e-6 * rng.standard_normal(len(level))}


def test_measured_cells_go_into_a_design():
    design = with_cells(preset("ideal"), _reads(8, 200, np.random.default_rng(0)))
    spread = Chip(design, seed=0).program(np.full((400, 8), 1.0)).g_left.std()
    assert spread == pytest.approx(0.3e-6, rel=0.1)
    with pytest.raises(ValueError, match="level"):
        with_cells(preset("ideal"), _reads(1, 3, np.random.default_rng(0)))


SMALL = ("--chips", 2, "--rows", 24, "--columns", 4, "--rhs", 5)


@pytest.fixture
def mho(capsys):
    """Run a command in this process: exit code, stdout, stderr."""

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


def test_the_command_counts_keeps_and_goes_on(mho, tmp_path):
    table = tmp_path / "y.parquet"
    options = ("chip", "yield", "--bar", "error=0.05", "--preset", "pku-2025-4bit", *SMALL, "--out", table)
    (code, first, _), again = mho(*options, "--json"), mho(*options, "--json")
    assert code == again[0] == 0
    assert first == again[1]
    found = json.loads(first)["yields"]
    assert [one["treatment"] for one in found] == list(TREATMENTS)
    assert all(0 <= one["low"] <= one["share"] <= one["high"] <= 1 for one in found)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--bar", "rmse=0.9"), "--bar must be error=NUMBER with a number above zero"),
        (("--bar", "error=0.05", "--set", "gain=1e3,1e4"), "--set gain must have one value here, got 2"),
        (("--bar", "error=0.05", "--cells", "no.csv"), "--cells no.csv: there is no such file"),
    ],
)
def test_bad_input(mho, options, message):
    code, _, said = mho("chip", "yield", *options, *SMALL)
    assert code == 2
    assert message in said


@pytest.mark.parametrize("share", ["nan", "0", "95"])
def test_a_share_that_is_none_is_refused_before_any_chip_is_made(mho, share):
    code, _, said = mho("chip", "require", "--bar", "error=0.2", "--share", share, *SMALL)
    assert code == 2
    assert "--share must be above 0 and at most 1" in said


def test_a_bar_that_no_chip_meets_is_told(mho):
    code, _, said = mho("chip", "yield", "--bar", "error=1e-6", *SMALL)
    assert code == 0
    assert "no chip meets the bar of 1e-06: the best median error is 0.0" in said


def test_requirements_are_shown_for_every_property(mho):
    code, text, _ = mho(
        *("chip", "require", "--bar", "error=0.2", "--preset", "pku-2025-4bit", "--treatment", "as written", *SMALL),
        "--json",
    )
    assert code == 0
    found = {one["knob"]: one for one in json.loads(text)["knobs"]}
    assert list(found) == list(KNOBS)
    for name, one in found.items():
        passed = [tried["share"] >= 0.95 for tried in one["tried"]]
        ok = passed.index(False) if False in passed else len(passed)
        assert one["tolerated"] == (KNOBS[name][ok - 1] if ok else None)
    assert found["gain"]["tolerated"] is not None
