"""The refined engine against scipy, against conjugate gradients without a chip, and against ngspice."""

import numpy as np
import pytest
from scipy.optimize import nnls

from mho.chip import Chip, ChipError, as_circuit, ngspice_rest, preset
from mho.circuits import CompactGinv
from mho.engines import Penalty, Refined, Sparse
from mho.engines.refinement import KnownSystem, refine
from mho.spice import available

OFFSET = 2e-5
FOUR_BIT = preset("pku-2025-4bit").with_(dac_bits=8, adc_bits=8, offset=OFFSET)
THREE_BIT = preset("pku-2025").with_(dac_bits=8, adc_bits=8, offset=OFFSET)


def _problem(mix, noise, *, m=128, k=16, n=12, seed=0):
    """Columns that share a part `mix` of one another, and right-hand sides with a residual of `noise`."""
    rng = np.random.default_rng(seed)
    A = (1 - mix) * rng.random((m, k)) + mix * rng.random((m, 1))
    B = A @ np.maximum(rng.standard_normal((k, n)), 0)
    return A, B + noise * B.std() * rng.standard_normal(B.shape)


def _scipy(A, B):
    return np.column_stack([nnls(A, b)[0] for b in B.T])


def _distances(X, exact):
    return np.linalg.norm(X - exact, axis=0) / np.linalg.norm(exact, axis=0)


def _steps_of_cg(A, b, x, exact, tolerance=1e-10):
    """Steps of conjugate gradients on the answer's own set of positive entries, from where the chip leaves them."""
    A, x, exact = A[:, exact > 0], x[exact > 0], exact[exact > 0]
    r = A.T @ (b - A @ x)
    p, steps = r, 0
    while np.linalg.norm(x - exact) > tolerance * np.linalg.norm(exact):
        w = A.T @ (A @ p)
        length = (r @ r) / (p @ w)
        x, rest = x + length * p, r - length * w
        r, p, steps = rest, rest + (rest @ rest) / (r @ r) * p, steps + 1
    return steps


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.3])
@pytest.mark.parametrize(
    ("design", "mix", "condition", "most"), [(FOUR_BIT, 0.0, 10, 10), (FOUR_BIT, 0.5, 20, 12), (THREE_BIT, 0.0, 10, 14)]
)
def test_few_solves_of_the_chip_give_ten_digits(design, mix, condition, most, noise):
    A, B = _problem(mix, noise)
    exact = _scipy(A, B)
    assert condition / 2 < np.median([np.linalg.cond(A[:, x > 0]) for x in exact.T]) < condition
    engine = Refined(design, seed=0)
    programmed = engine.program(A)
    done = programmed.refine(B)
    assert _distances(done.X, exact).max() < 1e-10
    assert done.fallback == ("",) * B.shape[1]
    assert 1 + done.steps.max() <= most
    start = programmed.array.solve(B)
    without = [_steps_of_cg(A, *column) for column in zip(B.T, start.T, exact.T, strict=True)]
    assert np.median(done.steps) < np.median(without)


@pytest.mark.skipif(not available(), reason="needs ngspice")
def test_ngspice_takes_the_same_three_steps():
    """The circuit of a correction is made here of conductances: held columns are tied to ground at both ends."""
    A, B = _problem(0.0, 0.3, m=16, k=4, n=1, seed=3)
    b, exact = B[:, 0], nnls(A, B[:, 0])[0]
    array = Chip(preset("pku-2025-4bit").with_(dac_bits=None, adc_bits=None, output="switched"), seed=0).program(A)
    c, errors = array.conductances, []
    into = c.scale * c.g_in * array.inputs.volts_per_unit / c.total.max()
    x = ngspice_rest(as_circuit(array), array.volts(b)).outputs * array.units_per_volt
    for _ in range(3):
        errors.append(np.linalg.norm(x - exact) / np.linalg.norm(exact))
        g = A.T @ (b - A @ x)
        free = (x > 1e-6) | (g > 0)
        given = into[free] * g[free]
        up = 1e-6 / np.abs(given).max()  # volts that a simulator of absolute tolerances sees
        circuit = CompactGinv(
            g_left=c.left[:, free],
            g_right=c.right[:, free],
            g_comp=c.comp + (c.left + c.right)[:, ~free].sum(axis=1),
            g_in=c.g_in,
            opamp=as_circuit(Chip(preset("pku-2025-4bit").with_(output="signed"), seed=0).program(A)).opamp,
            bias=-up * given,
        )
        d = np.zeros(4)
        d[free] = ngspice_rest(circuit, np.zeros(16)).outputs / up * array.units_per_volt[free]
        ours = array.correct(g[:, None], free[:, None])[:, 0]
        np.testing.assert_allclose(ours, d, rtol=0, atol=2e-3 * np.abs(d).max())
        x = np.maximum(x + d, 0)
    errors.append(np.linalg.norm(x - exact) / np.linalg.norm(exact))
    assert 0 < np.count_nonzero(exact) < 4
    assert np.all(np.diff(np.log10(errors)) < -0.7)


