import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import nnls

from mho import NMF, Digital

ENGINES = ["digital", "hybrid"]


def _forms(X, known):
    return {"nan": np.where(known, X, np.nan), "unstored": _stored(X, known)}


def _stored(X, known):
    """Known zeros are stored too."""
    rows, columns = np.nonzero(known)
    return sp.coo_array((X[rows, columns], (rows, columns)), shape=X.shape).tocsr()


@pytest.fixture
def known():
    return np.random.default_rng(7).random((40, 30)) < 0.7


@pytest.fixture
def start():
    rng = np.random.default_rng(8)
    return {"W": rng.random((40, 4)), "H": rng.random((4, 30))}


@pytest.mark.parametrize("missing", ["nan", "unstored"])
def test_only_known_entries_count(X, known, start, missing):
    """What stands at an unknown place cannot matter, because it is nowhere; the gradient over the rest is zero."""
    model = NMF(4, missing=missing, tol=0, max_iter=4000).fit(_forms(X, known)[missing], **start)
    W, H = model.W_, model.components_
    residual = np.where(known, W @ H - X, 0)
    for factor, gradient in ((W, residual @ H.T), (H, W.T @ residual)):
        assert gradient.min() > -1e-4
        assert np.abs(factor * gradient).max() < 1e-4
    assert model.reconstruction_err_ == pytest.approx(np.linalg.norm(residual), rel=1e-6)
    assert model.history_[-1]["error"] == pytest.approx(np.linalg.norm(residual) / np.linalg.norm(X[known]), rel=1e-6)


@pytest.mark.parametrize("missing", ["nan", "unstored"])
def test_the_error_over_known_entries_never_rises(X, known, missing):
    model = NMF(4, missing=missing, random_state=0, tol=0, max_iter=80).fit(_forms(X, known)[missing])
    assert (np.diff([record["error"] for record in model.history_]) <= 1e-12).all()


def test_both_ways_to_mark_agree(X, known, start):
    X = np.where(X < 0.2, 0.0, X)  # known zeros
    models = [
        NMF(4, engine=Digital(sweeps=4), missing=how, tol=0, max_iter=30).fit(given, **start)
        for how, given in _forms(X, known).items()
    ]
    np.testing.assert_allclose(models[0].components_, models[1].components_, atol=1e-10)
    forms = list(_forms(X, known).values())
    np.testing.assert_allclose(models[0].transform(forms[0]), models[1].transform(forms[1]), atol=1e-10)
    seeded = [
        NMF(4, engine=Digital(sweeps=4), missing=how, random_state=0, max_iter=5).fit(given)
        for how, given in _forms(X, known).items()
    ]
    np.testing.assert_allclose(seeded[0].components_, seeded[1].components_, atol=1e-10)


def test_missing_nothing_is_the_plain_problem(X, start):
    plain = NMF(4, engine=Digital(sweeps=4), tol=0, max_iter=20).fit(X, **start)
    for missing, given in _forms(X, np.ones(X.shape, bool)).items():
        model = NMF(4, engine=Digital(sweeps=4), missing=missing, tol=0, max_iter=20).fit(given, **start)
        np.testing.assert_allclose(model.components_, plain.components_, atol=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
def test_planted_ratings_are_recovered_where_they_were_held_out(make_low_rank, engine):
    X, rng = make_low_rank(m=120, n=80, k=3, noise=0), np.random.default_rng(1)
    known = rng.random(X.shape) < 0.5
    model = NMF(3, engine=engine, missing="nan", random_state=0, tol=0, max_iter=600 if engine == "digital" else 100)
    model.fit(np.where(known, X, np.nan))
    held_out = ~known
    error = np.linalg.norm((model.W_ @ model.components_ - X)[held_out]) / np.linalg.norm(X[held_out])
    assert error < (0.02 if engine == "digital" else 0.1)


@pytest.mark.parametrize("engine", ENGINES)
def test_transform_fits_what_is_known_of_each_sample(X, known, engine):
    given = np.where(known, X, np.nan)
    model = NMF(4, engine=engine, missing="nan", random_state=0, max_iter=30).fit(given)
    H = model.components_
    expected = [nnls(H[:, on].T, x[on])[0] for x, on in zip(X, known, strict=True)]
    np.testing.assert_allclose(model.transform(given), expected, atol=1e-7)


def test_the_chip_leaves_missing_entries_out(X, known):
    """Word lines are switched off, so what a caller hides there cannot be seen in the answer."""
    model = NMF(4, engine="analog", missing="nan", random_state=0, max_iter=10).fit(np.where(known, X, np.nan))
    assert model.engine_.ledger().word_lines > 0
    assert model.history_[-1]["error"] < 0.5


def test_single_precision_with_missing_entries(X, known):
    for missing, given in _forms(X.astype(np.float32), known).items():
        model = NMF(4, missing=missing, random_state=0, max_iter=20).fit(given)
        assert model.components_.dtype == np.float32
        assert model.history_[-1]["error"] < 0.1


def test_a_new_sample_with_nothing_known_weighs_nothing(X, known):
    model = NMF(4, missing="nan", random_state=0, max_iter=10).fit(np.where(known, X, np.nan))
    new = np.where(known, X, np.nan)
    new[[3, 7]] = np.nan
    with pytest.warns(UserWarning, match="2 of 40 rows of X have no known entry; W is zero for them") as said:
        W = model.transform(new)
    assert len(said) == 1
    assert said[0].filename == __file__
    np.testing.assert_array_equal(W[[3, 7]], 0)


def test_a_ridge_for_every_known_entry_is_one_that_grows_with_the_row():
    """Against the same problem solved row by row with a ridge of its own."""
    rng = np.random.default_rng(5)
    X, known = rng.random((20, 15)) + 0.1, rng.random((20, 15)) < 0.6
    given = np.where(known, X, np.nan)
    model = NMF(3, missing="nan", l2_W=0.05, l2_H=0.05, l2_per="known", random_state=0, tol=0, max_iter=3000).fit(given)
    W = model.transform(given)
    for i, row in enumerate(known):
        A = np.vstack([model.components_.T[row], np.sqrt(0.05 * row.sum()) * np.eye(3)])
        np.testing.assert_allclose(W[i], nnls(A, np.concatenate([X[i, row], np.zeros(3)]))[0], atol=1e-9)
    np.testing.assert_allclose(model.W_, W, atol=1e-5)
