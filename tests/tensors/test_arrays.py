"""Arrays of other libraries: taken, and given back in their kind; tables; a fitted transform as JSON."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from mho import NMF, nnls
from mho.data import DataError
from mho.nmf import fit_anndata, from_json, to_json, transform_anndata

RNG = np.random.default_rng(0)
A, B = RNG.random((12, 4)), RNG.standard_normal((12, 6))
X = RNG.random((15, 6))
ABSENT = "not installed: make test-torch"


def _strict():
    xp = pytest.importorskip("array_api_strict", reason=ABSENT)
    return lambda array: xp.asarray(array), lambda found: isinstance(found, type(xp.asarray(1.0)))


def _torch():
    torch = pytest.importorskip("torch", reason=ABSENT)
    return torch.tensor, torch.is_tensor


def _jax():
    jax = pytest.importorskip("jax", reason=ABSENT)
    return jax.numpy.asarray, lambda found: isinstance(found, jax.Array)


KINDS = {"array-api-strict": _strict, "torch": _torch, "jax": _jax}


@pytest.fixture(params=KINDS)
def kind(request):
    """How to make an array of another library, and how to know one."""
    return KINDS[request.param]()


def _close(found, meant):
    np.testing.assert_allclose(np.asarray(found), meant, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nnls_gives_an_array_of_the_kind_it_got(kind, dtype):
    make, known = kind
    left, right = A.astype(dtype), B.astype(dtype)
    for given in ((make(left), make(right)), (make(left), right), (left, make(right))):
        found = nnls(*given)
        assert known(found)
        _close(found, nnls(left, right))
    found, residual = nnls(make(left), make(right[:, 0]), return_residual=True)
    assert known(found)
    assert isinstance(residual, float)
    _close(found, nnls(left, right[:, 0]))


def test_an_estimator_gives_an_array_of_the_kind_it_got(kind):
    make, known = kind
    model = NMF(3, random_state=0, max_iter=20, tol=0)
    W = model.fit_transform(np.asarray(make(X)))  # JAX's default is single precision
    found = NMF(3, random_state=0, max_iter=20, tol=0).fit_transform(make(X))
    assert known(found)
    _close(found, W)
    assert known(model.transform(make(X)))
    _close(model.transform(make(X)), W)
    assert known(model.inverse_transform(make(W)))
    _close(model.inverse_transform(make(W)), W @ model.components_)


def test_the_standard_strictest_array_may_be_on_another_device():
    xp = pytest.importorskip("array_api_strict", reason=ABSENT)
    far = xp.asarray(A, device=xp.Device("device1"))
    with pytest.raises(TypeError, match="A must be in this computer's memory as numbers of NumPy's"):
        nnls(far, B)


def test_pipelines_and_tables_keep_working():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X, columns=list("abcdef"))
    steps = make_pipeline(FunctionTransformer(), NMF(3, random_state=0, max_iter=20, tol=0))
    W = steps.fit_transform(X)
    np.testing.assert_allclose(steps.fit_transform(table), W, rtol=1e-9)
    named = steps.set_output(transform="pandas").fit_transform(table)
    assert list(named.columns) == ["nmf0", "nmf1", "nmf2"]
    np.testing.assert_allclose(named.to_numpy(), W, rtol=1e-9)


def test_polars_in_and_out():
    polars = pytest.importorskip("polars", reason=ABSENT)
    model = NMF(3, random_state=0, max_iter=20, tol=0)
    W = model.fit_transform(X)
    named = model.set_output(transform="polars").fit_transform(polars.DataFrame(X, schema=list("abcdef")))
    assert isinstance(named, polars.DataFrame)
    np.testing.assert_allclose(named.to_numpy(), W, rtol=1e-9)
    np.testing.assert_allclose(nnls(polars.DataFrame(A), polars.DataFrame(B)), nnls(A, B), atol=1e-12)


def _annotated():
    return SimpleNamespace(X=X, obs=[], var=[], layers={"counts": 2 * X, "none": None}, obsm={}, varm={}, uns={})


def test_factors_are_written_beside_the_matrix_of_an_anndata():
    anndata = pytest.importorskip("anndata", reason=ABSENT)
    data = anndata.AnnData(X.astype(np.float32), layers={"counts": 2 * X})
    model = fit_anndata(NMF(3, random_state=0, max_iter=20, tol=0), data, layer="counts", key="parts")
    assert data.obsm["X_parts"].shape == (15, 3)
    np.testing.assert_array_equal(data.varm["parts"], model.components_.T)
    np.testing.assert_array_equal(data.obsm["X_parts"], model.transform(2 * X))
    assert data.uns["parts"]["layer"] == "counts"
    other = anndata.AnnData(X[:4].astype(np.float32))
    transform_anndata(model, other)
    np.testing.assert_allclose(other.obsm["X_nmf"], model.transform(X[:4]), rtol=1e-4, atol=1e-6)


def test_a_layer_that_is_not_there_is_named():
    data = _annotated()
    for layer, says in (("raw", "layer must be one of 'counts', 'none', got 'raw'"), ("none", "an AnnData without")):
        with pytest.raises(ValueError, match=says):
            fit_anndata(NMF(2), data, layer=layer)
    assert data.obsm == {}
    with pytest.raises(TypeError, match="data must be an AnnData, got ndarray"):
        fit_anndata(NMF(2), X)
    with pytest.raises(TypeError, match=r"X must be a matrix.*or the whole to mho\.nmf\.fit_anndata"):
        NMF(2).fit(data)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "settings", [{}, {"loss": "kullback-leibler", "l1_W": 0.1, "l1_H": 0.1}, {"missing": "nan"}, {"upper_W": 0.5}]
)
def test_a_transform_comes_back_from_json_to_the_last_bit(dtype, settings):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(X.astype(dtype), columns=list("abcdef"))
    model = NMF(3, random_state=0, max_iter=5, tol=0, **settings).fit(table)
    again = from_json(to_json(model))
    assert again.components_.dtype == dtype
    np.testing.assert_array_equal(again.transform(table), model.transform(table))
    assert list(again.get_feature_names_out()) == list(model.get_feature_names_out())
    assert list(again.feature_names_in_) == list("abcdef")


def test_settings_that_are_numbers_of_numpy_s_come_back_from_json():
    model = NMF(2, random_state=0, max_iter=5, tol=0, l2_W=np.float32(0.25), upper_W=np.int64(1)).fit(X)
    again = from_json(to_json(model))
    assert (again.l2_W, again.upper_W) == (0.25, 1)
    np.testing.assert_array_equal(again.transform(X), model.transform(X))


GOOD = {"format": "mho.NMF", "version": 1, "settings": {}, "dtype": "float64", "components": [[1.0, 2.0]]}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "text is no JSON"),
        ("[" * 100000, "text is no JSON"),
        ("[]", "does not say format 'mho.NMF'"),
        (json.dumps(GOOD | {"version": 9}), "version 1, got 9"),
        (json.dumps(GOOD | {"components": [[1.0], [1.0, 2.0]]}), "no fitted transform"),
        (json.dumps(GOOD | {"components": [[-1.0, 2.0]]}), "negative entry"),
        (json.dumps(GOOD | {"components": [[float("nan"), 2.0]]}), "contains NaN"),
        (json.dumps(GOOD | {"components": "many"}), "no fitted transform"),
        (json.dumps(GOOD | {"dtype": "object"}), "dtype must be one of"),
        (json.dumps(GOOD | {"settings": {"engine": "analog"}}), "settings must be among .*, got 'engine'"),
        (json.dumps(GOOD | {"settings": {"loss": ["x"]}}), "loss must be a number or a word"),
        (json.dumps(GOOD | {"settings": {"loss": "sums"}}), "no fitted transform"),
        (json.dumps(GOOD | {"settings": {"missing": "all"}}), "no fitted transform"),
        (json.dumps(GOOD | {"settings": {"l2_W": -1}}), "no fitted transform"),
        (json.dumps(GOOD | {"feature_names": ["a"]}), "feature_names must be a list of 2"),
        (json.dumps(GOOD | {"feature_names": [["a"], ["b"]]}), "feature_names must be a list of 2 strings"),
        (json.dumps(GOOD | {"components": [["1", "2"]]}), "components must be rows of numbers, got"),
        (json.dumps(GOOD | {"components": [[True, False]]}), "components must be rows of numbers"),
        (json.dumps(GOOD | {"components": [[1e39, 1.0]], "dtype": "float32"}), "infinite"),
    ],
)
def test_json_that_nobody_of_ours_wrote_is_refused(text, says):
    with pytest.raises(DataError, match=says):
        from_json(text)


def test_an_estimator_shows_its_settings_in_a_notebook():
    model = NMF(3, random_state=0, max_iter=5, tol=0, l2_W=0.25)
    page = model._repr_html_()
    assert "l2_W" in page
    assert "Not fitted" in page
    assert "Not fitted" not in model.fit(X)._repr_html_()
