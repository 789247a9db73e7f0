"""`mho chip sweep`: the same table over any number of processes and interruptions."""

import json
import signal
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest

from mho.chip import preset
from mho.cli.chip.values import swept
from mho.sweep import Sweep, SweepRange, run

pq = pytest.importorskip("pyarrow.parquet")

SIZES = ("--chips", 3, "--rows", 12, "--columns", 3, "--rhs", 5, "--seed", 1)
CUBE = ("--range", "sigma=0.01:0.1:log", "--range", "levels=4:16", "--samples", 4, *SIZES)
GRID = ("--set", "levels=4,16", "--set", "sigma=0.01:0.04:2:log", *SIZES)


@pytest.fixture
def table(tmp_path):
    return tmp_path / "s.parquet"


@pytest.fixture
def sweep(mho, table):
    return lambda *options: mho("chip", "sweep", *options, "--out", table, "--quiet")


def test_the_table_is_what_the_library_finds_whatever_the_processes(sweep, table):
    plan = Sweep(
        design=preset("pku-2025"),
        values={"levels": [4, 16], "sigma": [0.01, 0.04]},
        chips=3,
        rows=12,
        columns=3,
        rhs=5,
        seed=1,
    )
    assert sweep(*GRID, "--jobs", 2) == (0, "", "")
    found = pq.read_table(table).to_pydict()
    for name, column in run(plan).items():
        np.testing.assert_array_equal(found[name], column)


def test_ranges_are_the_hypercube_of_the_library(sweep, table):
    plan = Sweep(
        design=preset("pku-2025"),
        ranges={"sigma": SweepRange(0.01, 0.1, log=True), "levels": SweepRange(4, 16)},
        samples=4,
        chips=3,
        rows=12,
        columns=3,
        rhs=5,
        seed=1,
    )
    assert sweep(*CUBE, "--jobs", 2) == (0, "", "")
    found = pq.read_table(table).to_pydict()
    for name, column in run(plan).items():
        np.testing.assert_array_equal(found[name], column)


@pytest.mark.parametrize("plan", [GRID, CUBE])
def test_an_interrupt_keeps_what_is_complete_and_the_same_command_goes_on(sweep, table, monkeypatch, plan):
    assert sweep(*plan)[0] == 0
    whole = pq.read_table(table)
    table.unlink()
    trials = _interrupted_after(monkeypatch, 5)
    code, _, said = sweep(*plan)
    assert (code, said) == (130, f"mho: interrupted: 5 of 12 chips are kept in {table}; go on with the same command\n")
    assert pq.read_table(table) == whole.slice(0, 5)
    trials.undo()
    assert sweep(*plan)[0] == 0
    assert pq.read_table(table) == whole


def _interrupted_after(monkeypatch, count):
    from mho import sweep

    def few(*given, **options):
        for number, row in enumerate(original(*given, **options)):
            if number == count:
                raise KeyboardInterrupt
            yield row

    original = sweep.trials
    monkeypatch.setattr(sweep, "trials", few)
    return monkeypatch


def test_an_interrupt_before_a_chip_writes_nothing(sweep, table, monkeypatch):
    _interrupted_after(monkeypatch, 0)
    said = "mho: interrupted: before a chip was complete; nothing was written\n"
    assert sweep(*GRID) == (130, "", said)
    assert not table.exists()


