"""A fitted recommender in numpy's .npz format: arrays and one line of JSON, no code."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from mho import checks
from mho.data import DataError
from mho.data.errors import damaged
from mho.data.sealed_npz import Archive, read_archive, write_archive
from mho.recommend.fitted import Fitted
from mho.recommend.interactions import Interactions
from mho.recommend.labels import Labels
from mho.recommend.model import Side
from mho.recommend.stored_models import fitted_model

__all__ = ["read", "write"]

_FORMAT, _UNSEALED, _WITH_WEIGHTS = "mho recommender 2", "mho recommender 1", "mho recommender 3"


def write(path: str | os.PathLike[str], fitted: Fitted, history: list[dict[str, Any]]) -> None:
    """See `Recommender.save`."""
    table = fitted.table
    for labels in (table.users, table.items):
        if labels.known.dtype.kind == "O":
            raise TypeError(f"{labels.name} must be numbers, text or times to be saved, got objects")
    about = {
        "format": _FORMAT if fitted.weights is None else _WITH_WEIGHTS,
        "model": type(fitted.model).__name__,
        "settings": asdict(fitted.model),  # pyright: ignore[reportArgumentType]
        "unit": fitted.unit,
        "shape": table.known.shape,
        "columns": table.columns,
        "history": history,
    }
    arrays = {
        "user_ids": table.users.known,
        "item_ids": table.items.known,
        "user_rows": fitted.users.rows,
        "item_rows": fitted.items.rows,
        "prior": fitted.prior,
        "values": table.known.data,
        "columns": table.known.indices,
        "pointers": table.known.indptr,
    }
    if fitted.weights is not None:
        arrays |= _stored("weight", fitted.weights)
    if fitted.features is not None:
        about["features"] = fitted.features.shape[1]
        arrays |= _stored("feature", fitted.features)
    write_archive(path, about, arrays)


def _stored(name: str, matrix: Any) -> dict[str, Any]:
    return {f"{name}s": matrix.data, f"{name}_columns": matrix.indices, f"{name}_pointers": matrix.indptr}


def read(path: str | os.PathLike[str]) -> tuple[Fitted, list[dict[str, Any]]]:
    """See `Recommender.load`."""
    path = Path(path)
    # An array of another type or shape than a fit gives can fail anywhere.
    if path.is_dir():
        with damaged(path, Exception):
            return _checked(path, *_read_folder(path))
    with read_archive(path, "a recommender") as archive:
        return _checked(path, *_fitted(path, archive))


def _checked(path: Path, fitted: Fitted, history: Any) -> tuple[Fitted, list[dict[str, Any]]]:
    _check(path, fitted)
    if not (isinstance(history, list) and all(map(_is_record, history))):
        raise DataError(f"{path}: its history is none")
    return fitted, history


def _read_folder(path: Path) -> tuple[Fitted, list[dict[str, Any]]]:
    from mho.recommend.distributed.fit_folder import read_fit  # which needs what Recommender.load does not

    return read_fit(path)


def _fitted(path: Path, archive: Archive) -> tuple[Fitted, Any]:
    about, file = archive.about, archive.arrays
    if about["format"] not in (_FORMAT, _UNSEALED, _WITH_WEIGHTS):
        raise DataError(f"{path}: is not a recommender of this version, but {about['format']!r}")
    if not archive.sealed and (about["format"] != _UNSEALED or file.zip.comment):
        raise DataError(f"{path}: is damaged: its checksum is gone")
    entries = file["values"], file["columns"], file["pointers"]
    known: Any = sp.csr_array(entries, shape=tuple(about["shape"]))
    checks.sparse_format(known)
    labels = Labels(file["user_ids"], "users"), Labels(file["item_ids"], "items")
    table = Interactions(*labels, known, tuple(map(str, about.get("columns", ()))))
    model = fitted_model(path, about["model"], about["settings"])
    sides = Side(file["user_rows"]), Side(file["item_rows"])
    n = known.shape[1]
    weights = _sparse("weight", file, (n, n)) if about["format"] == _WITH_WEIGHTS else None
    features = _sparse("feature", file, (n, int(about["features"]))) if "features" in about else None
    return Fitted(model, table, *sides, file["prior"], float(about["unit"]), weights, features), about["history"]


def _sparse(name: str, file: Any, shape: tuple[int, int]) -> Any:
    found = sp.csr_array((file[f"{name}s"], file[f"{name}_columns"], file[f"{name}_pointers"]), shape=shape)
    checks.sparse_format(found)
    return found


def _check(path: Path, fitted: Fitted) -> None:
    """Refuse arrays that do not go together, or hold what no fit gives."""
    c = len(fitted.prior)
    sizes = [(fitted.users, fitted.table.users), (fitted.items, fitted.table.items)]
    shapes = [side.rows.shape == (len(labels), c) for side, labels in sizes]
    shapes.append(fitted.table.known.shape == (len(fitted.users), len(fitted.items)))
    if not all(shapes):
        raise DataError(f"{path}: its factors, ids and table do not go together")
    unit = np.array([fitted.unit])
    sparse = (x.data for x in (fitted.weights, fitted.features) if x is not None)
    for numbers in (fitted.users.rows, fitted.items.rows, fitted.prior, fitted.table.known.data, unit, *sparse):
        if numbers.dtype not in (np.float32, np.float64):
            raise DataError(f"{path}: every number must be float32 or float64, got {numbers.dtype}")
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < np.inf:  # without a copy: they may be on disk
            raise DataError(f"{path}: every number must be finite and >= 0")
    if fitted.unit == 0:
        raise DataError(f"{path}: its unit must be above 0")
    for _, labels in sizes:
        if not _are_ids(labels.known):
            raise DataError(f"{path}: its {labels.name} must be numbers, text or times")
        if labels.known.ndim != 1 or len(np.unique(labels.known)) < len(labels):
            raise DataError(f"{path}: its {labels.name} must be one column of ids, each once")


def _are_ids(ids: np.ndarray) -> bool:
    """Whether an array can be what a fit keeps: text has no characters that there are not."""
    if ids.dtype.kind == "U":
        return not ids.size or int(np.ascontiguousarray(ids).view(ids.dtype.byteorder + "u4").max()) <= sys.maxunicode
    return ids.dtype.kind in "biufSmM"


def _is_record(record: Any) -> bool:
    numbers = [record.get(name) for name in ("iteration", "seconds")] if isinstance(record, dict) else [None]
    return all(isinstance(x, int | float) for x in numbers)
