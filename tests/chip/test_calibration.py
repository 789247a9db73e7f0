"""Calibration by probes, against scipy's answers: offsets, gain, wires in tiles."""

import numpy as np
import pytest
from scipy.optimize import nnls

from mho.chip import Chip, preset
from mho.chip.calibration import calibrate, with_answers
from mho.engines import Analog, Digital, Penalty

FOUR_BITS = preset("pku-2025-4bit")


REALISTIC = preset("pku-2025-realistic")
UNTILED = {"tile_rows": None, "bus_ohms": 0.0, "input_ratio": 1.0}


def _problem(seed, rows=128, columns=16, residual=0.05):
    """Right-hand sides with a residual, and scipy's answers."""
    rng = np.random.default_rng([25, seed])
    A, X = rng.random((rows, columns)), np.maximum(rng.standard_normal((columns, 30)), 0)
    B = A @ X
    B = np.maximum(B + residual * B.std() * rng.standard_normal(B.shape), 0)
    return A, B, np.column_stack([nnls(A, b)[0] for b in B.T])


def _errors(design, problem, seed):
    """Relative errors as written, calibrated, calibrated for a probe and probed."""
    A, B, exact = problem
    array = Chip(design, seed=seed).program(A)
    answers = [array.solve(B)]
    array.calibrate(A)
    answers.append(array.solve(B))
    array.calibrate(A, probe=True)
    Y = array.solve(B)
    answers.append(np.maximum(2 * Y - array.solve(A @ Y), 0))
    return np.array([np.linalg.norm(Y - exact) / np.linalg.norm(exact) for Y in answers])


@pytest.mark.parametrize(
    ("design", "residual", "bars"),
    [
        (REALISTIC, 0.05, (0.055, 0.02)),
        (REALISTIC, 0.3, (0.055, 0.04)),
        (REALISTIC.with_(**UNTILED), 0.05, (0.07, 0.055)),
        (REALISTIC.with_(offset=1e-4), 0.05, (0.05, 0.025)),
        (preset("ideal").with_(gain=1e3), 0.05, (0.11 / 8, 0.11 / 8)),
    ],
    ids=["tiles", "residual", "no tiles", "offset", "gain"],
)
def test_a_chip_with_everything_wrong_is_corrected(design, residual, bars):
    raw, calibrated, probed = _errors(design, _problem(0, residual=residual), 0)
    assert raw > 0.05
    assert calibrated < bars[0]
    assert probed < bars[1]


def test_offsets_that_are_cancelled_leave_half_a_point():
    problem = _problem(2)
    found = [_errors(REALISTIC.with_(offset=volts), problem, 2)[1:] for volts in (0.0, 2e-5)]
    assert np.all(found[1] < found[0] + 0.005)


def test_the_engine_calibrates_and_probes_with_a_penalty_and_a_column_of_zeros():
    A, B, _ = _problem(3, columns=6)
    A[:, 2] = 0.0
    penalty = Penalty(l2=2.0, l1=0.5)
    exact = Digital().program(A, penalty=penalty).solve(B)
    for probe, bar in ((False, 0.05), (True, 0.03)):
        found = Analog(REALISTIC, seed=3, calibrate=True, probe=probe).program(A, penalty=penalty).solve(B)
        assert np.linalg.norm(found - exact) < bar * np.linalg.norm(exact)


def test_the_engine_cancels_offsets_unless_it_is_told_not_to():
    design = FOUR_BITS.with_(offset=2e-4)
    A, B, exact = _problem(4, columns=8)
    errors = {}
    for name, changes in (("none", {"offset": 0.0}), ("default", {}), ("told", {})):
        engine = Analog(design.with_(**changes), seed=4, calibrate=False if name == "told" else None)
        errors[name] = np.linalg.norm(engine.program(A).solve(B) - exact) / np.linalg.norm(exact)
    assert errors["told"] > 3 * errors["none"]
    assert errors["default"] < 1.3 * errors["none"]
    Analog(FOUR_BITS.with_(offset=0.1), seed=0).program(np.ones((8, 2)))  # cannot be measured: answers tell


def test_it_tells_what_it_did_and_is_counted():
    A = np.random.default_rng(0).random((32, 4))
    chip = Chip(FOUR_BITS.with_(offset=1e-4), seed=0)
    array = chip.program(A)
    found = array.calibrate(A)
    assert found is array.calibration_
    assert chip.ledger.solves >= found.probes > 0
    assert found.mapped
    assert found.error_after < found.error_before / 2
    x = np.r_[0.5, 0.0, 1.0, 0.8]
    assert np.all(array.solve(A @ x) >= 0)
    assert np.linalg.norm(array.solve(A @ x) - x) < 0.05


def test_another_matrix_and_another_probe_are_refused():
    A = np.ones((6, 2)) + np.eye(6, 2)
    array = Chip(FOUR_BITS, seed=0).program(A)
    with pytest.raises(ValueError, match=r"A must be of shape \(6, 2\), as programmed, got \(2,"):
        array.calibrate(np.eye(2))
    with pytest.raises(ValueError, match="probe must be one of True, False, got 'x'"):
        array.calibrate(A, probe="x")


class PinsOnly:
    """What a board shows of a chip: anything else that is asked for is an error."""

    _SHOWN = frozenset(("design", "solve_operand", "observe", "observe_unclamped", "inject", "output_volts", "set_map"))

    def __init__(self, array):
        self._array = array

    def __getattr__(self, name):
        if name not in self._SHOWN:
            raise AttributeError(f"a board has no pin {name!r}")
        return getattr(self._array, name)


@pytest.mark.parametrize("output", ["nonnegative", "switched"])
def test_calibration_needs_pins_alone(output):
    A, B, exact = _problem(4, rows=64, columns=8)
    array = Chip(REALISTIC.with_(output=output, offset=1e-4), seed=4).program(A)
    before = np.linalg.norm(array.solve(B) - exact)
    found = calibrate(PinsOnly(array), A, np.zeros(8), np.zeros(8), np.random.default_rng(0), probe=False)
    assert found.error_after < found.error_before / 2
    assert np.linalg.norm(array.solve(B) - exact) < before / 2


def test_right_hand_sides_of_known_answers_have_them():
    rng = np.random.default_rng(0)
    A, X = rng.random((9, 3)), rng.random((3, 4))
    l2, linear = np.r_[0.5, 0.0, 2.0], np.full(3, -0.3)
    B, _, currents = with_answers(A, l2, linear, X)
    assert currents is None
    for b, x in zip(B.T, X.T, strict=True):  # least squares with a ridge, by more rows
        more = np.vstack([A, np.diag(np.sqrt(l2))])
        found = np.linalg.solve(more.T @ more, A.T @ b + linear)
        np.testing.assert_allclose(found, x, rtol=1e-9)
    _, _, currents = with_answers(A[:2], l2, linear, X)  # three unknowns of two rows: no b does it
    np.testing.assert_allclose(currents, l2[:, None] * X - linear[:, None])


@pytest.mark.filterwarnings("error")
def test_a_matrix_of_zeros_has_nothing_to_be_calibrated():
    zeros = np.zeros((4, 2))
    calibration = Chip("pku-2025-4bit", seed=0).program(zeros).calibrate(zeros)
    assert (calibration.error_before, calibration.error_after, calibration.mapped) == (0.0, 0.0, False)
