"""Constraints by reconfiguration against scipy's optimizers, which know no circuit."""

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, minimize, nnls

from mho import spice
from mho.chip import TOPOLOGIES, ChipError, ngspice_rest, preset, program_circuit
from mho.penalty import Penalty

IDEAL = preset("ideal").with_(gain=1e8)


def problem(seed):
    rng = np.random.default_rng(seed)
    A = rng.random((16, 4))
    return A, A @ [0.6, -0.3, 0.5, 0.2] + 0.1 * rng.standard_normal(16)


def minimum(A, b, *, l2=0.0, l1=0.0, total=None):
    """The answer by sequential quadratic programming."""
    found = minimize(
        lambda x: np.sum((A @ x - b) ** 2) / 2 + l2 * x @ x / 2 + l1 * x.sum(),
        np.full(A.shape[1], 0.1),
        jac=lambda x: A.T @ (A @ x - b) + l2 * x + l1,
        bounds=[(0, None)] * A.shape[1],
        constraints=[] if total is None else [LinearConstraint(np.ones(A.shape[1]), total, total)],
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert found.success
    return found.x


@pytest.mark.parametrize("topology", ["compact", "classic", "gram"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_nonnegative(topology, seed):
    A, b = problem(seed)
    x, _ = nnls(A, b)
    assert (x == 0).any()
    np.testing.assert_allclose(program_circuit(topology, A, IDEAL).solve(b), x, atol=1e-5)


@pytest.mark.parametrize("topology", ["compact", "classic", "gram"])
@pytest.mark.parametrize("constraint", [{"l2": 0.7}, {"l1": 0.4}, {"l2": 0.2, "l1": 0.3}], ids=["ridge", "l1", "both"])
def test_ridge_and_price_of_the_sum(topology, constraint):
    A, b = problem(3)
    x = minimum(A, b, **constraint)
    assert np.abs(x - nnls(A, b)[0]).max() > 0.02
    np.testing.assert_allclose(
        program_circuit(topology, A, IDEAL, penalty=Penalty(**constraint)).solve(b), x, atol=2e-5
    )


@pytest.mark.parametrize("extra", [{}, {"l2": 0.3}, {"l1": 0.2}], ids=["alone", "with ridge", "with l1"])
def test_the_classic_circuit_keeps_a_sum_exactly(extra):
    A, b = problem(4)
    found = program_circuit("classic", A, IDEAL, penalty=Penalty(total=1.0, **extra)).solve(b)
    np.testing.assert_allclose(found, minimum(A, b, total=1.0, **extra), atol=2e-5)
    assert found.sum() == pytest.approx(1.0, abs=1e-6)


def test_the_compact_circuit_keeps_a_sum_by_weight():
    A, b = problem(4)
    found = program_circuit("compact", A, IDEAL, penalty=Penalty(total=1.0)).solve(b)
    free, bound = program_circuit("compact", A, IDEAL).solve(b), minimum(A, b, total=1.0)
    weight = A.max() * np.ones((32, 4))
    np.testing.assert_allclose(found, nnls(np.vstack([A, weight]), np.r_[b, weight[:, 0]])[0], atol=2e-5)
    assert abs(found.sum() - 1) < 0.02 < abs(free.sum() - 1)
    np.testing.assert_allclose(found, bound, atol=0.02)


@pytest.mark.spice
@pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")
@pytest.mark.parametrize("topology", ["compact", "classic"])
def test_ngspice_settles_to_a_constrained_answer(topology):
    A, b = problem(5)
    programmed = program_circuit(topology, A, IDEAL.with_(gain=1e5), penalty=Penalty(l2=0.2, l1=0.1, total=0.9))
    outputs, settled = ngspice_rest(programmed.circuit, programmed.volts(b))
    assert settled
    np.testing.assert_allclose(outputs * programmed.units_per_volt, programmed.solve(b), atol=1e-4)


def test_an_open_loop_multiplies():
    A, _ = problem(6)
    x = [0.3, -0.2, 1.0, 0.1]
    np.testing.assert_allclose(program_circuit("mvm", A, IDEAL).solve(x), A @ x, atol=1e-6)


def test_errors_of_the_cells_are_drawn_from_the_seed():
    A, b = problem(7)
    design = preset("pku-2025")
    for topology in TOPOLOGIES:
        first, again, other = (
            program_circuit(topology, A, design, seed=seed).solve(b[: 4 if topology == "mvm" else 16])
            for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(first, again)
        assert np.abs(first - other).max() > 1e-4


@pytest.mark.parametrize(
    ("topology", "change", "error", "says"),
    [
        ("inverse", {}, ValueError, "topology must .* 'gram', 'mvm', 'inv', 'egv', got 'inverse'"),
        ("gram", {"penalty": Penalty(total=1.0)}, ChipError, "no row for a sum"),
        ("mvm", {"penalty": Penalty(l1=1.0)}, ChipError, "open loop"),
        ("inv", {"design": IDEAL.with_(row_ohms=1.0)}, ChipError, "wires"),
        ("compact", {"A": [[1.0, 0.0]]}, ValueError, "column of zeros"),
    ],
)
def test_what_a_circuit_cannot_do_is_said(topology, change, error, says):
    arguments = {"A": problem(0)[0], "design": IDEAL, **change}
    with pytest.raises(error, match=says):
        program_circuit(topology, **arguments)


@pytest.mark.parametrize("name", ["l1", "l2", "total"])
def test_a_bad_constraint_is_named(name):
    with pytest.raises(ValueError, match=f"{name} must be finite and at least 0"):
        Penalty(**{name: -1.0})
