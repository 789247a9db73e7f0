"""A fit in a folder as a recommender knows it: factors in memory, ratings mapped from disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mho import checks
from mho.data import DataError
from mho.data.errors import damaged
from mho.recommend.distributed.block_step import read_rows
from mho.recommend.distributed.block_table import BlockTable
from mho.recommend.distributed.fit_state import FitState
from mho.recommend.distributed.weight_step import read_weights
from mho.recommend.fitted import Fitted
from mho.recommend.interactions import Interactions
from mho.recommend.labels import Labels
from mho.recommend.model import Side
from mho.recommend.rating_model import RatingModel
from mho.recommend.stored_models import fitted_model, model_of

__all__ = ["read_fit", "sides"]


def read_fit(folder: Path) -> tuple[Fitted, list[dict[str, Any]]]:
    """Return the last complete iteration of `OutOfCore` in `folder`, and its history.

    Raises
    ------
    DataError
        There is no fit, none of its iterations is complete, or it is damaged.
    """
    folder = folder.resolve()
    state = FitState.read(folder)
    asked = model_of(state.kind, state.model)
    whole = state.weights == max(1, state.items) if asked.has_weights else state.items > 0
    if not whole:
        raise DataError(f"{folder}: its fit has no complete iteration yet")
    with damaged(folder, OSError, ValueError, TypeError, EOFError):
        table = BlockTable.open(state.table_folder(folder))
        users, items = sides(state, folder, table)
        weights = read_weights(state.path(folder, "weights"), table.n_items) if asked.has_weights else None
        known = table.known()
        checks.sparse_format(known)
        labels = [Labels(ids, name) for ids, name in zip(table.ids, ("users", "items"), strict=True)]
        choosing = np.random.default_rng(state.random_state).spawn(1)[0]  # as `Fitted.start` does
        if isinstance(asked, RatingModel):
            model = asked.settled(known, state.n_components, choosing)
        else:
            model = fitted_model(folder, state.kind, state.settled)
    ratings = Interactions(labels[0], labels[1], known, table.columns)
    unit = 1.0 if model.choices else table.mean
    fitted = Fitted(model, ratings, users, items, model.prior(state.n_components), unit, weights)
    return fitted, list(state.history)


def sides(state: FitState, folder: Path, table: BlockTable) -> tuple[Side, Side]:
    """Return the rows of users and of items of a fit in `folder`; without numbers where there are no factors."""
    if not state.items:
        return Side(np.zeros((table.n_users, 0), np.float32)), Side(np.zeros((table.n_items, 0), np.float32))
    users, items = (Side(read_rows(state.path(folder, side))) for side in ("users", "items"))
    return users, items
