"""Self-test, repair and refresh, against the chips' own cells, scipy's answers and the law of the device."""

import numpy as np
import pytest
from scipy.optimize import nnls

from mho.chip import Chip, ChipError, preset
from mho.chip.health import FaultMap, place, self_test
from mho.chip.refresh import plan_refresh
from mho.engines import Analog, Refined, Sparse
from mho.penalty import Penalty

FOUR_BITS = preset("pku-2025-4bit")


def _problem(seed, rows=128, columns=16, n=30):
    rng = np.random.default_rng([26, seed])
    A = rng.random((rows, columns))
    B = A @ np.maximum(rng.standard_normal((columns, n)), 0)
    B = np.maximum(B + 0.05 * B.std() * rng.standard_normal(B.shape), 0)
    return A, B, np.column_stack([nnls(A, b)[0] for b in B.T])


def _error(chip, problem):
    A, B, exact = problem
    return np.linalg.norm(chip.program(A).solve(B) - exact) / np.linalg.norm(exact)


def _stuck(share):
    return FOUR_BITS.with_(stuck_low=share / 2, stuck_high=share / 2)


def test_the_self_test_finds_every_stuck_cell_and_no_other():
    chip = Chip(_stuck(0.03), seed=0)
    faults = chip.self_test(64, 8)
    store = chip.program(np.full((64, 8), 0.5)).store
    for array, cells in enumerate((store.left, store.right)):
        np.testing.assert_array_equal(faults.stuck[array], cells.healthy_fraction == 0)
    assert not faults.rows_off.any()
    assert not faults.columns_off.any()
    assert chip.ledger.adc_conversions >= 4 * 64 * 8  # two reads of each cell of both arrays


def test_a_stuck_cell_of_a_ridge_takes_its_own_share_alone():
    """A ridge may be several cells in parallel, all of which one stuck cell took down."""
    A = np.random.default_rng(0).random((40, 8))
    store = Chip(_stuck(0.1), seed=0).program(A, penalty=Penalty(l2=20.0)).store
    stuck = 0
    for cells in (store.left, store.right):
        ridge, several = cells.parallel[40:].diagonal(), cells.healthy_fraction[40:].diagonal()
        assert ridge.min() > 1
        np.testing.assert_allclose(several * ridge, np.rint(several * ridge))
        stuck += int(np.sum((1 - several) * ridge))
        assert several.max() == 1 > several.min() > 0
    assert 0.02 < stuck / (2 * ridge.sum()) < 0.25


def test_spare_rows_replace_any_row_of_a_matrix_that_is_laid_out_in_parts():
    """Only the last 512 rows had spare ones; the first part kept its row that is off."""
    m, k, spare = 1100, 2, 3
    off = np.zeros(m + spare, bool)
    off[[3, 600]] = True
    faults = FaultMap(np.zeros((2, m + spare, k), bool), np.zeros((2, m + spare, k)), off, np.zeros(k, bool))
    A = np.random.default_rng(0).random((m, k))
    rows = place(faults, A, A, spare, 0).rows
    assert len(set(rows.tolist())) == m
    assert not off[rows].any()


@pytest.mark.parametrize("repaired", [False, True])
def test_a_matrix_of_another_shape_is_told_by_both_kinds_of_array(repaired):
    chip = Chip(_stuck(0.02), seed=0)
    if repaired:
        chip.repair(spare_rows=2)
    A = np.random.default_rng(0).random((12, 3))
    array = chip.program(A)
    for method in (array.calibrate, array.cancel_offsets, array.read_back):
        with pytest.raises(ValueError, match=r"A must be of shape \(12, 3\), as programmed, got \(5, 3\)"):
            method(A[:5])
        with pytest.raises(ValueError, match="A contains NaN"):
            method(np.full_like(A, np.nan))
    with pytest.raises(ValueError, match=r"currents must have shape \(3, 1\)"):
        array.solve(A.sum(axis=1), currents=np.ones(5))


