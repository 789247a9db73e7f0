"""Wires against a nodal analysis of every node, and against ngspice."""

from dataclasses import replace

import numpy as np
import pytest

from mho import spice
from mho.chip import Chip, ChipError, Wires, as_circuit, ngspice_rest, preset
from mho.circuits.passive_network import PassiveNetwork
from mho.circuits.ports import Ports
from mho.circuits.transient import transient
from mho.circuits.wire_elimination import WiredRows
from mho.operands import Sparse
from mho.penalty import Penalty

DESIGN = preset("ideal").with_(sigma=0.05, g_min=0.5e-6, gain=1e5)
ALL = Wires(row_ohms=2.0, column_ohms=3.0, driver_ohms=5.0, sense_ohms=7.0)


def nodal_currents(c, wires, on, x, s, b):
    """Currents into the sense nodes and out of the outputs, and heat; every node of every wire in one Laplacian."""
    m, k = c.driving.shape
    n = 2 * k
    row, column = (np.arange(m * n).reshape(m, n) + shift for shift in (0, m * n))
    port = np.arange(2 * m * n, 2 * m * n + n)
    source = port[-1] + 1 + np.arange(m)
    ground = source[-1] + 1
    L = np.zeros((ground + 1,) * 2)

    def join(one, other, siemens):
        L[[one, other], [one, other]] += siemens
        L[[one, other], [other, one]] -= siemens

    cells = np.hstack([c.driving, c.sensing])
    for i in range(m):
        join(row[i, 0], source[i], c.g_in)
        join(row[i, -1], ground, c.comp[i])
        for j in range(n):
            join(row[i, j], column[i, j], cells[i, j] * on[i])
            if j:
                join(row[i, j - 1], row[i, j], 1 / wires.row_ohms)
            if i:
                join(column[i - 1, j], column[i, j], 1 / wires.column_ohms)
            else:
                join(port[j], column[0, j], 1 / (wires.driver_ohms if j < k else wires.sense_ohms))
    volts = np.concatenate([np.zeros(2 * m * n), x, s, -b, [0.0]])
    free = slice(0, 2 * m * n)
    volts[free] = np.linalg.solve(L[free, free], -L[free] @ volts)
    return -(L @ volts)[port[k:]], (L @ volts)[port[:k]], volts @ L @ volts


@pytest.mark.parametrize("off", [[], [0, 1, 5, 11], [2, 3, 4, 10]], ids=["all rows on", "ends off", "middle off"])
@pytest.mark.parametrize(("off_state", "columns"), [("none", 4), ("circuit", 5)])
def test_ports_agree_with_nodal_analysis(off, off_state, columns):
    rng = np.random.default_rng(0)
    c = Chip(DESIGN.with_(off_state=off_state), seed=0).program(rng.random((12, 4))).conductances
    on = ~np.isin(np.arange(12), off)
    passive = PassiveNetwork(c, ALL)
    ports = passive.ports(on)
    for _ in range(3):
        x, s, b = rng.random(columns), rng.normal(size=columns), rng.normal(size=12) * on
        fed, drawn = ports.feed @ b[on], ports.inputs @ b[on]
        w = ports.drive @ x - ports.sense @ s - drawn
        delivered = ports.delivered(x, s, fed)
        heat = ports.heat(x[None], s[None], fed, drawn)[0] + passive.source_mutual_conductance(b[on, None], on)[0, 0]
        for found, expected in zip((w, delivered, heat), nodal_currents(c, ALL, on, x, s, b), strict=True):
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11 * np.abs(expected).max())


def test_sources_of_several_right_hand_sides_together_are_those_of_each():
    rng = np.random.default_rng(5)
    passive = PassiveNetwork(Chip(DESIGN, seed=5).program(rng.random((12, 4))).conductances, ALL)
    rows = [(np.ones(12, bool), rng.normal(size=12)) for _ in range(3)]
    together = passive.source_power(rows)
    for (on, V), found in zip(rows, together, strict=True):
        np.testing.assert_allclose(found, passive.source_power([(on, V)])[0], rtol=1e-12)
        watts = nodal_currents(passive.conductances, ALL, on, np.zeros(4), np.zeros(4), V)[2]
        assert found[0] == pytest.approx(watts, rel=1e-10)


def test_elimination_of_perfect_wires_gives_the_network_without():
    c = Chip(DESIGN, seed=1).program(np.random.default_rng(1).random((12, 4))).conductances
    ports, expected = WiredRows.reduce(c, Wires()).join().ports, Ports.reduce(c)
    for name in ("drive", "sense", "inputs"):
        want = getattr(expected, name)
        np.testing.assert_allclose(getattr(ports, name), want, rtol=0, atol=1e-12 * np.abs(want).max())


@pytest.mark.parametrize("off", [[], [0, 1, 5, 11], range(12)], ids=["all rows on", "some rows off", "none on"])
@pytest.mark.parametrize("off_state", ["none", "circuit"])
def test_first_order_is_exact_but_for_the_square_of_the_columns_resistance(off, off_state):
    c = Chip(DESIGN.with_(off_state=off_state), seed=0).program(np.random.default_rng(0).random((12, 4))).conductances
    on = ~np.isin(np.arange(12), off)
    for name in ("drive", "sense", "inputs", "load", "feed"):
        error = []
        for ohms in (0.0, 10.0, 20.0):
            wires = replace(ALL, column_ohms=ohms)
            exact = getattr(PassiveNetwork(c, wires).ports(on), name)
            first_order = getattr(PassiveNetwork(c, wires, "first-order").ports(on), name)
            error.append(np.abs(first_order - exact).max(initial=0) / np.abs(exact).max(initial=1e-12))
        assert error[0] < 1e-12
        assert error[2] < 1e-3
        assert not error[2] or 3.5 < error[2] / error[1] < 4.5


