"""ngspice against the complementarity problem the circuit is said to solve, solved here by trying every support."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.optimize import nnls

from mho.chip import ngspice_rest as rest
from mho.circuits import time_constant
from mho.spice import available, netlist, run

pytestmark = [pytest.mark.spice, pytest.mark.skipif(not available(), reason="ngspice is not installed")]

SIZES = [(16, 4), (32, 8)]


def complementarity(circuit):
    """M (k, k) and the map from volts to q (k, m) of the rows that are on, by Kirchhoff's laws."""
    on = circuit.on
    left, right = circuit.g_left[on], circuit.g_right[on]
    row_sum = left.sum(axis=1) + right.sum(axis=1) + circuit.g_in + circuit.g_comp[on]
    column_sum = np.diag(right.sum(axis=0))
    weighted = right.T / row_sum
    matrix = weighted @ (left - right / circuit.opamp.gain) + column_sum / circuit.opamp.gain
    inputs = weighted * circuit.g_in
    if circuit.opamp.clamp == "rectifying":  # complementary to the output: the current of the held sense node
        return matrix, inputs
    sensed = column_sum - weighted @ right  # complementary to the output: the voltage of the floating sense node
    return np.linalg.solve(sensed, matrix), np.linalg.solve(sensed, inputs)


def reference(circuit, volts):
    """Solve x >= 0, w = Mx - q >= 0, x'w = 0 by trying every support; there must be exactly one solution."""
    matrix, inputs = complementarity(circuit)
    q = inputs @ volts[circuit.on]
    solutions = []
    for support in product([False, True], repeat=len(q)):
        active = np.array(support)
        x = np.zeros(len(q))
        x[active] = np.linalg.solve(matrix[np.ix_(active, active)], q[active])
        if (x >= 0).all() and ((matrix @ x - q)[~active] >= 0).all():
            solutions.append(x)
    (solution,) = solutions
    return solution


def distance(x, expected):
    return np.abs(x - expected).max() / expected.max()


@pytest.mark.parametrize("clamp", ["rectifying", "single-supply"])
@pytest.mark.parametrize("gain", [1e5, 1e3])
@pytest.mark.parametrize("clamped", [False, True], ids=["all active", "some clamped"])
@pytest.mark.parametrize("write_error", [0.0, 0.05], ids=["equal copies", "unequal copies"])
@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_the_loop_rests_at_the_complementarity_solution(
    make_circuit, make_volts, rows, columns, write_error, clamped, gain, clamp
):
    for seed in range(3):
        circuit = make_circuit(rows, columns, seed=seed, write_error=write_error, gain=gain, clamp=clamp)
        volts = make_volts(circuit, clamped=clamped, seed=seed)
        expected = reference(circuit, volts)
        assert ((expected == 0).any() and (expected > 0).any()) if clamped else (expected > 0).all()
        outputs, settled = rest(circuit, volts)
        assert settled
        # The rectifying clamp, of finite stiffness, lifts its sense node in proportion to 1 / gain.
        assert distance(outputs, expected) < 1e-8 + 1e-3 / gain


@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_rows_whose_word_line_is_off_take_no_part(make_circuit, make_volts, rows, columns):
    word_lines = np.arange(rows) % 3 != 1
    circuit = make_circuit(rows, columns, write_error=0.05, word_lines=word_lines)
    volts = make_volts(circuit, clamped=False)
    outputs, settled = rest(circuit, volts)
    assert settled
    assert distance(outputs, reference(circuit, volts)) < 1e-6
    shorter = replace(
        circuit,
        g_left=circuit.g_left[word_lines],
        g_right=circuit.g_right[word_lines],
        g_comp=circuit.g_comp[word_lines],
        word_lines=None,
    )
    assert distance(outputs, rest(shorter, volts[word_lines]).outputs) < 1e-8
    assert distance(outputs, rest(replace(circuit, word_lines=None), volts).outputs) > 1e-4


@pytest.mark.parametrize("clamped", [False, True], ids=["all active", "some clamped"])
@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_equal_copies_and_equal_row_sums_solve_nonnegative_least_squares(
    make_circuit, make_volts, rows, columns, clamped
):
    circuit = make_circuit(rows, columns)
    volts = make_volts(circuit, clamped=clamped)
    siemens = 1e6  # nnls has absolute tolerances
    expected, _ = nnls(siemens * circuit.g_left, siemens * circuit.g_in * volts)
    assert distance(rest(circuit, volts).outputs, expected) < 1e-3


def test_without_compensation_a_row_counts_by_the_inverse_of_its_sum(make_circuit, make_volts):
    circuit = make_circuit(16, 4, equalised=False)
    volts = make_volts(circuit, clamped=True)
    weight = 1e6 / np.sqrt(circuit.g_left.sum(axis=1) + circuit.g_right.sum(axis=1) + circuit.g_in)
    weighted, _ = nnls(weight[:, None] * circuit.g_left, weight * circuit.g_in * volts)
    plain, _ = nnls(1e6 * circuit.g_left, 1e6 * circuit.g_in * volts)
    outputs = rest(circuit, volts).outputs
    assert distance(outputs, weighted) < 1e-3 < distance(outputs, plain)


def test_one_column_rises_with_the_time_constant(make_circuit, make_volts):
    circuit = make_circuit(16, 1, write_error=0.05)
    volts = make_volts(circuit, clamped=False)
    tau = time_constant(circuit)
    transient = run(netlist(circuit, volts, duration=5 * tau, step=tau / 100))
    (final,) = reference(circuit, volts)
    rise = final * (1 - np.exp(-transient.time / tau))
    assert np.abs(transient.voltages["x0"] - rise).max() < 1e-4 * final


def test_active_columns_move_by_the_matrix_exponential(make_circuit, make_volts):
    circuit = make_circuit(16, 4, write_error=0.05, clamp="single-supply")
    volts = make_volts(circuit, clamped=False)
    matrix, inputs = complementarity(circuit)  # dz/dt = -2 pi GBW (matrix z - inputs b) while every z > 0
    final = np.linalg.solve(matrix, inputs @ volts)
    tau = time_constant(circuit)
    transient = run(netlist(circuit, volts, duration=5 * tau, step=tau / 50))
    at = np.arange(0, len(transient.time), 10)
    exact = np.array(
        [final - expm(-2 * np.pi * circuit.opamp.bandwidth * matrix * t) @ final for t in transient.time[at]]
    )
    assert (exact[1:] > 0).all()
    outputs = np.array([transient.voltages[f"x{j}"][at] for j in range(4)]).T
    assert np.abs(outputs - exact).max() < 1e-3 * final.max()


def test_no_right_hand_side_gives_no_output(make_circuit):
    outputs, settled = rest(make_circuit(16, 4), np.zeros(16))
    assert settled
    np.testing.assert_allclose(outputs, 0, atol=1e-12)


def test_a_transient_cut_short_is_told(make_circuit, make_volts):
    circuit = make_circuit(16, 4)
    volts = make_volts(circuit, clamped=False)
    outputs, settled = rest(circuit, volts, duration=time_constant(circuit))
    assert not settled
    assert distance(outputs, reference(circuit, volts)) > 1e-2


def test_a_loop_that_runs_away_is_refused(make_circuit):
    circuit = make_circuit(16, 4)
    crossed = replace(circuit, g_right=circuit.g_right[:, ::-1])
    with pytest.raises(ValueError, match="circuit must have a loop that settles"):
        rest(crossed, np.full(16, 0.1))