def test_errors_that_stay_are_told_from_fresh_ones():
    """Of the mean of two reads, what both have in common: the best guess at the error that stays."""
    design = FOUR_BITS.with_(sigma=0.01, sigma_cell=0.03)
    spread = Chip(design, seed=0).self_test(256, 16).deviation.std() / design.device.g_max
    assert spread == pytest.approx(0.03**2 / np.sqrt(0.03**2 + 0.01**2 / 2), rel=0.03)
    fresh = Chip(FOUR_BITS, seed=0).self_test(256, 16).deviation.std() / design.device.g_max
    assert fresh < 0.05 * FOUR_BITS.device.sigma


def _acting(g, G):
    """What the errors of cells do to answers: their part along the columns of the matrix G, siemens."""
    return np.linalg.norm(np.linalg.svd(G, full_matrices=False)[0].T @ (g - G))


@pytest.mark.parametrize(
    "changes", [{"stuck_low": 0.005, "stuck_high": 0.005}, {"levels": None}, {"sigma_cell": 0.02}], ids=str
)
def test_each_row_makes_good_what_those_before_it_are_off_by(changes):
    """Written again, all rows or some, they do so anew."""
    A = _problem(3)[0]
    chip = Chip(FOUR_BITS.with_(g_min=0.0, output="switched", **changes), seed=0)
    plain = chip.program(A)
    chip.repair()
    array = chip.program(A)
    G, rows = A * array.conductances.scale, array.placement.rows
    for again in ([], slice(None), slice(0, 128, 3)):
        array.refresh(again)
        for part in ("g_left", "g_right"):
            assert _acting(getattr(array, part)[rows], G) < 0.65 * _acting(getattr(plain, part), G)


def test_the_sensing_array_is_aimed_where_outputs_are_switched_alone():
    A = _problem(3)[0]
    chip = Chip(FOUR_BITS, seed=0)
    chip.repair()
    array = chip.program(A)
    states = chip.design.device.nearest(A * array.conductances.scale)
    np.testing.assert_array_equal(array.store.right.target[array.placement.rows], states)
    assert np.any(array.store.left.target[array.placement.rows] != states)


def test_rows_are_aimed_by_verify_reads_and_only_where_cells_stay_as_written():
    chip, A = Chip(FOUR_BITS, seed=0), _problem(4, rows=40, columns=5)[0]
    chip.program(A)
    plain = chip.ledger.adc_conversions
    chip.repair()
    chip.self_test(40, 5)
    before = chip.ledger.adc_conversions
    chip.program(A)
    assert chip.ledger.adc_conversions - before == plain + 2 * A.size
    relaxing = Chip("neurram", seed=0)
    relaxing.repair()
    array = relaxing.program(A)
    states = relaxing.design.device.nearest(A * array.conductances.scale)
    np.testing.assert_array_equal(array.store.left.target[array.placement.rows], states)


@pytest.mark.parametrize(
    "changes",
    [{}, {"topology": "classic"}, {"off_state": "circuit"}, {"off_state": "digital"}, {"entries": "signed"}],
    ids=str,
)
def test_every_circuit_of_least_squares_gains_by_rows_that_make_good(changes):
    errors = []
    for seed in range(4):
        problem = _problem(seed, rows=96, columns=8)
        for repaired in (False, True):
            chip = Chip(FOUR_BITS.with_(**changes), seed=seed)
            if repaired:
                chip.repair()
            errors.append(_error(chip, problem))
    plain, repaired = np.sqrt(np.mean(np.square(np.reshape(errors, (4, 2))), axis=0))
    assert repaired < (0.8 if "entries" in changes else 0.6) * plain


