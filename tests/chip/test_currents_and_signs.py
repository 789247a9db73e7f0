"""Currents into the columns, and answers of either sign, against least squares of numpy and scipy, and ngspice."""

import numpy as np
import pytest
from scipy.optimize import nnls

from mho.chip import CLOSED_LOOPS, Chip, as_circuit, ngspice_rest, preset
from mho.circuits import operating_point
from mho.circuits.transient import transient
from mho.engines import Analog
from mho.operands import Sparse
from mho.spice import available

SIGNS = ("nonnegative", "signed")


def _problem(m=24, k=5, n=7, seed=0):
    rng = np.random.default_rng(seed)
    A = rng.random((m, k))
    B = A @ rng.uniform(-0.3, 1, (k, n)) + 0.05 * rng.standard_normal((m, n))
    return A, B, rng.standard_normal((k, n))


def _reference(A, B, C, output):
    """Minimiser of |Ax - b|^2 / 2 - c'x, by the right-hand side b* that has A'b* = A'b + c; NaN leaves a row out."""
    columns = []
    for b, c in zip(B.T, C.T, strict=True):
        known = ~np.isnan(b)
        given = b[known] + A[known] @ np.linalg.solve(A[known].T @ A[known], c)
        columns.append(nnls(A[known], given)[0] if output == "nonnegative" else np.linalg.lstsq(A[known], given)[0])
    return np.transpose(columns)


@pytest.mark.parametrize("output", SIGNS)
@pytest.mark.parametrize("topology", CLOSED_LOOPS)
def test_a_current_into_a_column_is_a_linear_term(topology, output):
    A, B, C = _problem()
    array = Chip(preset("ideal").with_(topology=topology, output=output), seed=0).program(A)
    close = dict(rtol=0, atol=1e-10)
    np.testing.assert_allclose(array.solve(B, currents=C), _reference(A, B, C, output), **close)
    np.testing.assert_allclose(array.solve(B[:, 0], currents=C[:, 0]), _reference(A, B, C, output)[:, 0], **close)
    nothing = np.zeros_like(B)
    np.testing.assert_allclose(array.solve(nothing, currents=C), _reference(A, nothing, C, output), **close)


@pytest.mark.parametrize("output", SIGNS)
@pytest.mark.parametrize("topology", ["compact", "classic"])
def test_a_current_flows_whichever_rows_are_on(topology, output):
    A, B, C = _problem()
    B = np.where(np.random.default_rng(1).random(B.shape) < 0.3, np.nan, B)
    array = Chip(preset("ideal").with_(topology=topology, output=output), seed=0).program(A)
    np.testing.assert_allclose(array.solve(Sparse(B), currents=C), _reference(A, B, C, output), rtol=0, atol=1e-10)


@pytest.mark.parametrize("topology", CLOSED_LOOPS)
def test_currents_come_from_converters_and_are_counted(topology):
    A, B, C = _problem()
    errors, conversions = [], []
    for bits in (6, 12):
        chip = Chip(preset("ideal").with_(topology=topology, dac_bits=bits), seed=0)
        found = chip.program(A).solve(B, currents=C)
        errors.append(np.abs(found - _reference(A, B, C, "nonnegative")).max())
        conversions.append(chip.ledger.dac_conversions / chip.ledger.solves)
    assert 0 < errors[1] < errors[0] / 16
    assert conversions == ([5, 5] if topology == "gram" else [29, 29])


