"""Non-negative CP, against numpy's sums, the conditions for a minimum, and planted factors."""

import numpy as np
import pytest

from mho.nmf import CP


def _planted(shape, k, seed=0):
    rng = np.random.default_rng(seed)
    factors = [rng.gamma(1.0, size=(n, k)) for n in shape]
    letters = "abcd"[: len(shape)]
    return np.einsum(",".join(f"{x}r" for x in letters) + f"->{letters}", *factors), factors


@pytest.mark.parametrize("shape", [(8, 7, 6), (3, 4, 5, 6), (40, 3, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_planted_factors_are_found(shape, dtype):
    X, planted = _planted(shape, 2)
    model = CP(2, max_iter=400, tol=0, random_state=0).fit(X.astype(dtype))
    assert model.reconstruction_err_ < (2e-3 if dtype == np.float32 else 1e-4)
    for found, true in zip(model.factors_, planted, strict=True):
        cosine = (found.T @ true) / np.outer(np.linalg.norm(found, axis=0), np.linalg.norm(true, axis=0))
        assert cosine.max(axis=0).min() > 0.999
        assert found.dtype == dtype


def test_the_error_is_that_of_the_tensor_that_is_made_and_ends_at_a_minimum():
    X = _planted((9, 8, 7), 3)[0] * np.random.default_rng(1).gamma(10, 0.1, (9, 8, 7))
    model = CP(3, max_iter=2000, tol=0, random_state=0).fit(X)
    a, b, c = model.factors_
    made = np.einsum("ir,jr,lr->ijl", a, b, c)
    np.testing.assert_allclose(model.inverse_transform(), made)
    left = made - X
    assert model.reconstruction_err_ == pytest.approx(np.linalg.norm(left) / np.linalg.norm(X), rel=1e-6)
    for sums, factor in zip(("ijl,jr,lr->ir", "ijl,ir,lr->jr", "ijl,ir,jr->lr"), model.factors_, strict=True):
        others = [one for one in model.factors_ if one is not factor]
        slope, size = np.einsum(sums, left, *others), np.einsum(sums, X, *others)
        assert (slope / size).min() > -1e-4
        assert np.abs(slope * factor).sum() < 1e-4 * np.abs(size * factor).sum()
    np.testing.assert_allclose([b.sum(axis=0), c.sum(axis=0)], 1)
    assert np.diff([row["error"] for row in model.history_]).max() < 1e-12


def test_a_tensor_that_is_compressed_first_ends_at_a_minimum_of_its_own():
    X = _planted((52, 4, 56), 2)[0] * np.random.default_rng(1).gamma(4, 0.25, (52, 4, 56))
    model = CP(2, max_iter=300, tol=1e-9, random_state=0).fit(X)
    left = model.inverse_transform() - X
    assert model.reconstruction_err_ == pytest.approx(np.linalg.norm(left) / np.linalg.norm(X), rel=1e-6)
    a, b, c = model.factors_
    for sums, others, factor in zip(
        ("jr,lr->ir", "ir,lr->jr", "ir,jr->lr"), ((b, c), (a, c), (a, b)), (a, b, c), strict=True
    ):
        slope, size = np.einsum("ijl," + sums, left, *others), np.einsum("ijl," + sums, X, *others)
        assert np.abs(slope * factor).sum() < 1e-4 * np.abs(size * factor).sum()
    assert model.n_iter_ < 300


def test_factors_may_be_given():
    X, planted = _planted((5, 4, 3), 2)
    model = CP(2, max_iter=1).fit(X, factors=planted)
    assert model.reconstruction_err_ < 1e-6
    assert model.n_iter_ == 1


@pytest.mark.parametrize(
    ("X", "settings", "says"),
    [
        (np.ones((3, 3)), {}, "X must have three modes or more, got shape"),
        (np.ones((3, 0, 3)), {}, "X must have entries"),
        (np.zeros((3, 3, 3)), {}, "X must have an entry above zero"),
        (-np.ones((3, 3, 3)), {}, "X .*negative"),
        (np.full((3, 3, 3), np.nan), {}, "X contains NaN"),
        (np.ones((3, 3, 3)), {"n_components": 0}, "n_components must be at least 1"),
    ],
)
def test_bad_input_is_told_in_a_sentence(X, settings, says):
    with pytest.raises(ValueError, match=says):
        CP(**settings).fit(X)


def test_other_factors_are_refused():
    with pytest.raises(ValueError, match="factors must be of 3 modes"):
        CP(2).fit(np.ones((3, 3, 3)), factors=[np.ones((3, 2))] * 2)
