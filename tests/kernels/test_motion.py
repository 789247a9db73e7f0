"""Linear motion against scipy's matrix exponential, and the times of its signals against formulas."""

import numpy as np
import pytest
from scipy.linalg import expm

from mho.kernels import motion


def _follow(F, f, z, B=None, c=None, longest=np.inf, tolerance=1e-10):
    F, f, z = (np.array(a, np.float64) for a in (F, f, z))
    B, c = (np.zeros((1, len(z))), np.array([-1.0])) if B is None else (np.array(a, np.float64) for a in (B, c))
    end, crossed = np.empty(len(z)), np.empty(len(c), np.uint8)
    scratch = np.full(motion.follow_scratch(len(z), len(c)), np.nan)
    times, states, how = motion.follow(F, f, z, B, c, longest, 0.0, tolerance, end, crossed, scratch)
    return times, states, how, end, crossed.astype(bool)


def _exact(F, f, z, time):
    """By the exponential of the motion made linear with a state that stays one."""
    n = len(z)
    whole = np.zeros((n + 1, n + 1))
    whole[:n, :n], whole[:n, n] = F, f
    return np.array([expm(t * whole)[:n] @ np.append(z, 1.0) for t in time])


def _stiff(n, stiffness, seed):
    """A stable matrix with real and complex eigenvalues from 1 to `stiffness`, of vectors that are not orthogonal."""
    rng = np.random.default_rng(seed)
    blocks = np.diag(-np.geomspace(1, stiffness, n))
    blocks[0, 1 % n] += 1.0
    blocks[1 % n, 0] -= 1.0
    V = np.linalg.qr(rng.standard_normal((n, n)))[0] + 0.1 * rng.standard_normal((n, n))
    return V @ blocks @ np.linalg.inv(V), rng.standard_normal(n), rng.standard_normal(n)


@pytest.mark.parametrize("n", [1, 2, 5, 16, 33])
@pytest.mark.parametrize("stiffness", [1.0, 1e3, 1e6])
def test_states_and_what_lies_between_them(n, stiffness):
    F, f, z = _stiff(n, stiffness, n)
    times, states, how, end, crossed = _follow(F, f, z)
    assert how == motion.RESTED
    assert not crossed.any()
    size = np.abs(states[:, 0]).max()
    np.testing.assert_allclose(end, -np.linalg.solve(F, f), rtol=0, atol=1e-8 * size)
    wanted = np.unique(np.concatenate([[0.0], np.geomspace(1e-3 / stiffness, 1.5 * times[-1], 50), times[::7]]))
    found = np.empty((len(wanted), n))
    motion.between(times, states, wanted, found)
    np.testing.assert_allclose(found, _exact(F, f, z, wanted), rtol=0, atol=2e-9 * size)


def _clamped(slow, fast, alone, seed):
    """Slow swinging states, far faster ones that they draw and that draw them, and some that decay by themselves."""
    n, rng = slow + fast + alone, np.random.default_rng(seed)
    F = 0.3 * rng.standard_normal((n, n)) / np.sqrt(n) - np.eye(n)
    F[:slow, slow : slow + fast] *= 50
    F[slow : slow + fast, slow : slow + fast] *= 200
    F[slow + fast :] = 0
    F[np.arange(slow + fast, n), np.arange(slow + fast, n)] = -0.3
    order = rng.permutation(n)
    return F[np.ix_(order, order)], rng.standard_normal(n), rng.standard_normal(n)


@pytest.mark.parametrize(
    ("slow", "fast", "alone"), [(9, 4, 0), (9, 4, 5), (3, 1, 2), (50, 0, 0), (40, 20, 9), (40, 0, 9)]
)
def test_fast_states_and_states_that_decay_by_themselves(slow, fast, alone):
    F, f, z = _clamped(slow, fast, alone, slow)
    times, states, how, end, _ = _follow(F, f, z)
    assert how == motion.RESTED
    size = np.abs(states[:, 0]).max()
    np.testing.assert_allclose(end, -np.linalg.solve(F, f), rtol=0, atol=1e-10 * size)
    some = np.r_[0 : len(times) : 5, 1, 2]
    np.testing.assert_allclose(states[some, 0], _exact(F, f, z, times[some]), rtol=0, atol=1e-11 * size)
    np.testing.assert_allclose(states[:, 1], states[:, 0] @ F.T + f, rtol=0, atol=1e-9 * np.abs(F).max() * size)


