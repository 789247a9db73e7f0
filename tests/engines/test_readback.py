"""Reading a matrix back and correcting for its errors."""

import numpy as np
import pytest

from mho import NMF
from mho.chip import Chip, preset
from mho.engines import Analog, Digital, Hybrid, Sparse

CHIP = preset("pku-2025-4bit").with_(dac_bits=12, adc_bits=12)


def problem(seed=0):
    rng = np.random.default_rng(seed)
    A, X = rng.random((128, 16)), rng.random((16, 200))
    return A, X, A @ X


def error(design, *, readback, seed=0):
    A, X, B = problem(seed)
    answer = Analog(Chip(design, seed=seed), readback=readback).program(A).solve(B)
    return np.linalg.norm(answer - X) / np.linalg.norm(X)


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_the_answers_falls_clearly(seed):
    assert error(CHIP, readback=True, seed=seed) < error(CHIP, readback=False, seed=seed) / 4


def test_without_other_errors_it_falls_as_a_square():
    few, many = (
        error(preset("ideal").with_(sigma=sigma), readback=True)
        / error(preset("ideal").with_(sigma=sigma), readback=False)
        for sigma in (0.002, 0.02)
    )
    assert few == pytest.approx(many / 10, rel=0.3)


@pytest.mark.parametrize("seed", range(3))
def test_a_repaired_chip_strides_and_comes_further_in_as_many_iterations(seed):
    """By rows that make good one another's errors alone a chip without stuck cells comes further."""
    rng = np.random.default_rng(1)
    X = rng.gamma(0.5, size=(96, 6)) @ rng.gamma(0.5, size=(6, 70))
    errors = []
    for repaired in (False, True):
        chip = Chip(preset("pku-2025-4bit"), seed=seed)
        if repaired:
            chip.repair()
        engine = Analog(chip)
        assert engine.extrapolates() == repaired
        model = NMF(6, engine=engine, max_iter=10, tol=0, init="nndsvda", random_state=0).fit(X)
        errors.append(np.linalg.norm(X - model.W_ @ model.components_))
    assert errors[1] < 0.7 * errors[0]


def test_missing_entries_and_columns_of_zeros():
    A, X, B = problem()
    A[:, 3] = 0
    B = A @ X
    B[np.random.default_rng(1).random(B.shape) < 0.3] = np.nan
    known = np.arange(16) != 3
    plain, corrected = (
        Analog(Chip(CHIP, seed=0), readback=readback).program(A).solve(Sparse(B))[known] for readback in (False, True)
    )
    assert np.linalg.norm(corrected - X[known]) < np.linalg.norm(plain - X[known]) / 3


def test_the_ledger_counts_reads_and_second_solves():
    A, _, B = problem()
    engine = Hybrid(Chip(preset("ideal"), seed=0), readback=True)
    programmed = engine.program(A)
    assert engine.ledger().adc_conversions == A.size
    programmed.solve(B)
    assert engine.ledger().solves >= 2 * B.shape[1]


def test_what_is_read_back_must_be_what_was_programmed():
    with pytest.raises(ValueError, match=r"A must be of shape \(128, 16\), as programmed, got \(2, 2\)"):
        Chip(CHIP, seed=0).program(problem()[0]).read_back(np.ones((2, 2)))


def loop_error(engine, seed):
    rng = np.random.default_rng(seed)
    X = rng.random((64, 5)) @ rng.random((5, 48))
    model = NMF(5, engine=engine, max_iter=20, tol=0, random_state=seed).fit(X)
    assert len(model.history_) == 20
    return np.linalg.norm(X - model.W_ @ model.components_) / np.linalg.norm(X)


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_a_loop_falls_clearly(seed):
    written, read = (loop_error(Analog(Chip(CHIP, seed=seed), readback=readback), seed) for readback in (False, True))
    assert read < 0.7 * written


def test_a_loop_strides_beyond_half_steps_only_where_they_are_corrected():
    assert Analog("ideal", readback=True).extrapolates()
    assert not any(
        engine.extrapolates() for engine in (Analog("ideal"), Digital(sweeps=1), Hybrid("ideal", readback=True))
    )
