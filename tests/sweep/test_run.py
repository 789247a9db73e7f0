"""Many chips: the same whatever the number of processes, and as accurate as theory says."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mho.chip import preset
from mho.data import DataError
from mho.data.output import replacing
from mho.data.seal import BLANK
from mho.sweep import Sweep, SweepRange, read_trials, run, trials, write_trials


def _small(**changes):
    given = {"values": {"levels": [4, 16], "sigma": [0.0, 0.05]}, "chips": 2, "rows": 12, "columns": 3, "rhs": 5}
    return Sweep(design=preset("pku-2025"), **(given | changes))


def test_processes_change_nothing():
    one, two = run(_small()), run(_small(), jobs=2)
    assert list(one) == ["point", "chip", "levels", "sigma", "error", "residual", "failure"]
    for name, column in one.items():
        np.testing.assert_array_equal(column, two[name])


def test_an_ideal_chip_is_exact_and_the_error_is_proportional_to_sigma():
    found = run(Sweep(design=preset("ideal"), values={"sigma": [0.0, 0.01, 0.02]}, chips=40))
    mean = found["error"].reshape(3, 40).mean(axis=1)
    assert mean[0] < 1e-6
    assert mean[2] / mean[1] == pytest.approx(2, rel=0.15)  # some 4 standard errors of a ratio of means of 40


def test_a_hypercube_has_one_point_in_each_stratum_of_each_range():
    ranges = {"sigma": SweepRange(0.02, 0.1), "gain": SweepRange(1e2, 1e6, log=True), "levels": SweepRange(4, 35)}
    points = _small(values={}, ranges=ranges, samples=32).points()
    sigma, gain, levels = ([point[name] for point in points] for name in ranges)
    strata = [
        np.floor(32 * (np.array(sigma) - 0.02) / 0.08),
        np.floor(32 * np.log(np.array(gain) / 1e2) / np.log(1e4)),
        np.array(levels) - 4,  # as many whole numbers as points: each once
    ]
    for found in strata:
        np.testing.assert_array_equal(np.sort(found), np.arange(32))
    assert all(type(level) is int for level in levels)
    assert np.corrcoef(strata)[np.triu_indices(3, 1)] == pytest.approx(0, abs=0.55)  # 3 / sqrt(32)


def test_whole_numbers_of_a_logarithmic_range_lie_within_it():
    levels = [point["levels"] for point in _small(values={}, ranges={"levels": SweepRange(2, 9, log=True)}).points()]
    assert set(levels) == set(range(2, 10))
    share = np.mean([level < 4 for level in levels])
    assert share == pytest.approx(np.log(4 / 2) / np.log(10 / 2), abs=0.01)  # 100 strata


def test_a_seed_has_its_hypercube_and_each_value_of_the_grid_the_same():
    plan = _small(values={"levels": [4, 16]}, ranges={"sigma": SweepRange(0, 0.1)}, samples=5)
    points = plan.points()
    assert [point["levels"] for point in points] == [4] * 5 + [16] * 5
    assert [point["sigma"] for point in points[:5]] == [point["sigma"] for point in points[5:]]
    again = _small(values={"levels": [4, 16]}, ranges={"sigma": SweepRange(0, 0.1)}, samples=5)
    other = _small(values={"levels": [4, 16]}, ranges={"sigma": SweepRange(0, 0.1)}, samples=5, seed=1)
    assert points == again.points() != other.points()


def test_a_chip_that_cannot_is_counted_with_its_reason():
    design = preset("ideal").with_(columns=2)
    found = run(Sweep(design=design, values={"sigma": [0.01]}, chips=1, rows=8, columns=3))
    assert np.isnan(found["error"]).all()
    assert "columns" in found["failure"][0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": {"colour": [1]}}, "colour"),
        ({"values": {"sigma": []}}, "sigma"),
        ({"values": {"sigma": [-1]}}, "sigma"),
        ({"chips": 0}, "chips"),
        ({"ranges": {"sigma": SweepRange(0, 1)}}, "both for 'sigma'"),
        ({"ranges": {"offset": SweepRange(-1, 1)}, "samples": 8}, "offset"),
        ({"ranges": {"rows": SweepRange(1, 2.5)}}, "must be whole"),
    ],
)
def test_bad_plans_are_refused_before_any_work(changes, message):
    with pytest.raises(ValueError, match=message):
        _small(**changes)


@pytest.mark.parametrize("chip", [[0], "0", None])
def test_a_table_whose_chips_are_no_numbers_is_refused(tmp_path, chip):
    path, plan = tmp_path / "o.parquet", _small()
    write_trials(path, plan, [row | {"chip": chip} for row in trials(plan)])
    with pytest.raises(DataError, match=r"its row of chip .* at point 0 is not one of its plan"):
        read_trials(path, plan)


@pytest.mark.parametrize("missing", ["failure", "residual", "sigma", "point"])
def test_a_table_without_a_column_is_refused(tmp_path, missing):
    path, plan = tmp_path / "o.parquet", _small()
    rows = list(trials(plan))
    write_trials(path, plan, rows)
    marks = pq.read_schema(path).metadata
    table = pa.Table.from_pylist(rows).drop_columns([missing]).replace_schema_metadata(marks | {b"mho_seal": BLANK})
    with replacing(path, sealed=True) as temporary:
        pq.write_table(table, temporary)
    with pytest.raises(DataError, match=rf"o\.parquet: must have the columns .*{missing}"):
        read_trials(path, plan)
