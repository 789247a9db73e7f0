"""Chips of topologies that solve no least squares: products, inverses, eigenvectors, in bit slices or not."""

import numpy as np
import pytest
import scipy.sparse as sp

import mho
from mho import Analog, Chip, Penalty, cost, spice, sweep
from mho.chip import REFUSED_OPERANDS, USES, BitSlices, ChipError, ngspice_rest, preset
from mho.circuits import operating_point

CLEAN = {1: 0.05, 2: 0.02, 3: 0.005}  # bits per cell: sigma whose errors stay below half a state, nearly always


def _signed(m=16, k=16, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((m, k)), rng.standard_normal((k, 3))


def _sliced(bits_per_cell, sigma, bits=24, **changes):
    design = preset("pku-2025").with_(g_min=0.05e-6, sigma=sigma, topology="mvm", gain=1e5, **changes)
    return design.with_(bits_per_cell=bits_per_cell, slices=-(-(bits - 1) // bits_per_cell), adc_bits=10)


def _relative(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize("bits_per_cell", [1, 2, 3, 5])
def test_slices_hold_a_matrix_to_half_of_the_last_bit(bits_per_cell):
    A, _ = _signed()
    sliced = BitSlices.of(A, 24 // bits_per_cell, bits_per_cell)
    bits = 24 // bits_per_cell * bits_per_cell
    assert np.abs(sliced.matrix - A).max() <= np.abs(A).max() / (2**bits - 1) / 2 * (1 + 1e-12)
    assert np.abs(sliced.digits).max() == 2**bits_per_cell - 1
    assert np.all(sliced.digits * np.sign(A) >= 0)
    assert not BitSlices.of(np.zeros((2, 2)), 3, 2).matrix.any()


@pytest.mark.parametrize("bits_per_cell", CLEAN)
def test_a_sliced_product_is_exact_where_cells_err_by_less_than_half_a_state(bits_per_cell):
    """24 bits of matrix and vector: what is left is their rounding."""
    A, X = _signed()
    found = Chip(_sliced(bits_per_cell, 0.0), seed=0).program(A).multiply(X, bits=24)
    assert _relative(found, A @ X) < 2**-22
    product = Chip(_sliced(bits_per_cell, CLEAN[bits_per_cell] / 2), seed=0).program(A)
    assert _relative(product.multiply(X, bits=24), A @ X) < 2**-22


def test_cells_that_err_by_more_leave_whole_states():
    A, X = _signed()
    found = Chip(_sliced(3, 0.02), seed=0).program(A).multiply(X, bits=24)
    assert 1e-3 < _relative(found, A @ X) < 0.1


def test_whole_numbers_come_back_as_they_are():
    rng = np.random.default_rng(0)
    A, X = rng.integers(-255, 256, (8, 8)), rng.integers(-127, 128, (8, 5))
    A[0, 0], X[0] = 255, 127
    found = Chip(_sliced(2, 0.01, bits=9), seed=1).program(A).multiply(X, bits=8)
    np.testing.assert_allclose(found, A @ X, rtol=0, atol=1e-9)


def test_columns_beyond_what_an_adc_tells_apart_are_tiled():
    A, X = _signed(8, 100)
    chip = Chip(_sliced(2, 0.0).with_(adc_bits=6), seed=0)
    product = chip.program(A)
    assert _relative(product.multiply(X, bits=24), A @ X) < 2**-22
    tiles = -(-100 // ((2**5 - 1) // 3))
    assert chip.ledger.adc_conversions == 3 * 23 * 12 * tiles * 8
    assert chip.ledger.solves == 3 * 23
    assert chip.ledger.dac_conversions == 3 * 23 * 100


@pytest.mark.parametrize("changes", [{}, {"entries": "signed"}, {"slices": 4, "bits_per_cell": 2}])
def test_a_product_through_dacs_errs_as_converters_do(changes):
    A, X = _signed()
    A = A if changes else np.abs(A)
    ideal = preset("ideal").with_(topology="mvm", **changes)
    assert _relative(Chip(ideal).program(A).multiply(X), A @ X) < (5e-3 if "slices" in changes else 1e-12)
    rough = ideal.with_(dac_bits=8, adc_bits=8)
    errors = [_relative(Chip(rough).program(A).multiply(X), A @ X) for _ in range(2)]
    assert errors[0] == errors[1] < 0.02
    product = Chip(rough).program(A)
    assert _relative(product.multiply(X[:, 0]), product.multiply(X)[:, 0]) < 5e-3  # ties of rounding may differ
    wired = Chip(ideal.with_(row_ohms=2.0, column_ohms=2.0)).program(A).multiply(X)
    assert 1e-4 < _relative(wired, A @ X) < 0.5


def _square(k=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((k, k)) + 2 * np.sqrt(k) * np.eye(k), rng.standard_normal((k, 4))


@pytest.mark.parametrize("changes", [{}, {"slices": 4, "bits_per_cell": 3}])
def test_an_inverse_through_converters(changes):
    A, B = _square()
    design = preset("ideal").with_(g_min=0.5e-6, topology="inv", **changes)
    exact = np.linalg.solve(A, B)
    found = Chip(design).program(A).solve(B)
    assert _relative(found, exact) < (1e-3 if changes else 1e-7)
    chip = Chip(design.with_(dac_bits=8, adc_bits=8, gain=1e5, offset=1e-5), seed=0)
    array = chip.program(A)
    assert _relative(array.solve(B), exact) < 0.03
    np.testing.assert_allclose(array.solve(B[:, 0]), array.solve(B)[:, 0], rtol=1e-12)
    assert chip.ledger.solves >= 9
    assert chip.ledger.dac_conversions == chip.ledger.adc_conversions == 8 * chip.ledger.solves
    assert chip.ledger.settle_seconds > 0 < chip.ledger.array_joules


@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
@pytest.mark.parametrize("changes", [{}, {"slices": 3, "bits_per_cell": 2}])
def test_an_inverse_in_slices_rests_where_ngspice_does(changes):
    A, B = _square()
    array = Chip(preset("pku-2025-4bit").with_(topology="inv", offset=1e-4, **changes), seed=0).program(A)
    volts = 1e-3 * B[:, 0]
    found = operating_point(array.circuit, volts)[-8:]
    np.testing.assert_allclose(
        ngspice_rest(array.circuit, volts).outputs, found, rtol=0, atol=1e-6 * np.abs(found).max()
    )


def test_answers_that_leave_the_range_are_solved_again_at_smaller_inputs():
    A, B = _square()
    chip = Chip(preset("ideal").with_(topology="inv", v_out=0.02))
    np.testing.assert_allclose(chip.program(A).solve(B), np.linalg.solve(A, B), rtol=0, atol=1e-7)
    assert chip.ledger.clipped > 0
    with pytest.raises(ChipError, match="above the full scale of 1e-06 V however small the inputs are"):
        Chip(preset("ideal").with_(topology="inv", v_out=1e-6, offset=1e-3), seed=0).program(A).solve(B)


def test_an_eigenvector_behind_converters():
    half = np.random.default_rng(0).random((6, 6))
    A = half @ half.T
    chip = Chip(preset("pku-2025-4bit").with_(topology="egv"), seed=0)
    expected = np.linalg.eigh(A)[1][:, -1]
    assert abs(chip.program(A).eigenvector() @ expected) > 0.99
    assert chip.ledger.adc_conversions == 6
    assert chip.ledger.settle_seconds > 1e-7


def test_cells_of_a_product_age_and_are_written_again():
    A, X = _signed()
    chip = Chip(preset("neurram").with_(topology="mvm", entries="signed"), seed=0)
    product = chip.program(A)
    before, cells = product.multiply(X), chip.ledger.cells
    product.age(86400.0)
    after = product.multiply(X)
    assert _relative(after, before) > 0.01
    product.refresh()
    assert chip.ledger.cells == 2 * cells
    assert _relative(product.multiply(X), after) > 0.01


def test_engines_refuse_what_solves_no_least_squares():
    for topology, use in USES.items():
        if use == "least squares":
            continue
        reason = rf"chip must solve least squares, got topology '{topology}' \({use}\): take 'compact', "
        with pytest.raises(ValueError, match=reason):
            Analog(preset("ideal").with_(topology=topology))
        with pytest.raises(ValueError, match=reason):
            mho.NMF(n_components=2, engine=Analog(preset("ideal").with_(topology=topology)))


@pytest.mark.parametrize(("topology", "kind"), [pair for pair in REFUSED_OPERANDS if pair[0] in ("mvm", "inv")])
def test_operands_that_are_declared_refused_are(topology, kind):
    A, B = _square()
    programmed = Chip(preset("ideal").with_(topology=topology, entries="signed")).program(A)
    given = {"sparse": sp.csc_array(B), "missing": np.where(B > 1, np.nan, B)}[kind]
    call = programmed.multiply if topology == "mvm" else programmed.solve
    with pytest.raises(ChipError, match=f"'{topology}' takes vectors of numbers that are all known and dense"):
        call(given)
    with pytest.raises(ValueError, match=r"must have 8 rows, one per (row|column) of the matrix, got shape \(7, 4\)"):
        call(B[1:])


def test_what_has_no_netlist_of_its_own_says_where_its_circuit_is():
    A, B = _square()
    chip = Chip(preset("ideal").with_(topology="inv"))
    with pytest.raises(TypeError, match=r"`array.circuit`, for mho.spice.netlist"):
        chip.netlist(A, B[:, 0])
    assert spice.netlist(chip.program(A).circuit, B[:, 0], duration=1e-6, step=1e-9).startswith("INV, 8 rows")
    with pytest.raises(ValueError, match="design must solve least squares, got topology 'inv'"):
        cost.sweep_ledger(cost.Workload(m=8, n=6, k=4), chip.design)
    with pytest.raises(ValueError, match="design must solve least squares, got topology 'inv'"):
        sweep.Sweep(design=chip.design)


def test_nothing_times_anything_is_nothing():
    assert not Chip(preset("ideal").with_(topology="mvm")).program(np.zeros((3, 3))).multiply(np.ones((3, 2))).any()


def test_designs_that_cannot_be_are_refused():
    ideal = preset("ideal")
    with pytest.raises(ValueError, match=r"slices must be 1 where bits_per_cell is not given, got 4"):
        ideal.with_(topology="mvm", slices=4)
    with pytest.raises(ValueError, match="bits_per_cell must be None but in the topologies 'mvm' and 'inv'"):
        ideal.with_(bits_per_cell=2)
    with pytest.raises(ValueError, match="at most 48, got 7 times 8"):
        ideal.with_(topology="mvm", slices=7, bits_per_cell=8)
    with pytest.raises(ValueError, match="adc_bits must be at least 5 for bits_per_cell of 4 and a sign, got 4"):
        Chip(ideal.with_(topology="mvm", bits_per_cell=4, adc_bits=4)).program(np.eye(3))
    with pytest.raises(ValueError, match="bits must be None where the matrix is not in bit slices, got 8"):
        Chip(ideal.with_(topology="mvm")).program(np.eye(3)).multiply(np.eye(3), bits=8)
    with pytest.raises(ChipError, match="'inv' takes no penalty"):
        Chip(ideal.with_(topology="inv")).program(np.eye(3), penalty=Penalty(l2=1.0))
    with pytest.raises(ValueError, match=r"A must be square for its inverse or eigenvector, got shape \(3, 2\)"):
        Chip(ideal.with_(topology="inv")).program(np.eye(3)[:, :2])
    with pytest.raises(ChipError, match="a square matrix cannot be tiled"):
        Chip(ideal.with_(topology="inv", columns=2)).program(np.eye(3))
    with pytest.raises(ChipError, match="the loop does not settle"):
        Chip(ideal.with_(topology="inv")).program(-np.eye(3)).solve(np.ones(3))
