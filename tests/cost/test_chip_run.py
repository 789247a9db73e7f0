"""A run on file costs what the run in memory costs."""

import json
from itertools import chain

import numpy as np
import pytest
import scipy.sparse as sp

import mho
from mho.chip import Ledger
from mho.cli import main
from mho.cost import ChipRun, Workload, estimate, read_run, sweep_ledger, sweep_work, technologies, write_run
from mho.data import DataError


@pytest.fixture
def matrix(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.random((30, 3)) @ rng.random((3, 20))
    np.save(tmp_path / "x.npy", X)
    return X


@pytest.fixture
def run(tmp_path, matrix):
    """Run `mho factor`: what it wrote about the chip."""

    def factor(engine="analog", iterations=5):
        path = tmp_path / "run.json"
        files = ("-o", tmp_path / "f.safetensors", "--ledger", path)
        given = ("-k", 3, "--engine", engine, "--max-iter", iterations, "--tol", 0)
        assert main(["factor", *map(str, (tmp_path / "x.npy", *files, *given))]) == 0
        return path

    return factor


@pytest.mark.parametrize("engine", ["analog", "hybrid"])
def test_file_and_memory_give_the_same_estimate(run, matrix, engine):
    model = mho.NMF(3, engine=engine, max_iter=5, tol=0, random_state=0).fit(matrix)
    recorded, ledger = read_run(run(engine)), model.engine_.ledger()
    assert recorded.ledger == ledger
    assert recorded.iterations == (5 if engine == "analog" else 3)
    assert (recorded.design, recorded.workload) == ("pku-2025", Workload.of(matrix, k=3, missing=False))
    for name in technologies():
        assert estimate(recorded.ledger, name, solvers=2) == estimate(ledger, name, solvers=2)


def test_cost_of_a_run(run, matrix, capsys):
    path = run()
    spent = estimate(mho.NMF(3, engine="analog", max_iter=5, tol=0, random_state=0).fit(matrix).engine_.ledger())
    capsys.readouterr()
    assert main(["cost", str(path), "--json"]) == 0
    bill = json.loads(capsys.readouterr().out)
    for name in ("seconds", "joules", "watts", "square_metres"):
        expected = getattr(spent, name)
        assert bill["chip"][name] == [expected.low, expected.typical, expected.high]
    flops = 5 * sweep_work(30, 20, 3).flops
    assert bill["platforms"]["FPGA FASTCF"]["seconds"][1] == pytest.approx(flops / 217e9)
    assert main(["cost", str(path)]) == 0
    text = capsys.readouterr().out
    assert "30 x 20, dense, k = 3; chip: pku-2025; iterations: 5\n\nchip, 40nm" in text
    assert f"{1e3 * spent.seconds.typical:.3g} ms (" in text
    assert f"{1e6 * spent.square_metres.typical:.3g} mm² (" in text
    assert main(["cost", "explain", str(path), "ADC"]) == 0
    assert "= solves x 1 / solvers x adc_seconds" in capsys.readouterr().out


def test_a_run_has_its_own_rank(run, capsys):
    assert main(["cost", str(run()), "--k", "4"]) == 2
    assert "-k, --iterations, --array are those of the run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"--engine": "digital"}, "--ledger is for engines with a chip"),
        ({"--ledger": "run.txt"}, "--ledger must end in .json, got run.txt"),
        ({"-o": "run.json"}, "-o must end in .safetensors"),
        ({"-o": "link.safetensors"}, "must not be OUT itself"),
        ({"--ledger": "nowhere/run.json"}, "its folder is not there"),
        ({"--ledger": "there.json", "--no-overwrite": "--quiet"}, "there.json: is there already"),
    ],
)
def test_a_ledger_that_cannot_be_written(matrix, tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.json").write_text("kept")
    (tmp_path / "link.safetensors").symlink_to("run.json")
    given = {"-k": "2", "-o": "f.safetensors", "--engine": "analog", "--ledger": "run.json"} | options
    assert main(["factor", "x.npy", *chain(*given.items())]) == 2
    assert message in capsys.readouterr().err
    assert (tmp_path / "there.json").read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.safetensors", "there.json", "x.npy"]


def test_nothing_is_written_where_the_chip_did_nothing(run, capsys):
    assert not run("hybrid", iterations=2).exists()
    assert "every iteration was a digital one" in capsys.readouterr().err


def test_what_a_sparse_matrix_leaves_out():
    X = sp.random_array((40, 30), density=0.2, rng=np.random.default_rng(0), format="csr")
    missing, zeros = (Workload.of(X, k=3, missing=kind) for kind in (True, False))
    assert missing.work() == sweep_work(40, 30, 3, X.nnz, missing=True)
    assert zeros.work() == sweep_work(40, 30, 3, X.nnz, missing=False)
    assert sweep_ledger(missing).word_lines == 2 * X.nnz  # once for each factor
    dense = Workload(m=40, n=30, k=3)
    assert sweep_ledger(zeros) == sweep_ledger(dense)
    assert Workload.of(X.toarray(), k=3) == dense


def record(**changes):
    counts = {name: 1.0 for name in Ledger().__dict__}
    sizes = {"m": 30, "n": 20, "known": None, "k": 3, "missing": False}
    parts = {"format": "mho chip run", "version": 2, "design": "d", "iterations": 2}
    return parts | {"workload": sizes, "ledger": counts} | changes


def record_1(**changes):
    """As versions before tiles wrote it."""
    counts = {name: 1.0 for name in Ledger().__dict__ if name not in ("tile_pulses", "tiles", "row_extras")}
    return record(version=1, ledger=counts) | changes


def test_a_file_from_before_tiles(tmp_path):
    """300 rows make three tiles of 128, the tallest of them; k columns have 2 k compensation cells at the most."""
    path = tmp_path / "run.json"
    counts = record_1()["ledger"] | {"row_pulses": 1000.0, "rows": 300.0, "columns": 3.0}
    sizes = {"m": 300, "n": 100, "known": None, "k": 3, "missing": False}
    path.write_text(json.dumps(record_1(ledger=counts, workload=sizes)))
    ledger = read_run(path).ledger
    assert ledger.tile_pulses == pytest.approx(1000 * (128 + 100) / 400)
    areas = {name: area.value.typical for name, area in estimate(ledger).areas}
    assert areas["cells"] == pytest.approx(300 * 4 * 3 * 48 * 40e-9**2)
    assert areas["write drivers"] == pytest.approx(3 * 6 * 500e-12)


def test_a_file_by_hand(tmp_path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps(record()))
    sizes = Workload(m=30, n=20, k=3, missing=False)
    expected = ChipRun(workload=sizes, iterations=2, design="d", ledger=Ledger(**record()["ledger"]))
    assert read_run(path) == expected
    write_run(tmp_path / "again.json", expected)
    again = json.loads((tmp_path / "again.json").read_text())
    assert again.pop("seal").startswith("mho-crc32:")
    assert again == record() | {"version": 3}


LEDGER, SIZES = record()["ledger"], record()["workload"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read"),
        ("\xff", "is no run of a chip|cannot be read"),
        ("[" * 20_000, "cannot be read"),
        ("[]", "its format is not 'mho chip run'"),
        (" " * 70_000, "takes at most 65,536 bytes"),
        (record(format="x"), "its format is not 'mho chip run'"),
        (record(version=4), "version must be one of 1, 2, 3, got 4"),
        (record(version=1), "ledger must not hold 'row_extras'"),
        (record_1(version=2), "ledger lacks 'row_extras'"),
        (record(design=""), "design must be a name"),
        (record(design=3), "design must be a name"),
        (record(iterations=0), "iterations must be at least 1"),
        (record(iterations=1.5), "iterations must be a whole number, got 1.5"),
        (record(more=1), "the file must not hold 'more'"),
        (record(ledger=[]), "ledger must be an object with names, got list"),
        (record(ledger=LEDGER | {"pulses": -1}), "ledger: pulses must be finite and at least 0, got -1"),
        (record(ledger=LEDGER | {"pulses": float("nan")}), "ledger: pulses must be finite"),
        (record(ledger=LEDGER | {"pulses": 10**400}), "cannot be read"),
        (record(ledger=LEDGER | {"pulses": "9"}), "ledger: pulses must be a number, got '9'"),
        (record(ledger=LEDGER | {"pulse": 1}), "ledger must not hold 'pulse'"),
        (record(ledger={n: c for n, c in LEDGER.items() if n != "solves"}), "ledger lacks 'solves'"),
        (record(workload=SIZES | {"m": 10**30}), "m must be at least 1 and at most"),
        (record(workload=SIZES | {"known": 601}), "known must be at least 1 and at most 600"),
        (record(workload=SIZES | {"missing": 1}), "missing must be one of True, False, got 1"),
    ],
)
def test_what_a_file_may_not_hold(tmp_path, text, message):
    path = tmp_path / "run.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="latin-1")
    with pytest.raises(DataError, match=message) as caught:
        read_run(path)
    assert str(path) in str(caught.value)
    assert main(["cost", str(path)]) == 1
