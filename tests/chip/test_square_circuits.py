"""The inverse and the eigenvector of a square matrix, against numpy, the transient and ngspice."""

import numpy as np
import pytest

from mho import Penalty, spice
from mho.chip import ChipError, ngspice_rest, preset, program_circuit
from mho.circuits import operating_point, time_constant
from mho.circuits.transient import settling_time, transient

needs_ngspice = pytest.mark.skipif(not spice.available(), reason="ngspice is not installed")


def _signed(k=6, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((k, k)) + 3 * np.eye(k), rng.standard_normal(k)


def _positive(k=6, seed=0):
    half = np.random.default_rng(seed).random((k, k))
    return half @ half.T / np.max(half @ half.T)


def test_the_inverse_of_a_matrix_of_either_sign():
    A, b = _signed()
    programmed = program_circuit("inv", A, preset("ideal").with_(g_min=0.5e-6, gain=np.inf), seed=0)
    np.testing.assert_allclose(programmed.solve(b), np.linalg.solve(A, b), rtol=0, atol=1e-6)


@needs_ngspice
def test_the_inverse_rests_where_ngspice_does():
    A, b = _signed()
    programmed = program_circuit("inv", A, preset("pku-2025-4bit").with_(offset=1e-4), seed=0)
    circuit, volts = programmed.circuit, programmed.volts(b)
    found = operating_point(circuit, volts)[-6:]
    scale = np.abs(found).max()
    np.testing.assert_allclose(transient(circuit, volts).rest(), found, rtol=0, atol=1e-9 * scale)
    np.testing.assert_allclose(ngspice_rest(circuit, volts).outputs, found, rtol=0, atol=1e-6 * scale)


@pytest.mark.parametrize("k", [4, 16])
def test_time_goes_as_the_least_eigenvalue_of_the_associated_matrix(k):
    """M = L A with L all that is tied to an input: 1 / (w lambda_min) is the slowest time constant (TED 2020)."""
    A = _positive(k) + 0.05 * np.eye(k)
    design = preset("ideal").with_(gain=1e9)
    programmed = program_circuit("inv", A, design, seed=0)
    circuit = programmed.circuit
    tied = circuit.g_positive.sum(axis=1) + circuit.g_in
    least = np.linalg.eigvals(circuit.g_positive / tied[:, None]).real.min()
    expected = 1 / (2 * np.pi * design.amplifier.bandwidth * least)
    assert time_constant(circuit) == pytest.approx(expected, rel=1e-6)
    seconds = settling_time(circuit, programmed.volts(A @ np.linalg.eigh(A)[1][:, 0]))
    assert seconds == pytest.approx(np.log(100) * expected, rel=0.35)


@pytest.mark.parametrize("seed", range(3))
def test_the_eigenvector_is_that_of_the_largest_eigenvalue(seed):
    A = _positive(seed=seed)
    found = program_circuit("egv", A, preset("ideal").with_(gain=1e5), seed=0).eigenvector()
    expected = np.linalg.eigh(A)[1][:, -1]
    expected *= np.sign(expected[0])
    assert found @ expected > 0.999
    np.testing.assert_allclose(found, _at_the_rails(A, expected), rtol=0, atol=1e-3)


def _at_the_rails(A, x, margin=0.02):
    """Fixed point of x = clip(A x / feedback), the feedback 2 % below the eigenvalue so that outputs meet a rail."""
    feedback, x = (1 - margin) * np.linalg.eigvalsh(A)[-1], x / np.abs(x).max()
    for _ in range(10_000):
        x = np.clip(A @ x / feedback, -1, 1)
    return x / np.linalg.norm(x)


@needs_ngspice
def test_the_eigenvector_loop_is_that_of_ngspice():
    circuit = program_circuit("egv", _positive(), preset("pku-2025-4bit"), seed=0).circuit
    waveform = transient(circuit, [])
    seconds = 2 * waveform.settling_time(1e-4)
    run = spice.run(spice.netlist(circuit, [], duration=seconds, step=seconds / 2000))
    found = np.array([run.voltages[f"x{j}"][-1] for j in range(6)])
    np.testing.assert_allclose(found, waveform.rest(), rtol=0, atol=1e-3 * np.abs(found).max())


def test_what_no_square_circuit_can_do_is_refused():
    A, b = _signed()
    design = preset("ideal")
    with pytest.raises(ValueError, match=r"A must be square for its inverse or eigenvector, got shape \(5, 6\)"):
        program_circuit("inv", A[1:], design)
    with pytest.raises(ChipError, match="no constraint"):
        program_circuit("inv", A, design, penalty=Penalty(l2=1.0))
    with pytest.raises(ChipError, match="the eigenvalue of largest size is -"):
        program_circuit("egv", -_positive(), design)
    with pytest.raises(TypeError, match="must be of topology 'egv'"):
        program_circuit("inv", A, design).eigenvector()
    with pytest.raises(TypeError, match="takes no right-hand side"):
        program_circuit("egv", _positive(), design).solve(b)
    with pytest.raises(ValueError, match="negative entry"):
        program_circuit("gram", A, design)