def test_ctrl_c_with_processes_is_one_line_and_a_table(executable, table):
    command = [
        executable,
        "chip",
        "sweep",
        "--set",
        "sigma=0.01,0.02",
        "--chips",
        "10000",
        "--jobs",
        "2",
        "--out",
        table,
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("trying 20000 of 20000 chips")
        assert process.stderr.readline().startswith("chip ")  # the first line of progress
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 130
    kept = pq.read_table(table).num_rows
    assert said[-1].startswith(f"mho: interrupted: {kept} of 20000 chips are kept")
    assert not [line for line in said if "Traceback" in line]


def test_another_plan_does_not_go_on(sweep, table):
    assert sweep(*GRID)[0] == 0
    before = table.read_bytes()
    code, _, said = sweep(*GRID, "--preset", "ideal")
    assert (code, table.read_bytes()) == (2, before)
    assert f"{table}: was not made by this plan" in said


def test_a_damaged_table_is_told(sweep, table):
    table.write_bytes(b"PAR1 no, it is not")
    code, _, said = sweep(*GRID)
    assert code == 1
    assert said.startswith(f"mho: error: {table}: cannot be read as Parquet")


@pytest.mark.parametrize("changed", ["levels=none,4", "gain=1e3:1e5:3:log", "gain=1e3,inf"])
def test_the_plot_is_svg_with_a_curve(sweep, tmp_path, changed):
    path = tmp_path / "s.svg"
    assert sweep("--set", changed, *SIZES, "--plot", path) == (0, "", "")
    root = ElementTree.parse(path).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.findall(".//*[@id='FillBetweenPolyCollection_1']")


def test_a_hypercube_is_plotted_with_its_rank_correlations(sweep, table, tmp_path):
    path = tmp_path / "s.svg"
    assert sweep(*CUBE, "--plot", path) == (0, "", "")
    points = pq.read_table(table).to_pandas().groupby("point").median(numeric_only=True)
    drawn = [text.text for text in ElementTree.parse(path).getroot().iter("{http://www.w3.org/2000/svg}text")]
    for name in ("sigma", "levels"):
        assert name in drawn
        assert f"Spearman's ρ = {points[name].corr(points.error, method='spearman'):+.2f}" in drawn


@pytest.mark.parametrize(("changed", "failed", "total"), [("columns=2,128", 3, 6), ("columns=2", 3, 3)])
def test_chips_that_cannot_are_told(sweep, table, tmp_path, changed, failed, total):
    code, _, said = sweep("--set", changed, *SIZES, "--plot", tmp_path / "s.svg")
    assert code == 0
    assert said.startswith(f"mho: warning: {failed} of {total} chips failed")
    assert sum(map(bool, pq.read_table(table)["failure"].to_pylist())) == failed
    ElementTree.parse(tmp_path / "s.svg")


def test_a_plot_needs_matplotlib_and_says_so_before_the_work(sweep, table, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, _, said = sweep(*GRID, "--plot", tmp_path / "s.svg")
    assert (code, table.exists()) == (1, False)
    assert said == "mho: error: a plot needs matplotlib: pip install 'mho[sweep]'\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--set", "sigma"), "--set must be NAME=A,B,C"),
        (("--set", "sigma=a"), "got 'sigma=a'"),
        (("--set", "sigma=0:1:3:log"), "got 'sigma=0:1:3:log'"),
        (("--set", "sigma=0:1:0"), "got 'sigma=0:1:0'"),
        (("--set", "sigma=1", "--set", "sigma=2"), "'sigma' twice"),
        (("--set", "colour=1"), "'colour' is no property"),
        (("--set", "sigma=-1"), "sigma"),
        (("--set", "off_state=none,magic"), "off_state must be one of 'none', 'digital', 'circuit', got 'magic'"),
        (("--set", "sigma=0", "--chips", 0), "chips must be at least 1, got 0"),
        (("--set", "sigma=0", "--jobs", 0), "--jobs must be at least 1, got 0"),
        (("--set", "sigma=0", "--seed", -1), "--seed must be at least 0, got -1"),
        (("--set", "sigma=0", "--preset", "best"), "best"),
        (("--set", "sigma=0", "--plot", "/no/such/folder/s.svg"), "/no/such/folder/s.svg: its folder is not there"),
        (("--range", "sigma"), "--range must be NAME=LOW:HIGH"),
        (("--range", "sigma=0.1"), "got 'sigma=0.1'"),
        (("--range", "sigma=0.1:0.01"), "got 'sigma=0.1:0.01'"),
        (("--range", "sigma=0:0.1:log"), "got 'sigma=0:0.1:log'"),
        (("--range", "sigma=0:inf"), "got 'sigma=0:inf'"),
        (("--range", "sigma=0:1", "--set", "sigma=1"), "values or a range, got both for 'sigma'"),
        (("--range", "colour=0:1"), "'colour' is no property"),
        (("--range", "levels=4:7.5"), "ends of a range of whole numbers must be whole, got 4.0 and 7.5"),
        (("--range", "sigma=0:1", "--samples", 0), "samples must be at least 1, got 0"),
        (("--set", "sigma=0", "--samples", 9), "--samples are points of a hypercube"),
        ((), "give --set NAME=VALUES or --range NAME=LOW:HIGH"),
    ],
)
def test_bad_input_is_one_line_and_no_file(sweep, table, options, message):
    code, printed, said = sweep(*options)
    assert (code, printed, table.exists()) == (2, "", False)
    assert message in said
    assert said.count("mho: ") == 1


