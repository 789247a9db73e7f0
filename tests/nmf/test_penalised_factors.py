import numpy as np
import pytest
from scipy.optimize import nnls

from mho import NMF


def _fit(X, **penalty):
    return NMF(4, random_state=0, tol=0, max_iter=2000, **penalty).fit(X)


@pytest.mark.parametrize(
    "penalty", [{"l2_W": 1.0, "l2_H": 1.0}, {"l1_W": 0.3, "l1_H": 0.3}, {"l1_W": 0.3, "l2_H": 0.7}]
)
def test_at_rest_the_conditions_of_the_penalised_problem_hold(X, penalty):
    model = _fit(X, **penalty)
    W, H = model.W_, model.components_
    gradient_W = (W @ H - X) @ H.T + model.l2_W * W + model.l1_W
    gradient_H = W.T @ (W @ H - X) + model.l2_H * H + model.l1_H
    for factor, gradient in ((W, gradient_W), (H, gradient_H)):
        assert gradient.min() > -1e-3
        assert np.abs(factor * gradient).max() < 1e-3


def test_a_ridge_makes_factors_smaller(X):
    norms = [np.sum(m.W_**2) + np.sum(m.components_**2) for m in (_fit(X, l2_W=c, l2_H=c) for c in (0.01, 1.0, 3.0))]
    assert norms[0] > norms[1] > norms[2]


def test_a_price_makes_factors_sparse(X):
    zeros = [
        np.mean(m.W_ == 0) + np.mean(m.components_ == 0) for m in (_fit(X, l1_W=c, l1_H=c) for c in (0.0, 0.5, 1.5))
    ]
    assert zeros[0] < zeros[1] < zeros[2]


def test_a_price_too_high_leaves_nothing(X):
    model = _fit(X, l1_W=1e4, l1_H=1e4)
    assert not model.W_.any()
    assert not model.components_.any()
    assert model.history_[-1]["error"] == pytest.approx(1.0)


def test_transform_pays_for_w_and_not_for_h(X):
    model = _fit(X, l2_W=0.5, l2_H=3.0)
    H = model.components_
    rows, targets = np.vstack([H.T, np.sqrt(0.5) * np.eye(4)]), np.hstack([X, np.zeros((40, 4))])
    np.testing.assert_allclose(model.transform(X), [nnls(rows, x)[0] for x in targets], atol=1e-9)


def test_single_precision_pays_alike(X):
    double, single = _fit(X, l1_W=0.3, l1_H=0.3), _fit(X.astype(np.float32), l1_W=0.3, l1_H=0.3)
    assert single.reconstruction_err_ == pytest.approx(double.reconstruction_err_, rel=1e-3)


@pytest.mark.parametrize("engine", ["analog", "hybrid"])
def test_a_chip_takes_penalties(X, engine):
    free, priced = (NMF(4, engine=engine, random_state=0, max_iter=10, l2_W=c, l2_H=c).fit(X) for c in (0.0, 5.0))
    assert np.sum(priced.W_**2) * np.sum(priced.components_**2) < np.sum(free.W_**2) * np.sum(free.components_**2)