@pytest.mark.parametrize(("ohms", "most"), [(0.1, 1e-4), (0.5, 2e-3), (2.0, 2e-2)])
def test_first_order_answers_with_rows_switched_off(ohms, most):
    rng = np.random.default_rng(4)
    A = rng.random((128, 16))
    B = np.where(rng.random((128, 10)) < 0.5, A @ rng.random((16, 10)), np.nan)
    wired = DESIGN.with_(sigma=0.02, gain=1e4, row_ohms=ohms, column_ohms=ohms)
    exact, first_order, perfect = (
        Chip(design, seed=4).program(A).solve(Sparse(B))
        for design in (wired, wired.with_(switched_wires="first-order"), wired.with_(row_ohms=0.0, column_ohms=0.0))
    )
    assert np.linalg.norm(first_order - exact) < most * np.linalg.norm(exact)
    assert np.linalg.norm(first_order - exact) < 0.1 * np.linalg.norm(perfect - exact)


@pytest.mark.spice
@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
@pytest.mark.parametrize("size", [(16, 4), (32, 8)])
@pytest.mark.parametrize(
    "wires",
    [
        Wires(row_ohms=2.0),
        Wires(column_ohms=2.0),
        Wires(row_ohms=2.0, column_ohms=2.0, driver_ohms=20.0, sense_ohms=20.0),
    ],
    ids=["rows", "columns", "all"],
)
def test_ngspice_comes_to_the_same_rest(size, wires):
    rng = np.random.default_rng(2)
    A = rng.random(size)
    wanted = rng.uniform(0.5, 1.5, size[1])
    wanted[::3] = -0.5  # pushed against the clamp
    b = A @ wanted
    array = Chip(replace(DESIGN, wires=wires), seed=2).program(A)
    rest = ngspice_rest(as_circuit(array), array.volts(b))
    assert rest.settled
    solved = array.solve(b) / array.units_per_volt
    np.testing.assert_allclose(solved, rest.outputs, rtol=0, atol=1e-5 * rest.outputs.max())
    perfect = Chip(DESIGN, seed=2).program(A)
    moved = np.abs(perfect.solve(b) / perfect.units_per_volt - rest.outputs).max()
    assert moved > 5e-5 * rest.outputs.max()  # or the wires were not there


def test_sparse_right_hand_sides_and_a_ridge_feel_the_wires_too():
    from scipy import sparse

    rng = np.random.default_rng(3)
    array = Chip(DESIGN.with_(row_ohms=2.0), seed=3).program(rng.random((16, 4)), penalty=Penalty(l2=0.5, prior=0.3))
    B = sparse.random_array((16, 6), density=0.5, rng=rng, format="csc")
    np.testing.assert_allclose(array.solve(B), array.solve(B.toarray()), rtol=0, atol=1e-9)


@pytest.mark.parametrize("ohms", [-1.0, np.inf])
def test_resistance_is_finite_and_not_negative(ohms):
    with pytest.raises(ValueError, match="row_ohms"):
        Wires(row_ohms=ohms)


@pytest.mark.spice
@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
@pytest.mark.parametrize("off_state", ["none", "circuit"])
@pytest.mark.parametrize("zeros", [[1], [0, 3, 5]], ids=["one", "first, middle and last"])
def test_rows_wires_run_past_columns_of_zeros(zeros, off_state):
    rng = np.random.default_rng(6)
    A, on = rng.random((16, 6)), np.arange(16) % 5 != 2
    A[:, zeros] = 0
    b = A @ rng.uniform(0.5, 1.5, 6) + 0.1 * rng.standard_normal(16)
    kept = np.delete(np.arange(6), zeros)
    design = DESIGN.with_(row_ohms=50.0, column_ohms=5.0, driver_ohms=5.0, offset=1e-4, off_state=off_state)
    array = Chip(design, seed=6).program(A)
    volts = array.volts(b)
    for rows in (np.ones_like(on), on):
        circuit = as_circuit(array, rows)
        rest = ngspice_rest(circuit, volts)
        assert rest.settled
        solved = array.solve_volts(np.where(rows, volts, np.nan))
        assert not solved[zeros].any()
        np.testing.assert_allclose(solved[kept], rest.outputs, rtol=0, atol=1e-5 * rest.outputs.max())
        np.testing.assert_allclose(transient(circuit, volts).rest(), solved[kept], rtol=0, atol=1e-6 * solved.max())
        closer = ngspice_rest(replace(circuit, places=None), volts).outputs
        assert np.abs(closer - rest.outputs).max() > 1e-4 * rest.outputs.max()  # or places did not matter


def test_a_circuit_without_cells_is_refused():
    array = Chip(DESIGN, seed=0).program(np.ones((3, 2)))
    with pytest.raises(ChipError, match="no column has a cell in a row that is switched on"):
        as_circuit(array, np.zeros(3, bool))
