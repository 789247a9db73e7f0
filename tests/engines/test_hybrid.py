"""Chip first, digital last: where the loop changes over, probes, and critical answers."""

import numpy as np
import pytest
from scipy.optimize import nnls

from mho import NMF, Analog, Digital, Hybrid, Recommender, Refined
from mho.chip import preset
from mho.data import camera, movielens
from mho.engines import Sparse, close_ranks, near_limit
from mho.recommend import rmse, split_random

FOUR_BIT = preset("pku-2025-4bit")


def _picture(size):
    X = np.asarray(camera(size), float)
    return X / X.max()


def _psnr(X, model):
    return -10 * np.log10(np.mean((X - model.W_ @ model.components_) ** 2))


def _fit(X, engine, most, k=32):
    return NMF(k, engine=engine, max_iter=most, tol=0, random_state=0, init="random").fit(X)


def test_a_photograph_by_a_tenth_of_the_digital_sweeps():
    X, design = _picture(128), FOUR_BIT.with_(sigma=0.05)
    digital = _psnr(X, _fit(X, "digital", 100))
    found = _fit(X, Hybrid(design, passes=10, seed=1, readback=True), 100)
    engines = [record["engine"] for record in found.history_]
    assert engines.count("digital") == 10
    assert engines.count("analog") < 40  # of the 90 that it might have taken
    assert _psnr(X, found) > digital - 0.3
    assert _psnr(X, _fit(X, Hybrid(design, passes=10, seed=1), 100)) < _psnr(X, found) - 0.1


def test_ratings_by_one_digital_sweep():
    table = movielens()
    train, test = split_random(len(table.ratings), 0.1, 0)
    held_out = []
    for engine in ("digital", Hybrid(FOUR_BIT, passes=1, seed=0, readback=True)):
        model = Recommender(16, engine=engine, max_iter=10, random_state=0)
        model.fit(table.users[train], table.items[train], table.ratings[train])
        held_out.append(rmse(table.ratings[test], model.predict(table.users[test], table.items[test])))
    assert held_out[1] < held_out[0] + 0.001


def test_a_loop_levels_off_where_its_error_does():
    chip = Analog("ideal")
    falling = [2.0**-i for i in range(24)]
    assert not any(chip.levels_off(falling[:i]) for i in range(25))
    level = [*falling[:5], *8 * [0.05, 0.051, 0.049]]
    assert chip.levels_off(level)
    assert not chip.levels_off(level[:20])
    assert not Digital().levels_off(level)


@pytest.mark.parametrize("masked", [False, True])
def test_a_probe_takes_errors_of_wires_and_cells_to_second_order(masked):
    rng = np.random.default_rng(0)
    A = rng.random((128, 16))
    B = A @ np.maximum(rng.standard_normal((16, 30)), 0)
    B = np.maximum(B + 0.02 * B.std() * rng.standard_normal(B.shape), 0)
    if masked:
        B[rng.random(B.shape) < 0.2] = np.nan
    known = ~np.isnan(B)
    exact = np.column_stack([nnls(A[on], b[on])[0] for b, on in zip(B.T, known.T, strict=True)])
    design = FOUR_BIT if masked else FOUR_BIT.with_(row_ohms=1.0, column_ohms=1.0)
    errors = []
    for probe in (False, True):
        engine = Analog(design, seed=0, probe=probe)
        X = engine.program(A).solve(Sparse(B) if masked else B)
        errors.append(np.linalg.norm(X - exact) / np.linalg.norm(exact))
        assert engine.ledger().solves == pytest.approx(30 * (1 + probe), rel=0.1)
    assert errors[1] < errors[0] / 2


def test_critical_answers_are_the_digital_ones():
    rng = np.random.default_rng(1)
    A = rng.random((60, 6))
    B = A @ np.maximum(rng.standard_normal((6, 80)), 0) + 0.1 * rng.standard_normal((60, 80))
    exact = np.column_stack([nnls(A, b)[0] for b in B.T])
    items = rng.random((40, 6))
    programmed = Hybrid(preset("pku-2025").with_(adc_bits=8), seed=0).program(A)
    found = programmed.solve_checked(B, lambda X: items @ X, close_ranks(5))
    assert 0.02 < found.share < 0.9
    np.testing.assert_allclose(found.X[:, found.critical], exact[:, found.critical], atol=1e-9)
    assert np.abs(found.X[:, ~found.critical] - exact[:, ~found.critical]).max() > 1e-4

    def lists(X):
        return np.sort(np.argsort(-items @ X, axis=0)[:5], axis=0)

    wrong = [np.any(lists(X) != lists(exact), axis=0).mean() for X in (found.plain, found.X)]
    assert wrong[1] < wrong[0] / 3
    limit = float(np.median(items @ exact))
    checked = programmed.solve_checked(B, lambda X: items[:1] @ X, near_limit(limit))
    np.testing.assert_array_equal(items[0] @ checked.X > limit, items[0] @ exact > limit)
    assert checked.share < found.share


def test_a_short_list_has_no_other_ranks():
    assert close_ranks(3)(np.ones((3, 2)), np.ones((3, 2))).tolist() == [False, False]
    seen = np.array([[3.0], [-np.inf], [1.0], [-np.inf]])
    assert close_ranks(3)(seen, np.full((4, 1), 9.0)).tolist() == [False]


def test_digital_operations_are_counted_beside_the_chip():
    A, B = np.random.default_rng(0).random((30, 4)), np.random.default_rng(1).random((30, 10))
    plain, probed, hybrid = Analog(FOUR_BIT, seed=0), Analog(FOUR_BIT, seed=0, probe=True), Hybrid(FOUR_BIT, seed=0)
    for engine in (plain, probed, hybrid):
        engine.program(A).solve(B)
    assert plain.ledger().operations == 0
    assert probed.ledger().operations == 2 * 30 * 4 * 10
    assert hybrid.ledger().operations == 2 * 30 * 4 * 10 + 10 * (4**3 / 3 + 2 * 4**2) + 30 * 4 * 5
    refined = Refined(FOUR_BIT, seed=0)
    done = refined.program(A).refine(B)
    assert refined.ledger().operations == pytest.approx(done.operations.sum())
