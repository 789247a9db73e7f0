"""Yield and requirements: intervals against the formula, treatments against chips made one by one, cells measured."""

import json
import pickle
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas
import pytest
from scipy.optimize import nnls
from scipy.stats import t as student

from mho.chip import Chip, preset
from mho.cli import main
from mho.data import DataError, camera, movielens
from mho.data.output import replacing
from mho.data.seal import BLANK
from mho.engines import Digital
from mho.recommend import split_random
from mho.sweep import (
    KNOBS,
    TREATMENTS,
    Picture,
    RatedTable,
    Sweep,
    read_trials,
    refitted,
    requirement,
    run,
    trials,
    with_cells,
    write_trials,
    yields,
)
from mho.sweep.streams import CHIP, PROBLEM, stream

pq = pytest.importorskip("pyarrow.parquet")


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


def test_what_a_table_leaves_open_is_as_theory_says():
    """The mean of 200 reads is known to their spread over the root of 200."""
    devices = refitted(_reads(8, 200, np.random.default_rng(0)), 60)
    shift = np.array([device.relaxation.shift for device in devices])  # of level and time
    assert np.sqrt(shift.var(axis=0, ddof=1).mean()) == pytest.approx(0.3e-6 / np.sqrt(200), rel=0.1)


def test_devices_that_differ_widen_the_interval_by_students():
    errors = [0.09, 0.01, 0.09] * 2 + [0.01] * 18  # of three devices in turn: shares of 3/4, 1 and 3/4
    (alone,), (open_,) = (yields([{"treatment": "", "error": e} for e in errors], 0.05, devices=n) for n in (1, 3))
    shares = [np.mean(np.array(errors[first::3]) <= 0.05) for first in range(3)]
    half = student.ppf(0.975, 2) * np.std(shares, ddof=1) / np.sqrt(3)
    assert open_.low == pytest.approx(np.mean(shares) - half)
    assert open_.low < alone.low
    assert open_.high == 1.0


def test_a_table_of_ratings_is_answered_as_scipy_does():
    table = movielens()
    train, test = split_random(len(table.ratings), 0.1, 0)
    use = RatedTable(table.users, table.items, table.ratings, train, test, n_components=4, most_users=6, most_items=300)
    fitted = use.recommender._fitted
    unit, model, Q = fitted.unit, fitted.model, fitted.items.rows
    l2 = np.append(model.l2_offset, np.full(4, model.l2))
    predicted = {}
    for user in use.users:
        row = np.flatnonzero(use.recommender.user_ids_ == user)[0]
        known = fitted.table.known[[row]].tocoo()
        A = np.column_stack([np.ones(known.nnz), Q[known.col, 1:]])
        b = known.data / unit - Q[known.col, 0]
        x = nnls(np.vstack([A, np.diag(np.sqrt(l2))]), np.append(b, np.sqrt(l2) * fitted.prior))[0]
        predicted[user] = unit * (x[0] + Q[:, 0] + Q[:, 1:] @ x[1:])
    users, items, ratings = use.held_out
    assert len(use.recommender.item_ids_) == 300
    places = {item: place for place, item in enumerate(use.recommender.item_ids_.tolist())}
    found = [predicted[u][places[i]] for u, i in zip(users, items, strict=True)]
    expected = np.sqrt(np.mean((np.clip(found, 0.5, 5) - ratings) ** 2))
    assert use.digital == pytest.approx(expected, rel=1e-5)
    assert pickle.loads(pickle.dumps(use)).score(Digital()) == use.digital  # as other processes get it
    assert use.limit("loss", 0.01) == pytest.approx(1.01 * use.digital)
    counts = np.bincount(np.searchsorted(np.unique(table.items), table.items[train]))
    assert fitted.table.known.astype(bool).sum(axis=0).tolist() == sorted(counts.tolist(), reverse=True)[:300]


