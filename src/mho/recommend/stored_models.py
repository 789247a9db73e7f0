"""Models by the names and settings that files tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mho.data import DataError
from mho.recommend.implicit_model import ImplicitModel
from mho.recommend.mixed_model import MixedModel
from mho.recommend.mixed_rating_model import MixedRatingModel
from mho.recommend.model import Model
from mho.recommend.neighbour_model import NeighbourModel
from mho.recommend.rating_model import RatingModel

__all__ = ["fitted_model", "model_of"]

_MODELS = {
    model.__name__: model for model in (RatingModel, ImplicitModel, NeighbourModel, MixedModel, MixedRatingModel)
}
_PARTS = {
    ("MixedModel", "factors"): "ImplicitModel",
    ("MixedModel", "neighbours"): "NeighbourModel",
    ("MixedRatingModel", "factors"): "RatingModel",
}
"""Models that are settings of others."""


def fitted_model(path: Path, name: str, settings: dict[str, Any]) -> Model:
    """Return the model that was fitted, as `path` tells it by its `name` and `settings`."""
    if _is_open(settings):
        raise DataError(f"{path}: its model is none that was fitted")
    return model_of(name, settings)


def _is_open(settings: dict[str, Any]) -> bool:
    """Whether something of a model is not settled."""
    return None in settings.values() or any(_is_open(x) for x in settings.values() if isinstance(x, dict))


def model_of(name: str, settings: dict[str, Any]) -> Model:
    """Return the model with the `name` of its class and its `settings`; what early files do not tell was always so."""
    if name not in ("RatingModel", "ImplicitModel"):
        parts = {part: _PARTS[name, part] for part in settings if (name, part) in _PARTS}
        settings = settings | {part: model_of(kind, settings[part]) for part, kind in parts.items()}
        return _MODELS[name](**settings)
    early: dict[str, Any] = {"popularity": 0.0}
    if name == "ImplicitModel":
        early |= {"weighting": "linear", "least": 1.0, "typical": 1.0}
    return _MODELS[name](**early | settings)
