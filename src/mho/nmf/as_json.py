"""A fitted transform as JSON: the components and the settings by which `NMF.transform` works, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from mho import checks
from mho.data import DataError
from mho.nmf.estimator import NMF
from mho.nmf.multiplicative import general_loss
from mho.nmf.settings import loss_name, penalties_of

__all__ = ["from_json", "to_json"]

_FORMAT = "mho.NMF"
_VERSION = 1
_SETTINGS = (
    "loss",
    "loss_parameter",
    "missing",
    "l2_W",
    "l1_W",
    "l2_H",
    "l1_H",
    "alpha_W",
    "alpha_H",
    "l1_ratio",
    "l2_per",
    "upper_W",
)
"""Settings that `NMF.transform` and its checks read."""

_MOST_CHARACTERS = 1 << 30


def to_json(model: NMF) -> str:
    """Return JSON of a fitted transform, from which the same numbers come back.

    Parameters
    ----------
    model : NMF
        Fitted.

    Raises
    ------
    NotFittedError
        It is not.

    Examples
    --------
    >>> import numpy as np
    >>> import mho
    >>> from mho.nmf import from_json, to_json
    >>> X = np.random.default_rng(0).random((8, 5))
    >>> model = mho.NMF(2, random_state=0).fit(X)
    >>> again = from_json(to_json(model))
    >>> bool((again.transform(X) == model.transform(X)).all())
    True
    """
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(model, "components_")
    defaults = NMF().get_params()
    settings = {name: value for name in _SETTINGS if (value := _plain(getattr(model, name))) != defaults[name]}
    about: dict[str, Any] = {
        "format": _FORMAT,
        "version": _VERSION,
        "settings": settings,
        "dtype": str(model.components_.dtype),
        "components": model.components_.tolist(),
    }
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        about["feature_names"] = [str(name) for name in names]
    return json.dumps(about, allow_nan=False)


def from_json(text: str) -> NMF:
    """Return a fitted model that transforms as the one that `to_json` was given.

    Parameters
    ----------
    text : str
        What `to_json` returned; anybody may have written it.

    Raises
    ------
    DataError
        It is not that.

    Examples
    --------
    >>> from mho.nmf import from_json
    >>> text = '{"format": "mho.NMF", "version": 1, "settings": {}, "dtype": "float64", "components": [[1.0, 1.0]]}'
    >>> from_json(text).transform([[2.0, 4.0]])
    array([[3.]])
    """
    about = _parsed(text)
    try:
        checks.one_of(about.get("dtype"), "dtype", ("float32", "float64"))
        H = _components(about.get("components"), about["dtype"])
        model = NMF(len(H), **_settings(about.get("settings")))
        names = about.get("feature_names")
        if names is not None:
            _check_names(names, H.shape[1])
        _check_settings(model, H)
    except (OverflowError, TypeError, ValueError) as error:
        raise DataError(f"text is no fitted transform of mho's: {error}") from None
    return _fitted(model, H, names)


def _parsed(text: str) -> dict[str, Any]:
    if not isinstance(text, str):
        raise TypeError(f"text must be what to_json returned, a str, got {type(text).__name__}")
    if len(text) > _MOST_CHARACTERS:
        raise DataError(f"text must have at most {_MOST_CHARACTERS} characters, got {len(text)}")
    try:
        about = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"text is no JSON: {error}") from None
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise DataError(f"text is no fitted transform of mho's: it does not say format {_FORMAT!r}")
    if about.get("version") != _VERSION:
        raise DataError(f"text must have version {_VERSION}, got {about.get('version')!r}; a newer mho may read it")
    return about


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _components(given: Any, dtype: str) -> np.ndarray:
    values = np.asarray(given)
    if values.dtype.kind not in "iuf":
        raise ValueError(f"components must be rows of numbers, got {str(given)[:40]}")
    with np.errstate(over="ignore"):  # told as infinite below
        return checks.as_matrix(values.astype(dtype), "components")


def _check_names(names: Any, columns: int) -> None:
    if not (isinstance(names, list) and len(names) == columns and all(isinstance(name, str) for name in names)):
        raise ValueError(f"feature_names must be a list of {columns} strings, as many as components have columns")


def _settings(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ValueError(f"settings must be an object, got {given!r}")
    for name, value in given.items():
        if name not in _SETTINGS:
            raise ValueError(f"settings must be among {', '.join(_SETTINGS)}, got {name!r}")
        if not (value is None or type(value) in (str, int, float)):
            raise ValueError(f"{name} must be a number or a word, got {value!r}")
    return given


def _check_settings(model: NMF, H: np.ndarray) -> None:
    loss_name(model.loss)
    general_loss(model.loss, model.loss_parameter)
    checks.one_of(model.missing, "missing", (None, "nan", "unstored"))
    penalties_of(model, (1, H.shape[1]))
    if model.upper_W is not None:
        checks.positive_number(model.upper_W, "upper_W")


def _fitted(model: NMF, H: np.ndarray, names: list[str] | None) -> NMF:
    fitted: dict[str, Any] = {"components_": H, "n_components_": len(H), "n_features_in_": H.shape[1]}
    if names is not None:
        fitted["feature_names_in_"] = np.array(names, object)
    vars(model).update(fitted)
    return model