def test_a_picture_is_answered_as_scipy_does():
    use = Picture(camera(32), n_components=3)
    H = np.column_stack([nnls(use.W, x)[0] for x in use.X.T])
    assert use.digital == pytest.approx(np.sqrt(np.mean((np.minimum(use.W @ H, 1) - use.X) ** 2)), rel=1e-6)
    assert -20 * np.log10(use.limit("psnr", 23.5)) == pytest.approx(23.5)
    with pytest.raises(ValueError, match=r"X must hold grey levels from 0 to 1, got 2\d\d"):
        Picture(255 * camera(32))


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


def test_more_chips_go_on_with_those_that_are_there(mho, tmp_path):
    begun, whole = tmp_path / "begun.parquet", tmp_path / "whole.parquet"
    plan = ("chip", "yield", "--bar", "error=0.05", "--preset", "pku-2025-4bit", *SMALL[2:])
    two, five = ((*plan, "--chips", chips, "--out") for chips in (2, 5))
    assert mho(*two, begun)[0] == mho(*five, whole)[0] == 0
    unmarked = tmp_path / "unmarked.parquet"  # as tables are that do not say of how many chips they are
    table = pq.read_table(begun)
    marks = {name: value for name, value in table.schema.metadata.items() if name != b"mho_chips"}
    with replacing(unmarked, sealed=True) as temporary:
        pq.write_table(table.replace_schema_metadata(marks | {b"mho_seal": BLANK}), temporary)
    for path in (begun, unmarked):
        code, _, said = mho(*five, path)
        assert (code, "trying 15 of 25 chips" in said) == (0, True)
        assert pq.read_table(path) == pq.read_table(whole)
    code, _, said = mho(*two, begun)
    assert code == 2
    assert f"{begun}: was made with 5 chips, more than the 2 now; give as many, or another file" in said


def test_a_table_broken_off_midway_takes_more_chips(tmp_path):
    path = tmp_path / "y.parquet"
    plan = Sweep(design=preset("ideal"), chips=3, rows=8, columns=2, rhs=3, treatments=TREATMENTS[:2])
    more, rows = replace(plan, chips=4), list(trials(plan))[:2]
    write_trials(path, plan, rows)
    found = read_trials(path, more)
    assert found == rows
    found += trials(more, done=found)
    assert sorted((row["point"], row["chip"]) for row in found) == [(p, c) for p in range(2) for c in range(4)]
    write_trials(path, more, rows + rows[:1])
    with pytest.raises(DataError, match=r"its row of chip 0 at point 0 is not one of its plan"):
        read_trials(path, more)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--bar", "rmse=0.9"), "--bar must be error=NUMBER without DATA, as error=0.05, got rmse=0.9"),
        (("--bar", "colour=0.9"), "--bar must be error=NUMBER, rmse=NUMBER or psnr=NUMBER with a number above zero"),
        (
            ("--bar", "error=0.05", "--split", "time"),
            "--split has nothing to do here, where chips solve problems",
        ),
        ((), "one of --bar and --loss must say which chips are good"),
        (("--bar", "error=0.05", "--loss", 0.1), "one of --bar and --loss must say which chips are good"),
        (("--loss", 0.1), "--loss is beside digital answers to DATA: give a table of ratings or a picture, or --bar"),
        (("--bar", "error=0.05", "--treatment", "painted"), "--treatment must be one of 'as written', 'repaired'"),
        (("--bar", "error=0.05", "--set", "gain=1e3,1e4"), "--set must be NAME=VALUE, got 'gain=1e3,1e4'"),
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


def test_why_no_chip_can_be_good_is_told(mho):
    options = ("--bar", "error=0.05", "--chips", 1, "--rows", 4, "--columns", 129, "--rhs", 2)
    code, text, said = mho("chip", "yield", *options)
    assert code == 0
    assert "no chip meets the bar of 0.05: 5 of 5 chips fail: the matrix has 129 columns but an array" in said
    assert "inf" in text


def test_requirements_that_nothing_meets_are_told(mho):
    options = ("--bar", "error=1e-6", "--treatment", "as written", *SMALL)
    code, text, said = mho("chip", "require", *options)
    assert code == 0
    assert "no chip meets the bar of 1e-06: the best median error is 0.0" in said
    assert text.count("no value") == len(KNOBS)


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


