"""Penalties against scipy's NNLS on the system that contains them."""

import numpy as np
import pytest
from scipy.optimize import nnls

from mho.engines import Penalty, Sparse

CLOSE = dict(rtol=1e-6, atol=1e-7)
K = 5

PENALTIES = {
    "ridge": Penalty(l2=0.7),
    "a ridge of each column's own": Penalty(l2=np.array([0.0, 0.1, 1.0, 3.0, 0.0])),
    "a ridge towards a number": Penalty(l2=2.0, prior=0.8),
    "a ridge towards a vector": Penalty(l2=np.linspace(0.5, 2, K), prior=np.linspace(0, 2, K)),
    "a price": Penalty(l1=0.4),
    "all of them": Penalty(l2=np.linspace(0, 2, K), prior=np.linspace(1, 0, K), l1=0.3),
}


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return PENALTIES[request.param]


def _reference(A, B, penalty):
    """Ridge as more rows, the price as the right-hand side c that has A'c = A'b - l1."""
    root = np.sqrt(np.broadcast_to(penalty.l2, (K,)))
    A, B = np.vstack([A, np.diag(root)]), np.vstack([B, np.outer(root * penalty.prior, np.ones(B.shape[1]))])
    B = B - (A @ np.linalg.solve(A.T @ A, np.full(K, penalty.l1)))[:, None]
    return np.transpose([nnls(A, b)[0] for b in B.T])


def test_every_right_hand_side_pays_the_penalty(exact, problem, penalty):
    A, B = problem
    np.testing.assert_allclose(exact.program(A, penalty=penalty).solve(B), _reference(A, B, penalty), **CLOSE)


def test_a_masked_right_hand_side_pays_the_whole_penalty(exact, problem, penalty):
    A, B = problem
    B = np.where(np.random.default_rng(4).random(B.shape) < 0.3, np.nan, B)
    X = exact.program(A, penalty=penalty).solve(Sparse(B))
    for j, b in enumerate(B.T):
        known = ~np.isnan(b)
        np.testing.assert_allclose(X[:, [j]], _reference(A[known], b[known, None], penalty), **CLOSE)


def test_the_squared_error_is_that_of_the_fit_alone(exact, problem, penalty):
    A, B = problem
    programmed = exact.program(A, penalty=penalty)
    X = programmed.solve(B)
    assert programmed.squared_error(B, X) == pytest.approx(np.sum((A @ X - B) ** 2))


def test_with_nothing_known_a_ridge_gives_its_prior(exact, problem):
    A, _ = problem
    prior = np.linspace(0.5, 2, K)
    X = exact.program(A, penalty=Penalty(l2=0.3, prior=prior)).solve(Sparse(np.full((14, 2), np.nan)))
    np.testing.assert_allclose(X, np.stack([prior, prior], axis=1), rtol=1e-6)


def test_a_price_high_enough_empties_the_answer(exact, problem):
    A, B = problem
    assert not exact.program(A, penalty=Penalty(l1=float((A.T @ B).max()) * 1.01)).solve(B).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_penalties_keep_the_precision(exact, problem, penalty, dtype):
    A, B = (part.astype(dtype) for part in problem)
    assert exact.program(A, penalty=penalty).solve(B).dtype == dtype


@pytest.mark.parametrize(
    ("field", "value", "kind", "says"),
    [
        ("l2", -1.0, ValueError, "l2 .*-1"),
        ("l2", np.array([1.0, -1.0]), ValueError, "l2 .*-1"),
        ("l2", np.nan, ValueError, "l2 .*nan"),
        ("l2", "much", TypeError, "l2 .*"),
        ("prior", -0.5, ValueError, "prior .*-0.5"),
        ("prior", np.inf, ValueError, "prior .*inf"),
        ("l1", -1.0, ValueError, "l1 .*-1"),
        ("l1", np.nan, ValueError, "l1 .*nan"),
    ],
)
def test_a_penalty_that_is_none_is_named(field, value, kind, says):
    with pytest.raises(kind, match=says):
        Penalty(**{field: value})


def test_a_penalty_for_another_number_of_columns_is_named(exact, problem):
    with pytest.raises(ValueError, match=r"l2 .*5.*3"):
        exact.program(problem[0], penalty=Penalty(l2=np.ones(3)))
    with pytest.raises(ValueError, match=r"prior .*5.*3"):
        exact.program(problem[0], penalty=Penalty(l2=1.0, prior=np.ones(3)))
