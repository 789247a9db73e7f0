"""Systems of equations by an inverse on a chip, against numpy's solver."""

import numpy as np
import pytest

from mho.chip import BitSlices, ChipError, preset
from mho.engines import solve_square

THREE_BIT = preset("pku-2025").with_(levels=8, sigma=0.02, dac_bits=8, adc_bits=8, gain=1e5)


def _sliced(bits, sigma, columns):
    """Products of 24 bits, so many of them in a cell."""
    return preset("pku-2025").with_(
        topology="mvm", slices=24 // bits, bits_per_cell=bits, sigma=sigma, columns=columns, adc_bits=8, gain=1e5
    )


def _problem(condition, seed, k=16):
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((k, k)))[0]
    A = BitSlices.of(Q @ np.diag(np.geomspace(1 / condition, 1, k)) @ Q.T, 12, 2).matrix
    b = rng.standard_normal(k)
    return A, b, np.linalg.solve(A, b)


def _distance(x, exact):
    return np.linalg.norm(x - exact) / np.linalg.norm(exact)


@pytest.mark.parametrize("condition", [2, 8, 32])
@pytest.mark.parametrize("product", [_sliced(3, 0.002, 8), _sliced(2, 0.005, 16), _sliced(1, 0.02, 16), None])
def test_24_bits_from_cells_of_three(condition, product):
    for seed in range(3):
        A, b, exact = _problem(condition, seed)
        found = solve_square(A, b, inverse=THREE_BIT, product=product, seed=seed)
        assert found.reached
        assert found.solves <= 16
        assert _distance(found.x, exact) < 2.0**-23


def test_a_product_that_errs_by_half_a_state_has_a_floor():
    A, b, exact = _problem(8, 0)
    found = solve_square(A, b, inverse=THREE_BIT, product=_sliced(3, 0.02, 16), seed=0)
    assert _distance(found.x, exact) > 1e-3


def test_a_loop_that_does_not_settle_is_written_with_something_added():
    A = np.diag([1.0, 1.0, -0.3, 1.0]) + 0.1
    b = np.arange(4.0)
    found = solve_square(A, b, inverse=THREE_BIT, seed=0)
    assert found.shift > 0
    assert _distance(found.x, np.linalg.solve(A, b)) < 2.0**-23
    with pytest.raises(ChipError, match="nor with half of the mean diagonal added"):
        solve_square(-np.eye(3), np.ones(3), inverse=THREE_BIT, seed=0)


def test_nothing_for_nothing_and_too_few_solves():
    A, b, _ = _problem(32, 0)
    assert solve_square(A, 0 * b, inverse=THREE_BIT, seed=0).x.tolist() == [0.0] * 16
    short = solve_square(A, b, inverse=THREE_BIT, seed=0, most_solves=4)
    assert (short.solves, short.reached) == (4, False)
    assert short.error > 2.0**-23


@pytest.mark.parametrize(
    ("A", "b", "options", "says"),
    [
        (np.ones((3, 2)), np.ones(3), {}, r"A must be square with one row for each of 3 entries of b, got shape"),
        (np.eye(3), np.ones(3), {"tolerance": 1e-15}, r"tolerance must be at least 2\^-40, got 1e-15"),
        (np.eye(3), np.array([1.0, np.nan, 0.0]), {}, "b contains NaN"),
    ],
)
def test_a_bad_argument_is_named(A, b, options, says):
    with pytest.raises(ValueError, match=says):
        solve_square(A, b, **options)