@pytest.fixture
def ratings(tmp_path):
    """A table of ratings of 40 people and 30 films, made of two factors."""
    rng = np.random.default_rng(0)
    stars = np.clip(np.rint(rng.random((40, 2)) @ (4 * rng.random((2, 30))) + 1), 1, 5)
    lines = [f"{u},{i},{stars[u, i]:g},{u + 40 * i}" for u in range(40) for i in range(30) if (u * i) % 3]
    path = tmp_path / "ratings.csv"
    path.write_text("\n".join(["user,item,rating,when", *lines]) + "\n")
    return path


MILD = ("--preset", "pku-2025-4bit", "--chips", 2, "-k", 2)


def test_own_ratings_are_counted_and_drawn(mho, ratings, tmp_path):
    picture = tmp_path / "y.svg"
    options = ("chip", "yield", ratings, "--split", "time", "--time", "when", *MILD)
    code, text, said = mho(*options, "--loss", 0.5, "--plot", picture, "--json")
    assert code == 0, said
    found = json.loads(text)
    assert found["bar"] == pytest.approx(1.5 * found["digital"])
    assert [one["treatment"] for one in found["yields"]] == list(TREATMENTS[:2])
    assert all(one["passed"] == 2 for one in found["yields"])
    assert ElementTree.parse(picture).getroot().tag.endswith("svg")
    code, text, _ = mho(*options, "--bar", "rmse=0.01", "--treatment", "as written", "--json")
    assert [one["passed"] for one in json.loads(text)["yields"]] == [0]
    code, _, said = mho(*options, "--loss", 1, "--rows", 5)
    assert code == 2
    assert "--rows has nothing to do here, where chips solve a table of ratings" in said
    code, _, said = mho(*options, "--bar", "psnr=30")
    assert code == 2
    assert "--bar must be rmse=NUMBER of these data, got psnr=30" in said


def test_requirements_of_a_picture_go_on_where_they_stopped(mho, tmp_path):
    np.save(picture := tmp_path / "p.npy", camera(16))
    options = ("chip", "require", picture, "--loss", 0.3, *MILD[:2], "--chips", 1, "-k", 2)
    options = (*options, "--treatment", "as written", "--json")
    kept = ("--out", tmp_path / "r.parquet", "--plot", tmp_path / "r.svg")
    (code, first, said), again = mho(*options, *kept), mho(*options, *kept)
    assert code == 0, said
    assert first == again[1]
    found = {one["knob"]: one for one in json.loads(first)["knobs"]}
    assert [one["value"] for one in found["stuck"]["tried"]] == list(KNOBS["stuck"])
    medians = [one["median"] for one in found["sigma"]["tried"]]
    assert medians[0] < medians[-1]
    assert ElementTree.parse(tmp_path / "r.svg").getroot().tag.endswith("svg")
    code, _, said = mho(*options, "--columns", 3)
    assert code == 2
    assert "--columns has nothing to do here, where chips solve a picture" in said


def test_cells_measured_are_fitted_over_and_over(mho, tmp_path):
    reads = tmp_path / "reads.csv"
    pandas.DataFrame(_reads(4, 30, np.random.default_rng(0))).to_csv(reads, index=False)
    for refits in (3, 0):
        table = tmp_path / f"{refits}.parquet"
        code, _, said = mho(
            *("chip", "yield", "--bar", "error=0.3", "--preset", "ideal", "--cells", reads, "--refits", refits),
            *("--treatment", "as written", *SMALL, "--out", table),
        )
        assert code == 0, said
        assert len(pandas.read_parquet(table)) == 2
    reads.write_text("level,time,conductance\n1e-6,0,1e-6\n")
    code, _, said = mho("chip", "yield", "--bar", "error=0.3", "--cells", reads, *SMALL)
    assert code == 2
    assert "table must have two levels or more with at least 8 reads at one time" in said
