"""`mho recommend scale`."""

import re

import pytest

from mho.recommend.distributed.scale import Cluster, Problem, forecast

SIZES = ("--users", "1200000", "--items", "137e3", "--ratings", "700e6", "--workers", "8")


def test_the_figures_are_those_of_the_library(mho):
    code, out, told = mho("recommend", "scale", *SIZES, "-k", "32")
    assert (code, told) == (0, "")
    expected = forecast(
        Problem(users=1_200_000, items=137_000, ratings=700_000_000, n_components=32), Cluster(workers=8)
    )
    assert float(re.search(r"an iteration takes (\S+) s", out)[1]) == pytest.approx(expected.seconds, rel=1e-2)
    compute = re.search(r"compute by the clock, s +(\S+) +(\S+)", out)
    assert float(compute[1]) == pytest.approx(expected.users.compute_seconds, rel=1e-2)
    assert float(compute[2]) == pytest.approx(expected.items.compute_seconds, rel=1e-2)


@pytest.mark.parametrize(("option", "value"), [("--ratings", "1.5"), ("--ratings", "many"), ("--workers", "0")])
def test_a_size_that_cannot_be_is_told_in_one_line(mho, option, value):
    sizes = list(SIZES)
    sizes[sizes.index(option) + 1] = value
    code, out, told = mho("recommend", "scale", *sizes)
    assert (code, out) == (2, "")
    assert told.startswith("mho: error: ")
    assert value in told
