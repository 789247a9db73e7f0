"""The universal dictionary and the models of luma and chroma that mho ships with."""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files

import numpy as np

from mho.image.codec.dictionary import Dictionary
from mho.image.codec.model import Model

__all__ = ["models", "universal_dictionary"]


_FILES = {1: "universal.npz", 2: "weighted.npz"}
"""Of each version of the file format."""


@cache
def _stored(version: int) -> dict[str, np.ndarray]:
    data = (files("mho.image.codec") / "files" / _FILES[version]).read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        return dict(stored)


@cache
def universal_dictionary(version: int = 2) -> Dictionary:
    """Return the dictionary of files that do not bring their own: products of cosines on cells of 16 levels.

    Its atoms share 96 columns; the flat one has none. In version 2 an atom is worth the more the higher its frequency
    is, so that with one step for all codes those of high frequencies are coarser.

    Parameters
    ----------
    version : int
        Of the file format.
    """
    stored = _stored(1)
    positive, negative = (stored[name].astype(np.float64) for name in ("positive", "negative"))
    scale = _stored(version)["scale"].astype(np.float64)
    return Dictionary(positive, negative, scale, columns=stored["columns"].astype(int))


@cache
def models(version: int = 2) -> tuple[Model, Model, Model]:
    """Return the models of Y, Cb and Cr.

    Parameters
    ----------
    version : int
        Of the file format.
    """
    luma, chroma = (Model(**_fields(kind, version)) for kind in ("luma", "chroma"))
    return luma, chroma, chroma


def _fields(kind: str, version: int) -> dict[str, np.ndarray]:
    """Weights as float32, which the products want, and counts as they are."""
    prefix = f"{kind}_"
    fields = {name.removeprefix(prefix): a for name, a in _stored(version).items() if name.startswith(prefix)}
    return {name: a.astype(np.float32) if a.dtype == np.uint8 else a for name, a in fields.items()}