@pytest.mark.parametrize("topology", ["compact", "classic", "gram"])
def test_a_correction_is_least_squares_of_the_free_columns(topology):
    A, _ = _problem(0.2, 0.0, m=24, k=5, n=7)
    rng = np.random.default_rng(1)
    C, free = rng.standard_normal((5, 7)), rng.random((5, 7)) < 0.6
    array = Chip(preset("ideal").with_(topology=topology, output="switched"), seed=0).program(
        A, penalty=Penalty(l2=0.3)
    )
    expected = np.zeros((5, 7))
    for j, columns in enumerate(free.T):
        G = A[:, columns].T @ A[:, columns] + 0.3 * np.eye(int(columns.sum()))
        expected[columns, j] = np.linalg.solve(G, C[columns, j])
    np.testing.assert_allclose(array.correct(C, free), expected, rtol=0, atol=1e-9)


def test_no_row_is_driven_for_a_correction():
    A, _ = _problem(0.0, 0.0, m=24, k=5, n=7)
    chip = Chip(FOUR_BIT.with_(output="switched"), seed=0)
    array, before = chip.program(A), chip.ledger.copy()
    array.correct(np.ones((5, 7)), np.ones((5, 7), bool))
    taken = chip.ledger.since(before)
    assert taken.dac_conversions == taken.adc_conversions == 5 * taken.solves
    assert taken.solves >= 7
    assert taken.array_joules > 0


@pytest.mark.parametrize(
    "design",
    [
        preset("pku-2025-4bit").with_(row_ohms=1.73, column_ohms=1.73),
        preset("pku-2025").with_(stuck_low=0.005, stuck_high=0.005),
        preset("neurram"),
    ],
)
def test_a_faulty_chip_gets_there_or_says_why(design):
    A, B = _problem(0.0, 0.05, n=6)
    done = Refined(design, seed=0).program(A).refine(B)
    assert _distances(done.X, _scipy(A, B)).max() < 1e-9
    assert all((done.steps < 60) | [bool(reason) for reason in done.fallback])


def test_entries_that_are_missing_take_no_part():
    A, B = _problem(0.0, 0.3, n=8)
    B = np.where(np.random.default_rng(1).random(B.shape) < 0.5, np.nan, B)
    B[4:, 0] = np.nan  # three are left, fewer than there are unknowns
    done = Refined(FOUR_BIT, seed=0).program(A).refine(Sparse(B))
    for j in range(1, 8):
        known = ~np.isnan(B[:, j])
        exact = nnls(A[known], B[known, j])[0]
        assert np.linalg.norm(done.X[:, j] - exact) < 1e-9 * np.linalg.norm(exact)
    assert done.fallback == ("3 known entries do not tell 16 unknowns", *[""] * 7)


def test_a_matrix_beyond_the_arithmetic_falls_back():
    A, B = _problem(0.0, 0.05)
    A[:, 1] = A[:, 0] + 1e-7 * A[:, 2]
    done = Refined(FOUR_BIT, seed=0).program(A).refine(B)
    assert "place an answer to 1 at best, above the tolerance of 1e-10" in done.fallback[0]
    assert not done.steps.any()
    np.testing.assert_allclose(A @ done.X, A @ _scipy(A, B), atol=1e-6)


def test_a_run_that_is_too_short_falls_back():
    A, B = _problem(0.5, 0.3)
    done = Refined(FOUR_BIT, seed=0, most_steps=2).program(A).refine(B)
    assert {"the tolerance is not reached in 2 steps", "the set of entries above zero keeps changing"} >= set(
        done.fallback
    )
    assert _distances(done.X, _scipy(A, B)).max() < 1e-10


def test_corrections_as_they_are_take_more_steps():
    A, B = _problem(0.5, 0.05)
    plain, conjugate = (Refined(FOUR_BIT, seed=0, accelerate=name).program(A).refine(B) for name in ("none", "fcg"))
    assert plain.steps.sum() > 1.2 * conjugate.steps.sum()
    np.testing.assert_allclose(plain.X, conjugate.X, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Refined(tolerance=1e-14), "tolerance must be at least 1e-13, .* got 1e-14"),
        (lambda: Refined(Chip("pku-2025")), "chip must have output='switched' to be refined"),
        (lambda: Refined(preset("pku-2025").with_(output="signed")), "got 'pku-2025' with output='signed'"),
        (lambda: Refined(accelerate="cg"), "accelerate must be one of 'fcg', 'none', got 'cg'"),
    ],
)
def test_what_cannot_be_refined_is_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()


def test_a_clamp_without_a_switch_corrects_nothing():
    array = Chip("pku-2025", seed=0).program(np.eye(3, 2))
    with pytest.raises(ChipError, match="take a design with output='switched'"):
        array.correct(np.ones((2, 1)), np.ones((2, 1), bool))


def test_a_realistic_chip_gives_ten_digits_in_twelve_solves():
    """Without a chip: the same steps from the same start, with A'A's diagonal for the chip."""
    A, B = _problem(0.0, 0.05, seed=25)
    exact = _scipy(A, B)
    programmed = Refined("pku-2025-realistic", seed=25).program(A)
    programmed.array.calibrate(A)
    start, done = programmed.array.solve(B), programmed.refine(B)
    assert _distances(done.X, exact).max() < 1e-10
    assert done.fallback == ("",) * B.shape[1]
    assert 1 + done.steps.max() <= 12
    G = A.T @ A
    without = refine(
        KnownSystem(G, B.T @ A),
        lambda C, free, reach, j: (np.where(free, C / G.diagonal(), 0.0), {}),
        start.T.copy(),
        conjugate=True,
        tolerance=1e-10,
        most_steps=60,
    )
    assert np.median(done.steps) <= 0.65 * np.median(without.steps)
