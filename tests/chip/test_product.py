"""Products of a matrix and vectors through wires and converters, against ngspice, a sparse LU and numpy."""

import numpy as np
import pytest
import scipy.sparse as sp
import scipy.sparse.linalg as sl

from mho import spice
from mho.chip import Chip, preset, program_circuit
from mho.circuits import Mvm, OpAmp, Wires, operating_point
from mho.circuits.wired_product import wired_currents

WIRES = {
    "all": Wires(row_ohms=2.0, column_ohms=3.0, driver_ohms=10.0, sense_ohms=5.0),
    "rows": Wires(row_ohms=2.0),
    "columns": Wires(column_ohms=2.0, sense_ohms=7.0),
    "ends": Wires(driver_ohms=20.0),
}


@pytest.fixture(params=WIRES)
def wires(request):
    return WIRES[request.param]


def _nodal(g, wires, V):
    """Currents into the rows' grounds by a nodal analysis of every node; a perfect wire is one of 1e-6 ohms."""
    (m, k), (row, column, driver, sense) = (
        g.shape,
        (1 / max(ohms, 1e-6) for ohms in (wires.row_ohms, wires.column_ohms, wires.driver_ohms, wires.sense_ohms)),
    )
    c = np.arange(m * k).reshape(m, k)
    h = c + m * k
    ends = [(c, h, g), (c[:-1], c[1:], np.full((m - 1, k), column)), (h[:, :-1], h[:, 1:], np.full((m, k - 1), row))]
    parts = [(a.ravel(), b.ravel(), s.ravel()) for a, b, s in ends]
    one, other, s = (np.concatenate(part) for part in zip(*parts, strict=True))
    ground = np.zeros(2 * m * k)
    ground[c[0]] += driver
    ground[h[:, 0]] += sense
    Y = sp.csc_array((-s, (one, other)), shape=(2 * m * k,) * 2)
    Y = Y + Y.T
    Y = Y - sp.diags_array(Y.sum(axis=1) - ground)
    b = np.zeros((2 * m * k, V.shape[1]))
    b[c[0]] = driver * V
    return sense * sl.splu(sp.csc_array(Y)).solve(b)[h[:, 0]]


@pytest.mark.parametrize(("m", "k"), [(32, 8), (5, 17), (3, 1), (1, 4), (1, 1)])
def test_currents_are_those_of_every_node(wires, m, k):
    rng = np.random.default_rng(0)
    g, V = rng.uniform(0.5e-6, 35e-6, (m, k)), rng.standard_normal((k, 3))
    expected = _nodal(g, wires, V)
    np.testing.assert_allclose(wired_currents(g, wires, V), expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
def test_the_product_rests_where_ngspice_does(wires):
    rng = np.random.default_rng(0)
    g, volts = rng.uniform(0.5e-6, 35e-6, (32, 8)), 0.1 * rng.standard_normal(8)
    opamp, offset = OpAmp(gain=1e4, bandwidth=1e8), 1e-4 * rng.standard_normal(32)
    circuit = Mvm(g=g, g_feedback=3e-4, opamp=opamp, wires=wires, offset=offset)
    nodes = spice.operating_point(spice.operating_point_netlist(circuit, volts))
    expected = np.array([nodes[f"y{i}"] for i in range(32)])
    np.testing.assert_allclose(operating_point(circuit, volts), expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_a_batch_is_what_the_circuit_gives_one_by_one(wires):
    rng = np.random.default_rng(1)
    A, X = rng.random((24, 6)), rng.standard_normal((6, 5))
    design = preset("pku-2025").with_(dac_bits=None, adc_bits=None, gain=1e5)
    changes = {name: getattr(wires, name) for name in ("row_ohms", "column_ohms", "driver_ohms", "sense_ohms")}
    design = design.with_(sigma=0.0, **changes)
    programmed = program_circuit("mvm", A, design, seed=0)
    found = Chip(design.with_(topology="mvm"), seed=0).program(A).multiply(X)
    scale = design.converters.v_in / np.abs(programmed.volts_per_unit[:, None] * X).max(axis=0)  # to full scale
    expected = np.transpose([programmed.solve(r * x) / r for r, x in zip(scale, X.T, strict=True)])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


def test_converters_lose_half_a_step():
    rng = np.random.default_rng(2)
    A, X = rng.random((32, 8)), rng.standard_normal((8, 50))
    exact = A @ X
    errors = []
    for bits in (6, 10):
        design = preset("ideal").with_(dac_bits=bits, adc_bits=bits)
        found = Chip(design.with_(topology="mvm"), seed=0).program(A).multiply(X)
        errors.append(np.linalg.norm(found - exact) / np.linalg.norm(exact))
    assert errors[1] < errors[0] / 8
    assert errors[1] < 0.01