def test_a_row_stays_in_its_tile():
    chip = Chip(_stuck(0.03).with_(tile_rows=16, rows=16, row_ohms=1.0, column_ohms=1.0), seed=0)
    chip.repair()
    rows = chip.program(_problem(0, rows=50, columns=4)[0]).placement.rows
    np.testing.assert_array_equal(rows // 16, np.arange(50) // 16)
    assert np.any(rows != np.arange(50))


def test_chips_with_three_per_cent_stuck_are_better_repaired_than_those_without_a_stuck_cell_as_written():
    """The loss adds to what a chip without stuck cells has by squares; that is repaired as well."""
    one, three, none = [], [], []
    for seed in range(10):
        problem = _problem(seed)
        for share, found in ((0.01, one), (0.03, three)):
            chip = Chip(_stuck(share), seed=seed)
            found.append([_error(Chip(_stuck(share), seed=seed), problem), 0.0])
            chip.repair()
            found[-1][1] = _error(chip, problem)
        chip = Chip(FOUR_BITS, seed=seed)
        none.append([_error(chip, problem), 0.0])
        chip.repair()
        none[-1][1] = _error(chip, problem)
    raw, repaired = np.sqrt(np.maximum(np.mean(np.square(one), axis=0) - np.mean(np.square(none), axis=0), 0))
    assert repaired <= 0.15 * raw
    assert np.min(three, axis=0)[0] > 0.05
    assert np.max(three, axis=0)[1] < np.mean(none, axis=0)[0]


def test_a_repaired_chip_leaves_rows_out_is_calibrated_and_refined():
    A, B, exact = _problem(9, rows=64, columns=6, n=8)
    design = preset("pku-2025-realistic").with_(stuck_high=0.02)
    chip = Chip(design, seed=1)
    chip.repair(spare_rows=6, spare_columns=1)
    array = chip.program(A)
    assert array.shape == (64, 6)
    assert array.placement.shape == (70, 7)
    X = array.solve(B)
    off = B.copy()
    off[::4] = np.nan
    masked = array.solve(Sparse(off))
    rest = np.column_stack([nnls(A[~np.isnan(b)], b[~np.isnan(b)])[0] for b in off.T])
    assert np.linalg.norm(X - exact) < 0.1 * np.linalg.norm(exact)
    assert np.linalg.norm(masked - rest) < 0.15 * np.linalg.norm(rest)
    assert array.calibrate(A, probe=True).error_after < 0.04
    refined = Chip(design.with_(output="switched"), seed=1)
    refined.repair(spare_rows=6, spare_columns=1)
    done = Refined(refined).program(A).refine(B)
    assert done.fallback == ("",) * 8
    assert np.abs(done.X - exact).max() < 1e-8
    assert np.linalg.norm(Analog(chip, calibrate=True, probe=True).program(A).solve(B) - exact) < 0.04 * np.linalg.norm(
        exact
    )


class Board:
    """A board with a chip on it: pins alone, of which a row's DAC and a column's ADC are dead."""

    def __init__(self, chip, row, column):
        self.design, self._chip, self._row, self._column = chip.design, chip, row, column

    def write_cells(self, G):
        self._chip.write_cells(G)

    def read_cells(self):
        return self._chip.read_cells()

    def program(self, A):
        return _Dead(self._chip.program(A), self._row, self._column)


class _Dead:
    def __init__(self, array, row, column):
        self._array, self._row, self._column = array, row, column

    def solve(self, B):
        B = np.array(B)
        B[self._row] = 0.0
        X = self._array.solve(B)
        X[self._column] = 0.0
        return X


def test_dead_converters_are_found_by_pins_alone_and_avoided():
    chip = Chip(FOUR_BITS.with_(stuck_high=0.01), seed=3)
    faults = self_test(Board(chip, 5, 2), 40, 7)
    assert np.flatnonzero(faults.rows_off).tolist() == [5]
    assert np.flatnonzero(faults.columns_off).tolist() == [2]
    chip.faults_ = faults
    chip.repair(spare_rows=8, spare_columns=1)
    placement = chip.program(np.random.default_rng(0).random((32, 6))).placement
    assert 5 not in placement.rows
    assert 2 not in placement.columns
    assert len(set(placement.rows)) == 32
    chip.repair()
    with pytest.raises(ChipError, match="1 of 40 rows are off, more than the 0 spare ones: give spare_rows=1"):
        chip.program(np.random.default_rng(0).random((40, 6)))


def test_the_gram_circuit_and_other_uses_are_not_repaired():
    with pytest.raises(ChipError, match="the Gram circuit's rows are its columns"):
        Chip(preset("ideal").with_(topology="gram")).repair()
    with pytest.raises(ValueError, match="must solve least squares"):
        Chip(preset("ideal").with_(topology="mvm")).self_test()
    chip = Chip("ideal")
    chip.repair(spare_columns=127)
    with pytest.raises(ChipError, match="129 columns are needed, spare ones included"):
        chip.program(np.eye(2))


def test_refresh_is_planned_by_the_law_and_labelled_beyond_it():
    A = np.random.default_rng(0).random((32, 4))
    day = plan_refresh("neurram", A, error=0.2, horizon=86400.0)
    assert not day.extrapolated
    assert np.all(np.diff(day.errors)[-4:] > -0.02)
    bar = float(np.mean([day.errors[0], day.errors[-1]]))
    found = plan_refresh("neurram", A, error=bar, horizon=86400.0)
    assert 1 < found.seconds < 86400
    years = plan_refresh("neurram", A, error=1.0)
    assert years.extrapolated
    assert "extrapolated: measured up to" in str(years)
    baked = plan_refresh("rram-tech-a", A, error=1.0, horizon=1e3, kelvin=358.15)  # fitted from 373 K on
    assert baked.extrapolated
    with pytest.raises(ChipError, match="nothing is known of how cells of 'pku-2025-realistic' age"):
        plan_refresh("pku-2025-realistic", A, error=0.1)
    with pytest.raises(ChipError, match=r"the error is 0\.\d+ at once, above the bar of 0.001"):
        plan_refresh("neurram", A, error=1e-3)
    with pytest.raises(ChipError, match="nothing is known of how heat ages cells of 'neurram'"):
        plan_refresh("neurram", A, error=0.2, kelvin=358.15)


def test_a_law_goes_on_along_the_logarithm_of_time():
    law = preset("cmo-hfox").device.relaxation  # made of logarithms
    longer = law.extended(1e8)
    for found, published in zip(longer.moments(5e-5, 1e8), (-0.08900206, 0.04201137), strict=True):
        before = law.moments(5e-5, 86400.0)
        start = before[0] if published < 0 else before[1]
        assert found - start == pytest.approx(published * 1e-6 * np.log(1e8 / 86400), rel=0.02)
    with pytest.raises(ChipError, match="1 time after writing was measured, and a law needs two"):
        preset("milo-2021").device.relaxation.extended(1.0)


def test_a_repaired_chip_tells_what_it_does_not_hear_as_a_plain_one_does():
    chip = Chip(preset("ideal").with_(stuck_high=0.05), seed=0)
    chip.repair(spare_rows=8)
    A = np.random.default_rng(0).random((32, 4))
    B = A @ np.ones((4, 3))
    B[:, 1] = np.nan
    with pytest.warns(UserWarning, match="nothing is known of 1 of 3 right-hand sides: their answers are zero"):
        X = chip.program(A).solve(B, missing="nan")
    np.testing.assert_array_equal(X[:, 1], 0)


def test_rows_with_cells_stuck_high_are_not_taken_for_rows_that_are_off():
    """A cell stuck high takes another column's answer out of its row, which was silent if both were always the same."""
    design = preset("pku-2025-realistic").with_(stuck_high=0.006)
    found = [Chip(design, seed=seed).self_test(32, 64) for seed in (1, 2)]
    assert all(faults.stuck[0].any(axis=1).sum() > 5 for faults in found)
    assert not any(faults.rows_off.any() or faults.columns_off.any() for faults in found)
    faults = self_test(Board(Chip(design, seed=1), row=5, column=2), 24, 40)
    assert np.flatnonzero(faults.rows_off).tolist() == [5]
    assert np.flatnonzero(faults.columns_off).tolist() == [2]