def test_the_summary_is_of_the_table(mho, table):
    code, printed, said = mho("chip", "sweep", *GRID, "--out", table, "--json", "-q")
    assert code == 0, said
    found, told = pq.read_table(table).to_pandas(), json.loads(printed)
    medians = found.groupby("point").error.median()
    assert (told["points"], told["chips"]) == (4, len(found))
    assert told["least_median_error"] == pytest.approx(medians.min(), rel=1e-3)
    assert told["largest_median_error"] == pytest.approx(medians.max(), rel=1e-3)


def test_words_are_values_too(sweep, table, tmp_path):
    words = ("--set", "off_state=none,digital,circuit", "--set", "g_min=3.5e-6", "--set", "column_ohms=0.5")
    assert sweep("--preset", "ideal", *words, *SIZES, "--plot", tmp_path / "s.svg") == (0, "", "")
    found = pq.read_table(table)
    assert found["off_state"].to_pylist() == [word for word in ("none", "digital", "circuit") for _ in range(3)]
    none, _, circuit = np.array(found["error"]).reshape(3, 3).mean(axis=1)
    assert circuit < none / 2


def test_values_keep_whole_numbers_whole():
    found = swept(["levels=4:16:3", "gain=1e3:1e5:3:log", "adc_bits=none,8", "sigma=0:1:3"], preset("ideal"))
    assert found == {
        "levels": [4, 10, 16],
        "gain": pytest.approx([1e3, 1e4, 1e5]),
        "adc_bits": [None, 8],
        "sigma": [0, 0.5, 1],
    }
    assert all(isinstance(value, int) for value in found["levels"])


@pytest.mark.parametrize(
    ("options", "unused"),
    [
        (("--set", "age=0,1e6", "--set", "sigma=0,0.05"), ["--set age"]),
        (("--set", "kelvin=300,350"), ["--set kelvin"]),
        (("--range", "integration=1e-6:1e-3", "--range", "gain=1e3:1e5", "--samples", "3"), ["--range integration"]),
        (("--set", "off_state=none,digital"), ["--set off_state"]),  # no matrix of a sweep has zeros to correct
        (("--set", "off_state=none,digital,circuit", "--set", "age=5"), []),
        (("--set", "age=1,1e5", "--preset", "neurram"), []),
    ],
)
def test_a_property_that_changes_nothing_is_told_once(sweep, options, unused):
    """pku-2025 has cells that neither relax nor feel heat nor have read noise; neurram's relax."""
    code, _, said = sweep(*options, *SIZES)
    assert code == 0
    assert [line.split(" changes nothing on ")[0] for line in said.splitlines()] == [
        f"mho: warning: {name}" for name in unused
    ]


def test_what_moves_together_with_another_property_moves(sweep):
    """Without offset its spread is nothing to a gain of one value; at some point of the grid it is not."""
    assert sweep("--set", "gain=1e3,1e4", "--set", "offset=0,1e-3", *SIZES) == (0, "", "")
