"""Reference columns that take the lowest conductance out, against exact NNLS of the matrix meant, and ngspice."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.sparse import csc_array

from mho import circuits, spice
from mho.chip import Chip, as_circuit, ngspice_rest, preset
from mho.circuits import equations, operating_point
from mho.circuits.modes import Modes
from mho.circuits.transient import transient
from mho.engines import Analog
from mho.operands import Sparse
from mho.penalty import Penalty

LEAKY = preset("ideal").with_(g_min=3.5e-6, off_state="circuit")  # a tenth of g_max
SIZES = [(16, 4), (32, 8)]
PERFECT_WIRES = {
    "gain 1e6": {"gain": 1e6},
    "gain 1e4 and unequal cells": {"gain": 1e4, "sigma": 0.02},
    "floating clamp": {"gain": 1e4, "sigma": 0.02, "clamp": "single-supply"},
    "offset": {"gain": 1e4, "offset": 1e-3},
    "offset and floating clamp": {"gain": 1e4, "offset": 1e-3, "clamp": "single-supply"},
}
OHMS = {"row_ohms": 20.0, "column_ohms": 20.0, "driver_ohms": 50.0, "sense_ohms": 50.0, "sigma": 0.02}
WIRES = {
    "wires": {"gain": 1e6, **OHMS},
    "wires and floating clamp": {"gain": 1e4, "clamp": "single-supply", **OHMS},
    "wires and offset": {"gain": 1e4, "offset": 1e-3, **OHMS},
}
CASES = PERFECT_WIRES | WIRES


def problem(m, k, seed=1, n=1):
    rng = np.random.default_rng(seed)
    A = rng.random((m, k)) * (rng.random((m, k)) < 0.7)
    X = rng.uniform(0.5, 1.5, (k, n))
    X[::3] = -0.5
    return A, A @ X + 0.02 * rng.standard_normal((m, n))


def exact(A, B, known=None):
    known = np.ones(B.shape, bool) if known is None else known
    return np.stack([nnls(A[on], b[on])[0] for on, b in zip(known.T, B.T, strict=True)], axis=1)


@pytest.mark.spice
@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
@pytest.mark.parametrize(
    ("name", "size"), [*product(PERFECT_WIRES, SIZES), *((name, SIZES[0]) for name in WIRES)]
)  # larger ones with wires are in test_statics.py
def test_the_state_of_rest_in_ngspice(name, size):
    A, b = problem(*size)
    array = Chip(LEAKY.with_(**CASES[name]), seed=1).program(A)
    volts, on = array.volts(b[:, 0]), np.arange(size[0]) % 5 != 2
    for rows in (np.ones_like(on), on):
        rest = ngspice_rest(as_circuit(array, rows), volts)
        assert rest.settled
        assert (rest.outputs < 1e-6).any()
        found = array.solve_volts(np.where(rows, volts, np.nan))
        np.testing.assert_allclose(found, rest.outputs, rtol=0, atol=1e-6 * rest.outputs.max())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("changes", PERFECT_WIRES.values(), ids=PERFECT_WIRES)
def test_the_state_of_rest_of_the_op_amps_equations(size, changes):
    A, b = problem(*size, seed=2)
    array = Chip(LEAKY.with_(**changes), seed=2).program(A)
    volts = array.volts(b[:, 0])
    expected = operating_point(as_circuit(array), volts)[2:]
    np.testing.assert_allclose(array.solve_volts(volts), expected, rtol=0, atol=1e-9 * expected.max())


@pytest.mark.parametrize("changes", CASES.values(), ids=CASES)
def test_the_end_of_the_transient(changes):
    A, b = problem(16, 4, seed=3)
    array = Chip(LEAKY.with_(**changes), seed=3).program(A)
    volts, on = array.volts(b[:, 0]), np.arange(16) % 5 != 2
    for rows in (np.ones_like(on), on):
        expected = transient(as_circuit(array, rows), volts).rest()
        found = array.solve_volts(np.where(rows, volts, np.nan))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * expected.max())


def test_infinite_gain_and_exact_cells_give_nnls_of_the_matrix_that_was_meant():
    A, B = problem(40, 6, n=30)
    expected, chips = exact(A, B), [Chip(LEAKY.with_(off_state=how)) for how in ("none", "circuit")]
    none, circuit = (np.linalg.norm(chip.program(A).solve(B) - expected) for chip in chips)
    assert none > 0.05 * np.linalg.norm(expected)
    assert circuit < 1e-9 * np.linalg.norm(expected)
    ledger = chips[1].ledger
    assert ledger.amplifier_seconds == pytest.approx((6 + 2) * ledger.settle_seconds)
    assert ledger.adc_conversions == chips[0].ledger.adc_conversions


def test_missing_entries_ridge_and_a_column_of_zeros():
    A, B = problem(40, 6, n=30)
    A[:, 4] = 0
    known = np.random.default_rng(5).random(B.shape) < 0.7
    ridge = np.vstack([A, 0.3 * np.eye(6)])
    padded = np.vstack([B, np.zeros((6, 30))])
    expected = exact(ridge, padded, np.vstack([known, np.ones((6, 30), bool)]))
    found = Chip(LEAKY).program(A, penalty=Penalty(l2=0.09)).solve(Sparse(np.where(known, B, np.nan)))
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_reading_back_knows_the_reference():
    A, B = problem(60, 6, n=30)
    design, expected = LEAKY.with_(sigma=0.02), exact(*problem(60, 6, n=30))
    plain, read = (
        np.linalg.norm(Analog(Chip(design, seed=0), readback=readback).program(A).solve(B) - expected)
        for readback in (False, True)
    )
    assert read < plain / 2


@pytest.mark.parametrize("size", [*SIZES, (128, 16)])
def test_the_loop_is_stable_and_its_two_amplifiers_hardly_slow_it(size):
    """The chip takes both to follow at once; the equations of all op-amps say what that leaves out."""
    A, _ = problem(*size)
    array = Chip(LEAKY.with_(gain=1e4, sigma=0.02), seed=0).program(A)
    free = np.ones(size[1], bool)
    rates = np.linalg.eigvals(equations(as_circuit(array)).F) * 2 * np.pi * array.design.amplifier.bandwidth
    slowest = Modes.of(array.loop, np.ones(size[0], bool), free).slowest
    assert slowest > 0
    assert rates.real.min() == pytest.approx(slowest, rel=0.15)


@pytest.mark.spice
@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
@pytest.mark.parametrize("changes", [CASES["offset"], WIRES["wires and offset"]], ids=["perfect wires", "wires"])
def test_how_far_the_two_op_amps_swing_in_ngspice(changes):
    A, b = problem(16, 4)
    array = Chip(LEAKY.with_(**changes), seed=1).program(A)
    volts = array.volts(b[:, 0])
    duration = 60 * circuits.time_constant(circuit := as_circuit(array))
    text = spice.netlist(circuit, volts, duration=duration, step=duration / 400)
    both = spice.run(text.replace(".save", ".save v(y)\n.save v(t)\n.save", 1)).voltages
    loop, network = array.loop, array.loop.passive.ports()
    drawn, X = network.inputs @ volts, array.solve_volts(volts)[None]
    s = loop.sense_volts(X, drawn[None, 1:])
    ends = loop.reference.all_port_voltages(network, X, s, drawn[0], 1.0)
    expected = max(abs(both["y"][-1]), abs(both["t"][-1]))
    assert loop.reference.peak_output(network, *ends, drawn[0])[0] == pytest.approx(expected, rel=1e-4)
    assert ends[0][0, 0] == pytest.approx(both["y"][-1], rel=1e-4)


@pytest.mark.parametrize("missing", [False, True], ids=["all rows", "rows switched off"])
def test_an_op_amp_of_the_reference_that_would_leave_the_range_has_the_inputs_made_smaller(missing):
    A, B = problem(128, 40, n=5)
    design = LEAKY.with_(gain=1e4)
    array = Chip(design).program(A)
    rest = array.solve_volts(array.volts(B[:, 0]) * design.converters.v_in / np.abs(array.volts(B[:, 0])).max())
    y = 0.1 * rest.sum()
    assert y > 1.5 * rest.max()
    chips = [Chip(design.with_(v_out=share * y)) for share in (1.1, 0.9)]
    right = Sparse(csc_array(B[:, :1]), missing=True) if missing else B[:, :1]
    wide, narrow = (chip.program(A).solve(right) for chip in chips)
    np.testing.assert_allclose(narrow, wide, rtol=1e-9)
    assert [chip.ledger.clipped for chip in chips] == [0, 1]


def test_currents_of_the_outputs_are_those_of_the_passive_network():
    A, b = problem(16, 4)
    array = Chip(LEAKY.with_(**WIRES["wires and offset"]), seed=1).program(A)
    volts, loop, rng = array.volts(b[:, 0]), array.loop, np.random.default_rng(0)
    x, s, network = rng.random((3, 4)), 0.1 * rng.random((3, 4)), loop.passive.ports()
    all_port_voltages = loop.all_port_voltages(network, x, s, network.inputs @ volts)
    expected = network.delivered(*all_port_voltages, network.feed @ volts)[:, 1:]
    np.testing.assert_allclose(loop.ports.delivered(x, s, loop.ports.feed @ volts), expected, rtol=1e-9)
