"""Files of every format and version that was ever written open for ever, with the numbers that were written.

`golden/0.1.0` was written by that version, `golden/0.2.0` by the first one whose files have seals; nothing in them is
ever written again.
"""

import json
import shutil
import sys
from dataclasses import fields, make_dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from mho import Camera, Recommender
from mho.camera.index import read_index
from mho.chip import ArrayGeometry, preset
from mho.cli import main
from mho.cost import read_inference, read_run
from mho.data import read_factors
from mho.image.codec import read_picture
from mho.journal import Journal, Outbox
from mho.monitor import Monitor, Recording
from mho.recommend.distributed import BlockTable
from mho.sweep import Sweep, read_trials, trials, write_trials

_GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture(params=sorted(path.name for path in _GOLDEN.iterdir()))
def golden(request, tmp_path):
    """A copy, because some formats keep what they compute beside what they hold."""
    return Path(shutil.copytree(_GOLDEN / request.param, tmp_path / "golden"))


@pytest.mark.parametrize(("name", "dtype"), [("factors-f64", np.float64), ("factors-f32", np.float32)])
def test_factors(golden, name, dtype):
    W, H, about = read_factors(golden / f"{name}.safetensors")
    expected = np.load(golden / "expected-factors.npz")
    np.testing.assert_array_equal(W, expected["W"].astype(dtype))
    np.testing.assert_array_equal(H, expected["H"].astype(dtype))
    assert about == ({"note": "golden"} if dtype is np.float64 else {})


def test_a_run_is_gone_on_with(golden):
    _, _, about = read_factors(golden / "run.safetensors")
    assert about["iterations"] == "3"
    command = ["factor", golden / "matrix.npy", "-k", "2", "-o", golden / "run.safetensors", "--resume", "--tol", "0"]
    assert main([*map(str, command), "--max-iter", "9", "-q"]) == 0
    assert read_factors(golden / "run.safetensors")[2]["iterations"] == "9"