@pytest.mark.parametrize("topology", ["compact", "classic"])
def test_a_signed_loop_rests_where_its_equations_transient_and_ngspice_do(topology):
    A, B, _ = _problem(m=12)
    design = preset("pku-2025").with_(topology=topology, output="signed", offset=1e-4, gain=1e4)
    array = Chip(design, seed=0).program(A)
    volts, circuit = array.volts(B[:, 0]), as_circuit(array)
    found = array.solve_volts(volts)
    assert found.min() < 0 < found.max()
    scale = np.abs(found).max()
    np.testing.assert_allclose(operating_point(circuit, volts)[-5:], found, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(transient(circuit, volts).rest(), found, rtol=0, atol=1e-9 * scale)
    if available():
        np.testing.assert_allclose(ngspice_rest(circuit, volts).outputs, found, rtol=0, atol=1e-3 * scale)


def test_a_signed_adc_gives_half_of_its_codes_to_either_sign():
    A, B, _ = _problem()
    design = preset("ideal").with_(output="signed", adc_bits=4, adc_ranges=0)
    array = Chip(design, seed=0).program(A)
    full = Chip(design.with_(adc_bits=None), seed=0).program(A)
    step = design.converters.v_out / 7  # codes from -7 to 7
    for b in B.T:
        exact = full.solve(b) / full.units_per_volt
        scale = np.abs(array.volts(b)).max() / design.converters.v_in  # to the fixed scale of the volts
        codes = array.solve(b) / array.units_per_volt / scale / step
        np.testing.assert_allclose(codes, np.rint(codes), atol=1e-9)
        np.testing.assert_allclose(codes, exact / scale / step, atol=0.5 + 1e-9)


@pytest.mark.parametrize("output", SIGNS)
def test_a_matrix_of_either_sign_is_held_around_the_middle_of_the_cells(output):
    _, _, C = _problem()
    rng = np.random.default_rng(2)
    A, B = rng.standard_normal((24, 5)), rng.standard_normal((24, 7))
    A[rng.random(A.shape) < 0.2] = 0
    array = Chip(preset("ideal").with_(entries="signed", output=output, g_min=0.5e-6), seed=0).program(A)
    close = dict(rtol=0, atol=1e-10)
    np.testing.assert_allclose(array.solve(B), _reference(A, B, np.zeros_like(C), output), **close)
    np.testing.assert_allclose(array.solve(B, currents=C), _reference(A, B, C, output), **close)
    masked = np.where(rng.random(B.shape) < 0.3, np.nan, B)
    np.testing.assert_allclose(array.solve(Sparse(masked), currents=C), _reference(A, masked, C, output), **close)


@pytest.mark.parametrize("output", SIGNS)
def test_a_matrix_of_either_sign_in_real_cells_rests_where_ngspice_does(output):
    rng = np.random.default_rng(3)
    A, b = rng.standard_normal((12, 4)), rng.standard_normal(12)
    array = Chip(preset("pku-2025-4bit").with_(entries="signed", output=output, offset=1e-4), seed=0).program(A)
    volts, circuit = array.volts(b), as_circuit(array)
    found = array.solve_volts(volts)
    scale = np.abs(found).max()
    np.testing.assert_allclose(operating_point(circuit, volts)[-4:], found, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(transient(circuit, volts).rest(), found, rtol=0, atol=1e-9 * scale)
    if available():
        np.testing.assert_allclose(ngspice_rest(circuit, volts).outputs, found, rtol=0, atol=1e-3 * scale)


def test_a_zero_of_a_signed_matrix_is_a_state_of_the_cells():
    A = np.array([[1.0, 0.0], [0.0, -1.0], [0.5, 1.0]])
    array = Chip(preset("pku-2025-4bit").with_(entries="signed", sigma=0.0), seed=0).program(A)
    states = np.maximum(np.arange(16) * 35e-6 / 15, array.design.device.g_min)
    np.testing.assert_allclose(np.abs(array.g_left[:, :, None] - states).min(axis=2), 0, atol=1e-18)
    assert array.g_left[0, 1] == array.g_left[1, 0]
    np.testing.assert_allclose(array.conductances.written[[0, 1], [1, 0]], 0, atol=1e-18)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"entries": "any"}, "entries must be one of 'nonnegative', 'signed', got 'any'"),
        ({"entries": "signed", "topology": "classic"}, "got 'signed' with 'classic' and 'none'"),
        ({"entries": "signed", "off_state": "digital"}, "got 'signed' with 'compact' and 'digital'"),
    ],
)
def test_signs_that_a_design_cannot_hold_are_refused(changes, says):
    with pytest.raises(ValueError, match=says):
        preset("pku-2025").with_(**changes)


def test_a_negative_entry_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"negative entry \(-2.0\); .* entries='signed' maps zero"):
        Chip("pku-2025").program(np.array([[1.0, 1.0], [-2.0, 1.0]]))


def test_currents_of_another_shape_are_refused():
    A, B, C = _problem()
    array = Chip("ideal").program(A)
    with pytest.raises(ValueError, match=r"currents must have shape \(5, 7\), one for each column and right-hand side"):
        array.solve(B, currents=C[:, :1])
    with pytest.raises(ValueError, match="currents contains NaN"):
        array.solve(B, currents=np.full((5, 7), np.nan))


def test_an_engine_takes_no_signed_chip():
    with pytest.raises(ValueError, match="chip must have non-negative outputs as an engine"):
        Analog(preset("ideal").with_(output="signed"))
