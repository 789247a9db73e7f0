import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from mho.chip import Chip, ChipDesign, ChipError, Device, preset, presets
from mho.operands import Sparse

IDEAL = preset("ideal")


def random_problem(m=40, k=6, n=30, seed=0):
    rng = np.random.default_rng(seed)
    return rng.random((m, k)), rng.random((m, n))


def exact(A, B):
    return np.stack([nnls(A, b)[0] for b in B.T], axis=1)


def test_an_ideal_chip_solves_nnls():
    A, B = random_problem()
    np.testing.assert_allclose(Chip("ideal").program(A).solve(B), exact(A, B), atol=1e-12)


def test_error_falls_with_gain():
    A, B = random_problem()
    X = exact(A, B)
    errors = [np.abs(Chip(IDEAL.with_(gain=gain)).program(A).solve(B) - X).max() for gain in (1e3, 1e4, 1e5, 1e6)]
    ratios = np.array(errors[:-1]) / errors[1:]
    assert np.all((ratios > 5) & (ratios < 15))  # inversely proportional


def test_compensation_makes_the_total_of_every_row_equal():
    A, _ = random_problem(seed=3)
    array = Chip("ideal").program(A)
    total = array.g_left.sum(axis=1) + array.g_right.sum(axis=1) + array.g_in + array.g_comp
    np.testing.assert_allclose(total, total[0], rtol=1e-12)


@pytest.mark.parametrize("levels", [4, 16, 64])
def test_conductances_lie_on_the_levels(levels):
    A, _ = random_problem()
    design = IDEAL.with_(levels=levels, g_min=0.5e-6)
    array = Chip(design).program(A)
    states = np.maximum(np.linspace(0, design.device.g_max, levels), design.device.g_min)
    assert np.abs(array.g_left[:, :, None] - states).min(axis=2).max() < 1e-18
    np.testing.assert_array_equal(array.g_left, array.g_right)
    assert array.g_left.max(axis=0) == pytest.approx(design.device.g_max)


@given(levels=st.integers(2, 20), lowest=st.floats(0, 0.9), shares=st.lists(st.floats(0.001, 1), min_size=1))
def test_an_entry_goes_to_the_nearest_state(levels, lowest, shares):
    """Whatever the levels, and however high the lowest state is."""
    g_max = IDEAL.device.g_max
    design = IDEAL.with_(levels=levels, g_min=lowest * g_max)
    wanted = np.array([1.0, *shares]) * g_max
    found = Chip(design).program(wanted[:, None]).g_left[:, 0]
    states = np.maximum(np.linspace(0, g_max, levels), design.device.g_min)
    nearest = np.abs(wanted[:, None] - states).min(axis=1)
    np.testing.assert_allclose(np.abs(found - wanted), nearest, rtol=0, atol=1e-12 * g_max)


def test_programming_error_has_the_stated_spread_and_the_copies_are_independent():
    A = np.full((400, 50), 0.5)
    design = IDEAL.with_(sigma=0.03)
    array = Chip(design, seed=1).program(np.vstack([A, np.ones((1, 50))]))
    left, right = array.g_left[:-1] - design.device.g_max / 2, array.g_right[:-1] - design.device.g_max / 2
    assert left.std() == pytest.approx(0.03 * design.device.g_max, rel=0.02)
    assert abs(np.corrcoef(left.ravel(), right.ravel())[0, 1]) < 0.03


def test_the_same_seed_is_the_same_chip_and_every_write_is_fresh():
    A, _ = random_problem()
    first, second = Chip("pku-2025", seed=7), Chip("pku-2025", seed=7)
    np.testing.assert_array_equal(first.program(A).g_left, second.program(A).g_left)
    assert np.any(first.program(A).g_left != second.program(2 * A).g_right)


def test_outputs_in_volts_times_units_are_the_numbers():
    A, B = random_problem()
    array = Chip("ideal").program(A)
    volts = array.solve_volts(array.volts(B))
    np.testing.assert_allclose(volts * array.units_per_volt[:, None], array.solve(B), atol=1e-12)


def test_converters_round_to_their_steps():
    A, B = random_problem()
    design = IDEAL.with_(dac_bits=8)
    array = Chip(design).program(A)
    volts, exact_volts = array.volts(B), Chip(IDEAL).program(A).volts(B)
    steps = exact_volts.max(axis=0) / 127
    assert np.abs(volts - exact_volts).max(axis=0) == pytest.approx(steps / 2, rel=0.2)
    coarse = [np.abs(Chip(IDEAL.with_(adc_bits=bits)).program(A).solve(B) - exact(A, B)).max() for bits in (4, 8, 12)]
    assert coarse[0] > 8 * coarse[1] > 64 * coarse[2] > 0


def test_scale_of_the_right_hand_side_does_not_matter():
    A, B = random_problem()
    array = Chip("pku-2025", seed=1).program(A)
    np.testing.assert_allclose(array.solve(1e6 * B), 1e6 * array.solve(B), rtol=1e-9)
    np.testing.assert_allclose(array.solve(1e-6 * B), 1e-6 * array.solve(B), rtol=1e-9)


