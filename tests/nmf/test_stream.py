import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.decomposition import MiniBatchNMF

from mho import NMF


def error(X, model):
    return np.linalg.norm(X - model.transform(X) @ model.components_) / np.linalg.norm(X)


def batches(X, size=25):
    return (X[i : i + size] for i in range(0, X.shape[0], size))


@pytest.fixture
def long(make_low_rank):
    return make_low_rank(m=400, n=30, k=4, noise=0.05)


@pytest.mark.parametrize("make", [np.asarray, np.asfortranarray, sp.csr_array])
def test_a_stream_comes_nearer_to_all_rows_at_once_than_scikit_learn_does(long, make):
    stream, peer = NMF(4, random_state=0), MiniBatchNMF(4, random_state=0, batch_size=25)
    for _ in range(5):
        for part in batches(make(long)):
            stream.partial_fit(part)
        for part in batches(long):
            peer.partial_fit(part)
    theirs = np.linalg.norm(long - peer.transform(long) @ peer.components_) / np.linalg.norm(long)
    assert error(long, stream) < 0.8 * theirs
    assert error(long, stream) < 1.5 * error(long, NMF(4, random_state=0, max_iter=500).fit(long))


def test_more_rows_are_better(long):
    model, errors = NMF(4, random_state=0), []
    for part in batches(long):
        errors.append(error(long, model.partial_fit(part)))
    assert errors[-1] < 0.8 * errors[0]


def test_only_sums_of_earlier_rows_are_kept(long):
    model = NMF(4, random_state=0)
    for part in batches(long):
        model.partial_fit(part)
    assert model.W_.shape == (25, 4)
    kept = [v for v in vars(model._stream).values() if isinstance(v, np.ndarray)]
    assert sum(v.size for v in kept) == 4 * 30 * 2 + 4 * 4
    assert model._stream.rows == 400


def test_precision_is_kept(long):
    model = NMF(4, random_state=0).partial_fit(long.astype(np.float32))
    assert model.components_.dtype == model.transform(long.astype(np.float32)).dtype == np.float32
    with pytest.raises(ValueError, match="X must stay float32 from one part to the next, got float64"):
        model.partial_fit(long)


def test_fit_begins_anew(long):
    model = NMF(4, random_state=0, max_iter=20).partial_fit(long[:50])
    fitted = model.fit(long).components_
    np.testing.assert_array_equal(fitted, NMF(4, random_state=0, max_iter=20).fit(long).components_)


@pytest.mark.parametrize("make", [np.asarray, sp.csr_array])
def test_rows_after_a_fit_are_taken_in_beside_those_of_the_fit(long, make):
    """A fresh start would know one row alone; all rows together are what is to be fitted."""
    first, rest = make(long[:300]), make(long[300:])
    model = NMF(4, random_state=0, max_iter=300).fit(first)
    before = error(long[:300], model)
    for i in range(100):
        model.partial_fit(rest[i : i + 1])
    assert error(long[:300], model) < 1.02 * before
    assert error(long[300:], model) < 1.05 * error(long[300:], NMF(4, random_state=0, max_iter=300).fit(make(long)))
    assert model._stream.rows == 400


def test_a_fit_with_weights_cannot_be_gone_on_from(long):
    model = NMF(4, random_state=0, max_iter=5).fit(long, weights=np.ones(long.shape))
    with pytest.raises(ValueError, match="weights were given to fit, and partial_fit knows of none"):
        model.partial_fit(long)


def test_what_is_set_between_two_parts_counts_or_is_refused(long):
    model = NMF(4, random_state=0).partial_fit(long[:200])
    with pytest.raises(ValueError, match="n_components must stay 4 from one part to the next, got 5"):
        model.set_params(n_components=5).partial_fit(long[200:])
    model.set_params(n_components=4, l1_H=1e9).partial_fit(long[200:])
    assert not model.components_.any()


def test_what_a_stream_cannot_do_is_said(long):
    with pytest.raises(AttributeError, match="partial_fit") as caught:
        NMF(4, engine="analog").partial_fit(long)
    assert "partial_fit takes engine='digital'" in str(caught.value.__cause__)


def test_another_number_of_features_is_refused(long):
    with pytest.raises(ValueError, match="features"):
        NMF(4, random_state=0).partial_fit(long).partial_fit(long[:, :20])