def test_a_checkpoint_is_gone_on_with(tmp_path):
    golden = Path(shutil.copytree(_GOLDEN / "0.2.0", tmp_path / "golden"))
    command = ["factor", golden / "matrix.npy", "-k", "2", "-o", golden / "checkpoint.safetensors", "--resume"]
    assert read_factors(golden / "checkpoint.safetensors")[2]["iterations"] == "3"
    assert main([*map(str, command), "--tol", "0", "--max-iter", "40", "-q"]) == 0
    W, H, _ = read_factors(golden / "checkpoint.safetensors")
    expected = np.load(golden / "expected-checkpoint.npz")
    np.testing.assert_allclose(W, expected["W"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(H, expected["H"], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("model", ["ratings", "implicit"])
def test_recommenders(golden, model):
    loaded = Recommender.load(golden / f"{model}.npz")
    rows = np.arange(60)
    users = np.array([f"u{row % 7}" for row in rows]) if model == "ratings" else rows % 11 + 100
    predicted = loaded.predict(users, rows % 11)
    np.testing.assert_allclose(predicted, np.load(golden / "expected-recommenders.npz")[model], rtol=1e-6)
    assert loaded.history_[-1]["iteration"] == 2


@pytest.mark.parametrize("mapped", [True, False])
def test_a_fit_in_a_folder(golden, mapped):
    if not mapped:
        shutil.rmtree(golden / "fit" / "table" / "known")
    loaded, expected = Recommender.load(golden / "fit"), np.load(golden / "expected-fit.npz")
    np.testing.assert_array_equal(loaded.user_factors_, expected["users"])
    np.testing.assert_array_equal(loaded.item_factors_, expected["items"])
    np.testing.assert_array_equal(loaded.user_ids_, expected["user_ids"])
    np.testing.assert_array_equal(loaded.item_ids_, expected["item_ids"])
    np.testing.assert_array_equal(loaded.known_.toarray(), expected["known"])


def test_a_table_in_blocks(golden):
    table, expected = BlockTable.open(golden / "fit" / "table"), np.load(golden / "expected-fit.npz")["known"]
    np.testing.assert_array_equal(np.hstack([block.read().toarray() for block in table.items]), expected)
    np.testing.assert_array_equal(np.hstack([block.read().toarray() for block in table.users]).T, expected)


@pytest.mark.parametrize("name", ["colour", "grey", "alpha", "learned"])
def test_pictures(golden, name):
    picture, _ = read_picture((golden / f"{name}.mho").read_bytes(), name)
    expected = np.load(golden / "expected-pictures.npz")
    np.testing.assert_array_equal(picture.pixels, expected[name])
    if name == "alpha":
        np.testing.assert_array_equal(picture.alpha, expected["alpha_alpha"])
    assert (b"golden" in picture.exif) == (name in ("colour", "learned"))


def test_a_run_of_a_chip(golden):
    run, record = read_run(golden / "chip-run.json"), json.loads((golden / "chip-run.json").read_text())
    assert run.iterations == 2
    assert (run.workload.m, run.workload.n, run.workload.k) == (8, 6, 2)
    assert (run.ledger.cells, run.ledger.solves) == (record["ledger"]["cells"], record["ledger"]["solves"]) == (148, 32)


def test_answers_of_a_chip():
    path = _GOLDEN / "0.2.0" / "answers.json"
    run, record = read_inference(path), json.loads(path.read_text())
    assert (run.name, run.m, run.k, run.answers, run.solves) == ("window", 8, 2, 6, 1.0)
    assert run.programmed.cells == record["programmed"]["cells"] == 47
    assert run.answered.adc_conversions == record["answered"]["adc_conversions"] == 2


_PLAN_OF_0_1_0 = b"af16185b7daca2a3197683684b470e6034f8c2388c67a52926f094f86f4dfdab"


def test_a_sweep_is_known_again_and_not_made_anew(golden, monkeypatch):
    before = pq.read_table(golden / "sweep.parquet").to_pylist()
    monkeypatch.setattr(sys.modules["mho.sweep.run"], "Chip", lambda *_, **__: pytest.fail("made a chip anew"))
    options = ["--set", "sigma=0.01,0.02", "--chips", "2", "--rows", "8", "--columns", "3", "--rhs", "4", "-q"]
    assert main(["chip", "sweep", *options, "-o", str(golden / "sweep.parquet")]) == 0
    assert pq.read_table(golden / "sweep.parquet").to_pylist() == before


def test_a_sweep_is_known_again_when_a_later_version_knows_more_properties(tmp_path):
    """The mark of a plan leaves out what is at its default."""
    plan = Sweep(design=preset("ideal"), values={"sigma": [0.01]}, chips=1, rows=4, columns=2, rhs=2)
    rows = list(trials(plan))
    write_trials(tmp_path / "t.parquet", plan, rows)
    later = make_dataclass("ArrayGeometry", [("tilt", float, 0.5)], bases=(ArrayGeometry,), frozen=True, kw_only=True)
    changed = {one.name: getattr(plan.design.array, one.name) for one in fields(ArrayGeometry)}
    design = replace(plan.design, array=later(**changed))
    assert "tilt=0.5" in repr(design)
    assert read_trials(tmp_path / "t.parquet", replace(plan, design=design)) == rows
    with pytest.raises(ValueError, match="not made by this plan"):
        read_trials(
            tmp_path / "t.parquet", replace(plan, design=replace(plan.design, array=later(**changed, tilt=0.6)))
        )


def test_a_sweep_that_an_earlier_version_began_is_not_mixed_with_other_chips(golden, capsys):
    table = pq.read_table(golden / "sweep.parquet")
    pq.write_table(table.slice(0, 3).replace_schema_metadata({b"mho_plan": _PLAN_OF_0_1_0}), golden / "part.parquet")
    options = ["--set", "sigma=0.01,0.02", "--chips", "2", "--rows", "8", "--columns", "3", "--rhs", "4", "-q"]
    assert main(["chip", "sweep", *options, "-o", str(golden / "part.parquet")]) == 2
    assert "was begun by a version of mho that drew other chips" in capsys.readouterr().err


def test_a_journal_and_an_outbox(tmp_path):
    golden = Path(shutil.copytree(_GOLDEN / "0.2.0", tmp_path / "golden"))
    with Journal(golden / "journal") as journal, Outbox(golden / "outbox") as outbox:
        records = list(journal.replay())
        assert [record.data for record in records] == [b"%d" % record.sequence * 5 for record in records]
        assert (records[0].sequence, records[-1].sequence) == (journal.lost_records, 39)
        assert journal.lost_samples == sum(range(journal.lost_records)) > 0
        assert outbox.waiting() == {"n1": b"1", "n2": b"2", "n4": b"4"}
        assert "n3" in outbox


@pytest.mark.parametrize("name", ["pump", "fan"])
def test_monitors(name):
    expected = np.load(_GOLDEN / "0.2.0" / "expected-monitors.npz")
    monitor = Monitor.load(_GOLDEN / "0.2.0" / f"{name}.mon")
    if name == "pump":
        names = ("flow", "pressure", "temperature")
        recording = Recording(expected["pump_rows"], rate=1.0, names=names)
    else:
        recording = Recording(expected["fan_samples"], rate=2000.0, names=("acc",))
    found = [result.p for result in monitor.run(recording)]
    np.testing.assert_allclose(found, expected[name], rtol=1e-4)


def test_a_camera_and_its_index():
    golden = _GOLDEN / "0.2.0"
    camera = Camera.load(golden / "door.cam")
    expected = np.load(golden / "expected-camera.npz")
    clips = camera.run((number / 5, frame) for number, frame in enumerate(expected["frames"]))
    np.testing.assert_allclose([clip.score for clip in clips], expected["scores"], rtol=1e-3)
    assert camera.masks == ((0, 0, 20, 10),)
    assert [(zone.name, zone.weight) for zone in camera.zones] == [("door", 2.0)]
    kinds = [row["kind"] for row in read_index(golden / "camera-index.jsonl")]
    assert kinds == ["dropped", "kept", "dropped"]
