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
from mho.recommend.fitted import Fitted
from mho.recommend.interactions import Interactions
from mho.recommend.labels import Labels
from mho.recommend.model import Side
from mho.recommend.rating_model import RatingModel

__all__ = ["read_fit"]


def read_fit(folder: Path) -> tuple[Fitted, list[dict[str, Any]]]:
    """Return the last complete iteration of `OutOfCore` in `folder`, and its history.

    Raises
    ------
    DataError
        There is no fit, none of its iterations is complete, or it is damaged.
    """
    folder = folder.resolve()
    state = FitState.read(folder)
    if not state.items:
        raise DataError(f"{folder}: its fit has no complete iteration yet")
    with damaged(folder, OSError, ValueError, TypeError, EOFError):
        table = BlockTable.open(state.table_folder(folder))
        users, items = (Side(read_rows(state.path(folder, side))) for side in ("users", "items"))
        known = table.known()
        checks.sparse_format(known)
        labels = [Labels(ids, name) for ids, name in zip(table.ids, ("users", "items"), strict=True)]
        choosing = np.random.default_rng(state.random_state).spawn(1)[0]  # as `Fitted.start` does
        model = RatingModel(**state.model).settled(known, state.n_components, choosing)
    ratings = Interactions(labels[0], labels[1], known, table.columns)
    fitted = Fitted(model, ratings, users, items, model.prior(state.n_components), table.mean)
    return fitted, list(state.history)
