"""A start sought on a sample of the longer side, where most entries are missing."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp

from mho import NMF

M, N, K, KNOWN = 900, 60, 4, 18_000
SETTINGS = {"missing": "unstored", "tol": 0, "l2_W": 0.01, "l2_H": 0.01, "l2_per": "known"}


@pytest.fixture(scope="module")
def ratings():
    """Planted factors of rank 4 and noise: known entries to fit and others to ask about."""
    rng = np.random.default_rng(2)
    W, H = rng.gamma(0.6, size=(M, K)), rng.gamma(0.6, size=(K, N))
    places = rng.permutation(M * N)[: 2 * KNOWN]
    rows, columns = np.divmod(places, N)
    values = np.maximum(0, (W @ H)[rows, columns] + 0.1 * rng.standard_normal(2 * KNOWN))
    known = sp.coo_array((values[:KNOWN], (rows[:KNOWN], columns[:KNOWN])), shape=(M, N)).tocsr()
    return known, (rows[KNOWN:], columns[KNOWN:], values[KNOWN:])


def _held_out(model, asked):
    rows, columns, values = asked
    return np.sqrt(np.mean((np.einsum("ek,ke->e", model.W_[rows], model.components_[:, columns]) - values) ** 2))


def test_auto_takes_it_where_a_sample_knows_enough(ratings):
    known, _ = ratings
    model = NMF(K, max_iter=1, **SETTINGS).fit(known)
    assert model.algorithm_.startswith("sampled")
    assert "10% of the longer side" in model.algorithm_
    assert NMF(3 * K, max_iter=1, **SETTINGS).fit(known).algorithm_.startswith("hals")
    assert NMF(K, max_iter=1, **SETTINGS).fit(known, W=model.W_, H=model.components_).algorithm_.startswith("hals")


def test_it_is_ahead_of_as_many_iterations_on_everything(ratings):
    known, asked = ratings
    sampled, plain = (
        [_held_out(NMF(K, algorithm=name, max_iter=n, random_state=0, **SETTINGS).fit(known), asked) for n in (2, 200)]
        for name in ("sampled", "hals")
    )
    assert sampled[0] < 0.8 * plain[0]
    assert sampled[1] == pytest.approx(plain[1], rel=0.02)


@pytest.mark.parametrize("turned", [False, True])
def test_the_objective_falls_from_it_on(ratings, turned):
    known = ratings[0].T.tocsr() if turned else ratings[0]
    model = NMF(K, algorithm="sampled", max_iter=12, random_state=0, missing="unstored", tol=0).fit(known)
    errors = [record["error"] for record in model.history_]
    assert all(after <= before * (1 + 1e-9) for before, after in itertools.pairwise(errors))
    assert model.W_.shape == (known.shape[0], K)


def test_what_has_no_known_entry_above_zero_is_zero(ratings):
    known = ratings[0].tolil()
    known[5], known[:, 7] = 0, 0
    with pytest.warns(UserWarning, match="1 rows and 1 columns"):
        model = NMF(K, algorithm="sampled", max_iter=3, missing="unstored", tol=0).fit(known.tocsr())
    assert not model.W_[5].any()
    assert not model.components_[:, 7].any()


def test_it_needs_missing_entries(ratings):
    with pytest.raises(ValueError, match="algorithm='sampled' needs an X with missing entries; use 'auto'"):
        NMF(K, algorithm="sampled").fit(ratings[0])
