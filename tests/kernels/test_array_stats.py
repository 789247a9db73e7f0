import numpy as np
import pytest

from mho import checks, kernels


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 7, 64, 65_536, 150_001])
@pytest.mark.parametrize("threads", [1, 3])
def test_it_finds_the_extremes_and_the_sums(dtype, n, threads):
    x = np.random.default_rng(n).standard_normal(n).astype(dtype)
    out = np.empty(4)
    kernels.array_stats(x, out, threads)
    wide = x.astype(np.longdouble)
    assert tuple(out[:2]) == (x.min(), x.max())
    np.testing.assert_allclose(out[2:], [wide.sum(), (wide**2).sum()], rtol=1e-11, atol=1e-11)


def test_no_bit_depends_on_the_number_of_threads():
    x = np.random.default_rng(0).random(300_000, np.float32)
    outs = np.empty((4, 4))
    for threads, out in enumerate(outs, 1):
        kernels.array_stats(x, out, threads)
    assert (outs == outs[0]).all()


@pytest.mark.parametrize("place", [0, 31, 200, 255])
def test_not_a_number_shows_in_the_sums_and_in_no_extreme(place):
    x = np.arange(256.0)
    x[place] = np.nan
    out = np.empty(4)
    kernels.array_stats(x, out, 1)
    assert tuple(out[:2]) == (np.nanmin(x), np.nanmax(x))
    assert np.isnan(out[2:]).all()


@pytest.mark.parametrize(
    "array",
    [
        np.random.default_rng(1).random((400, 300)).T,
        np.random.default_rng(2).random((400, 900))[::3, 5:700],
        np.random.default_rng(3).random(3000)[::-2],
        np.random.default_rng(4).random((1, 200_000))[:, ::2],
    ],
    ids=["by columns", "part", "reversed", "one row"],
)
def test_any_layout_has_its_stats(array):
    found = checks.array_stats(array)
    assert (found.low, found.high) == (array.min(), array.max())
    np.testing.assert_allclose([found.total, found.square], [array.sum(), (array**2).sum()], rtol=1e-13)
