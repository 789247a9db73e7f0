"""Many chips: the same whatever the number of processes, and as accurate as theory says."""

import numpy as np
import pytest

from mho.chip import preset
from mho.sweep import Sweep, run


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
    ],
)
def test_bad_plans_are_refused_before_any_work(changes, message):
    with pytest.raises(ValueError, match=message):
        _small(**changes)