@pytest.mark.parametrize("design", ["ideal", "pku-2025"])
def test_switched_off_rows_take_no_part(design):
    """Masked rows give what the same conductances without those rows give, the total of each row unchanged."""
    A, B = random_problem()
    known = np.random.default_rng(1).random(B.shape) < 0.6
    array = Chip(preset(design).with_(adc_bits=None, dac_bits=None), seed=2).program(A)
    masked = array.solve(Sparse(np.where(known, B, np.nan)))
    by_volts = array.solve_volts(np.where(known, array.volts(B), np.nan)) * array.units_per_volt[:, None]
    np.testing.assert_allclose(masked, by_volts, atol=1e-12)
    if design == "ideal":
        for j in range(B.shape[1]):
            np.testing.assert_allclose(masked[:, j], nnls(A[known[:, j]], B[known[:, j], j])[0], atol=1e-12)


def test_sparse_right_hand_sides_are_read_as_zeros():
    A, _ = random_problem()
    B = sp.random_array((40, 30), density=0.2, rng=np.random.default_rng(4), format="csc")
    array = Chip("pku-2025", seed=3).program(A)
    np.testing.assert_allclose(array.solve(B), array.solve(B.toarray()), atol=1e-12)


def test_blocks_make_no_difference(monkeypatch):
    A, B = random_problem(n=50)
    array = Chip("pku-2025", seed=3).program(A)
    whole = array.solve(B), array.solve(Sparse(sp.csc_array(B), missing=True))
    monkeypatch.setattr("mho.chip.programmed_array._BLOCK", 7 * 40)
    np.testing.assert_allclose(array.solve(B), whole[0], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(array.solve(Sparse(sp.csc_array(B), missing=True)), whole[1], rtol=1e-12, atol=1e-15)


def test_error_grows_with_programming_error_as_the_rule_of_thumb_says():
    """Section 3 of the reference sheet: error 0.55 to 0.6 times sigma for 128 x 10, noise 0.05."""
    rng = np.random.default_rng(5)
    A = rng.uniform(0.014, 1, (128, 10))
    X = rng.uniform(0, 1, (10, 200))
    B = A @ X + 0.05 * rng.standard_normal((128, 200))
    best = np.linalg.lstsq(A, B, rcond=None)[0]
    sigma = 0.02
    solved = np.concatenate([Chip(IDEAL.with_(sigma=sigma), seed=s).program(A).solve(B) for s in range(5)], axis=1)
    error = np.linalg.norm(solved - np.tile(best, 5)) / np.linalg.norm(np.tile(best, 5))
    assert 0.3 * sigma < error < 1.2 * sigma


def test_too_many_columns_is_a_chip_error_with_advice():
    with pytest.raises(ChipError, match=r"has 5 columns but an array of 'ideal' has 4: .*fewer components"):
        Chip(IDEAL.with_(columns=4)).program(np.ones((9, 5)))


def test_a_loop_that_is_not_stable_is_a_chip_error():
    """Two nearly equal columns and copies that differ: the loop feeds back with the wrong sign."""
    rng = np.random.default_rng(0)
    a = rng.uniform(0.5, 1, (6, 1))
    A = np.hstack([a, a + 1e-3 * rng.random((6, 1)), a + 1e-3 * rng.random((6, 1))])
    B = rng.random((6, 500))

    def make_and_solve():
        for seed in range(20):
            Chip(IDEAL.with_(sigma=0.1), seed=seed).program(A).solve(B)

    with pytest.raises(ChipError, match=r"the loop does not settle: .* a ridge would help"):
        make_and_solve()


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Chip("pku"), ValueError, "no chip preset 'pku'; there are: 'ideal', 'pku-2025'"),
        (lambda: Chip(3), TypeError, "design must be the name of a preset or a ChipDesign, got int"),
        (lambda: IDEAL.with_(bits=4), ValueError, "'bits' is no property of a chip design; there are: adc_bits"),
        (lambda: IDEAL.with_(levels=1), ValueError, "levels must be at least 2, got 1"),
        (lambda: IDEAL.with_(levels=4.5), TypeError, "levels must be a whole number, got 4.5"),
        (lambda: IDEAL.with_(sigma=-1), ValueError, "sigma must be finite and at least 0, got -1"),
        (lambda: IDEAL.with_(sigma=float("nan")), ValueError, "sigma must be finite and at least 0, got nan"),
        (lambda: IDEAL.with_(gain=0), ValueError, "gain must be above 1, got 0"),
        (lambda: IDEAL.with_(adc_bits=60), ValueError, "adc_bits must be at least 1 and at most 24, got 60"),
        (lambda: Device(g_min=2e-6, g_max=1e-6), ValueError, "g_max must be above 2e-06, got 1e-06"),
        (lambda: Chip("ideal").program(-np.ones((3, 2))), ValueError, r"A contains a negative entry \(-1.0\)"),
        (lambda: Chip("ideal").program(np.ones(3)), ValueError, r"A must be a matrix .* got shape \(3,\)"),
        (lambda: Chip("ideal").program([[np.nan]]), ValueError, "A contains NaN"),
        (
            lambda: Chip("ideal").program(np.ones((3, 2))).solve(np.ones((4, 1))),
            ValueError,
            r"B must have 3 rows, as many as the programmed matrix, got shape \(4, 1\)",
        ),
        (
            lambda: Chip("ideal").program(np.ones((3, 2))).solve_volts(np.ones(2)),
            ValueError,
            r"V must have 3 rows, one per row of the chip, got shape \(2,\)",
        ),
    ],
)
def test_bad_input(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


def test_presets_are_designs_with_their_name():
    for name in presets():
        assert isinstance(preset(name), ChipDesign)
        assert preset(name).name == name