@pytest.mark.parametrize("row", ["slow", "fast"])
def test_when_a_signal_of_slow_or_fast_states_passes_zero(row):
    F, f, z = _clamped(30, 10, 10, 1)
    at = {"slow": np.abs(F.diagonal()).argmin(), "fast": np.abs(F.diagonal()).argmax()}[row]
    B = np.zeros((1, len(z)))
    B[0, at] = 1.0 if z[at] < -np.linalg.solve(F, f)[at] else -1.0
    half = (z - np.linalg.solve(F, f))[at] / 2
    times, states, how, end, _ = _follow(F, f, z, B, -B[:, at] * half)
    assert how == motion.CROSSED
    assert end[at] == pytest.approx(half, rel=1e-12)
    np.testing.assert_allclose(end, _exact(F, f, z, times[-1:])[0], rtol=0, atol=1e-11 * np.abs(states[:, 0]).max())


def test_a_defective_matrix():
    """One integrator behind another: no basis of eigenvectors."""
    F, f, z = np.array([[-1.0, 1.0], [0.0, -1.0]]), np.array([0.0, 2.0]), np.zeros(2)
    times, states, _, _, _ = _follow(F, f, z)
    np.testing.assert_allclose(states[:, 0], _exact(F, f, z, times), rtol=0, atol=1e-12)


def test_when_a_swing_passes_zero():
    """cos(3 t) does so after pi / 6, cos(3 t) - 2 never, and 0.5 - cos(3 t) before both."""
    F, z = [[0.0, -3.0], [3.0, 0.0]], [1.0, 0.0]
    times, states, how, end, crossed = _follow(F, [0, 0], z, [[-1.0, 0.0], [1.0, 0.0]], [0.0, -2.0])
    assert how == motion.CROSSED
    assert crossed.tolist() == [True, False]
    assert times[-1] == pytest.approx(np.pi / 6, rel=1e-12)
    np.testing.assert_allclose(end, [0.0, 1.0], atol=1e-12)
    np.testing.assert_array_equal(states[-1, 0], end)
    first = _follow(F, [0, 0], z, [[-1.0, 0.0], [-1.0, 0.0]], [0.0, 0.5])
    assert first[4].tolist() == [False, True]
    assert first[0][-1] == pytest.approx(np.pi / 9, rel=1e-12)


def test_a_signal_passes_in_a_fast_part_of_a_stiff_motion():
    """1 - exp(-1e6 t) = 1/2."""
    times, _, _, _, crossed = _follow(np.diag([-1e6, -1.0]), [1e6, 1.0], [0.0, 0.0], [[1.0, 0.0]], [-0.5])
    assert crossed.all()
    assert times[-1] == pytest.approx(np.log(2) * 1e-6, rel=1e-9)


def test_a_signal_beyond_zero_at_the_start_ends_the_motion_there():
    times, _, how, end, crossed = _follow([[-1.0]], [0.0], [1.0], [[1.0], [-1.0]], [0.0, 0.0])
    assert (times.tolist(), how, end.tolist(), crossed.tolist()) == ([0.0], motion.CROSSED, [1.0], [True, False])


def test_how_motions_end():
    assert _follow([[-1.0]], [0.0], [0.0])[2] == motion.RESTED, "where it is"
    assert _follow([[-1.0]], [1.0], [0.0], longest=2.0)[2] == motion.OUTLASTED
    assert _follow([[1.0]], [0.0], [1.0])[2] == motion.ENDLESS, "it runs away"
    assert _follow([[1.0]], [0.0], [0.0])[2] == motion.ENDLESS, "it would"
    assert _follow([[0.0]], [0.0], [1.0])[2] == motion.ENDLESS, "nothing draws it"
    assert _follow([[0.0, -1.0], [1.0, 0.0]], [0.0, 0.0], [1.0, 0.0])[2] == motion.ENDLESS, "it swings for ever"


def test_arrays_of_other_shapes_are_refused():
    end, crossed, scratch = np.empty(2), np.empty(1, np.uint8), np.empty(motion.follow_scratch(2, 1))
    good = [np.eye(2), np.ones(2), np.ones(2), np.ones((1, 2)), np.ones(1), 1.0, 0.0, 1e-9, end, crossed, scratch]
    motion.follow(*good)
    for at, wrong in [
        (0, np.ones((2, 3))),
        (1, np.ones(3)),
        (2, np.ones(3)),
        (3, np.ones((1, 3))),
        (4, np.ones(2)),
        (8, np.empty(3)),
        (9, np.empty(2, np.uint8)),
        (10, np.empty(len(scratch) - 1)),
    ]:
        with pytest.raises(ValueError, match="must be"):
            motion.follow(*good[:at], wrong, *good[at + 1 :])
    knots = [np.arange(3.0), np.ones((3, 3, 2)), np.ones(4), np.empty((4, 2))]
    for at, wrong in [(0, np.ones(2)), (1, np.ones((3, 2, 2))), (1, np.ones((0, 3, 2))), (3, np.empty((4, 3)))]:
        with pytest.raises(ValueError, match="must be"):
            motion.between(*knots[:at], wrong, *knots[at + 1 :])
