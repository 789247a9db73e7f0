import numpy as np
import pytest
import scipy.sparse as sp

from mho import NMF

X = np.random.default_rng(0).random((6, 5)) + 0.1
NAN, INFINITE, NEGATIVE = (X.copy() for _ in range(3))
NAN[2, 3], INFINITE[2, 3], NEGATIVE[2, 3] = np.nan, np.inf, -2.5
W, H = np.ones((6, 2)), np.ones((2, 5))


def _no_work(record):
    pytest.fail("an iteration was done before the argument was refused")


@pytest.mark.parametrize(
    ("given", "options", "kind", "says"),
    [
        (NEGATIVE, {}, ValueError, "X .*negative .*-2.5"),
        (sp.csr_array(NEGATIVE), {}, ValueError, "X .*negative .*-2.5"),
        (NEGATIVE, {"missing": "nan"}, ValueError, "X .*negative .*-2.5"),
        (INFINITE, {}, ValueError, "X contains an infinite entry"),
        (INFINITE, {"missing": "nan"}, ValueError, "X contains an infinite entry"),
        (sp.csr_array(INFINITE), {"missing": "unstored"}, ValueError, "X contains an infinite entry"),
        (NAN, {}, ValueError, "X contains NaN; .*missing='nan'"),
        (sp.csr_array(NAN), {}, ValueError, "X contains NaN"),
        (NAN, {"missing": "unstored"}, TypeError, "missing='unstored' is for a sparse X, got ndarray; .*NaN"),
        (sp.csr_array(X), {"missing": "nan"}, TypeError, "missing='nan' is for a dense X.*missing='unstored'"),
        (X[0], {}, ValueError, "Expected 2D array, got 1D"),
        (X[:, :, None], {}, ValueError, "dim 3"),
        (np.empty((0, 4)), {}, ValueError, r"0 sample\(s\)"),
        (np.empty((4, 0)), {}, ValueError, r"0 feature\(s\)"),
        (X + 1j, {}, ValueError, "Complex data not supported"),
        ([["a", "b"], ["c", "d"]], {}, ValueError, "could not convert string to float"),
        ([[1.0], [1.0, 2.0]], {}, ValueError, "inhomogeneous"),
        (
            X,
            {"n_components": 0},
            ValueError,
            r"n_components must be at least 1 and at most 6 \(the larger side of X\), got 0",
        ),
        (X, {"n_components": 7}, ValueError, "n_components must be at least 1 and at most 6 .*, got 7"),
        (X, {"n_components": 2.0}, TypeError, "n_components must be a whole number, got 2.0"),
        (X, {"n_components": True}, TypeError, "n_components must be a whole number, got True"),
        (X, {"n_components": "many"}, ValueError, "n_components must be .*'auto'.*, got 'many'"),
        (
            X,
            {"engine": "gpu"},
            ValueError,
            "engine must be one of 'digital', 'analog', 'hybrid', 'refined', 'torch' or an Engine, got 'gpu'",
        ),
        (X, {"init": "zeros"}, ValueError, "init must be one of 'auto', .*, got 'zeros'"),
        (X, {"init": "custom"}, ValueError, "init='custom' starts from the factors given to fit"),
        (X, {"init": "nndsvd", "n_components": 6}, ValueError, "init='nndsvd' .*5.*, got 6.*'random'"),
        (NAN, {"init": "nndsvd", "missing": "nan"}, ValueError, "init='nndsvd' .*every entry.*'random'"),
        (X, {"missing": "zero"}, ValueError, "missing must be one of None, 'nan', 'unstored', got 'zero'"),
        (X, {"missing": np.nan}, ValueError, "missing must be one of .*, got nan"),
        (X, {"max_iter": 0}, ValueError, "max_iter must be at least 1, got 0"),
        (X, {"max_iter": 1.5}, TypeError, "max_iter must be a whole number, got 1.5"),
        (X, {"tol": -1.0}, ValueError, r"tol must be finite and at least 0, got -1\.0"),
        (X, {"tol": "small"}, TypeError, "tol must be a number, got 'small'"),
        (X, {"l1_W": -1.0}, ValueError, r"l1_W must be finite and at least 0, got -1\.0"),
        (X, {"l2_H": np.inf}, ValueError, "l2_H must be finite and at least 0, got inf"),
        (X, {"l2_W": "a"}, TypeError, "l2_W must be a number, got 'a'"),
        (X, {"random_state": "a"}, ValueError, "'a' cannot be used to seed"),
        (X, {"callback": 3}, TypeError, "callback must be callable.*got 3"),
    ],
)
def test_a_bad_argument_is_named_before_any_work(given, options, kind, says):
    with pytest.raises(kind, match=says):
        NMF(**({"n_components": 2, "callback": _no_work} | options)).fit(given)


@pytest.mark.parametrize(
    ("start", "kind", "says"),
    [
        (
            {"W": W[:, :1], "H": H},
            ValueError,
            r"W must have shape \(6, 2\), got \(6, 1\)",
        ),
        ({"W": W, "H": H.T}, ValueError, r"H must have shape \(2, 5\), got \(5, 2\)"),
        ({"W": -W, "H": H}, ValueError, "W contains a negative entry"),
        ({"W": W, "H": H * np.nan}, ValueError, "H contains NaN"),
        ({"W": W, "H": "h"}, TypeError, "H must hold real numbers"),
        ({"W": sp.csr_array(W), "H": H}, TypeError, "W must be dense"),
    ],
)
def test_bad_factors_to_start_from_are_named(start, kind, says):
    with pytest.raises(kind, match=says):
        NMF(2, callback=_no_work).fit(X, **start)


def test_an_unknown_start_is_refused_even_if_it_is_not_needed():
    with pytest.raises(ValueError, match="init must be one of"):
        NMF(2, init="zeros", callback=_no_work).fit(X, W=W, H=H)


def test_nan_in_start_factors_is_not_answered_with_advice_about_missing_entries():
    with pytest.raises(ValueError, match="W contains NaN") as caught:
        NMF(2).fit(X, W=W * np.nan, H=H)
    assert "missing" not in str(caught.value)


def test_a_mask_is_not_lost():
    """A masked array says itself what is not known; reading the numbers under the mask would be wrong."""
    masked = np.ma.masked_array(X, mask=X > 0.5)
    with pytest.raises((TypeError, ValueError), match="mask"):
        NMF(2).fit(masked)


def test_settings_are_checked_when_fitted_not_when_made():
    NMF(-1, engine="gpu", init="zeros", tol="small")


@pytest.mark.parametrize(
    "form", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array, lambda X: np.repeat(X, 2, 1)[:, ::2]]
)
@pytest.mark.parametrize("engine", ["digital", "analog", "hybrid"])
def test_what_is_given_is_not_changed_and_may_be_read_only(form, engine):
    given, start = form(X), (W.copy(), H.copy())
    arrays = [given.data, given.indices, given.indptr] if sp.issparse(given) else [given]
    for array in (*arrays, *start):
        array.flags.writeable = False
    before = [array.copy() for array in arrays]
    NMF(2, engine=engine, random_state=0, max_iter=3).fit(given).transform(given)
    NMF(2, engine=engine, random_state=0, max_iter=3).fit(given, W=start[0], H=start[1])
    for array, then in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, then)
