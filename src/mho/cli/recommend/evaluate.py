"""`mho recommend eval`: a recommender on rows that it has not seen."""

from __future__ import annotations

from dataclasses import asdict

from mho.cli.recommend.options import FittedFile, Length, TableFile
from mho.cli.recommend.table import TableOptions, ids_like, read_table
from mho.cli.report import Json, as_json
from mho.cli.standard_input import file_of
from mho.cli.tables import table as laid_out

__all__ = ["evaluate"]


def evaluate(
    model: FittedFile,
    source: TableFile,
    /,
    *,
    n: Length = 10,
    relevant: float | None = None,
    reading: TableOptions = TableOptions(),  # noqa: B008
    json: Json = False,
) -> None:
    """Show how well held-out ratings are predicted, and held-out items found among all that a user has not seen.

    Parameters
    ----------
    model
        What `fit` wrote.
    source
        The rows that were held out, as for `fit`; - is standard input.
    n
        Length of the lists.
    relevant
        From which rating on an item should have been in the list; by default from any.
    json
        Print JSON.
    """
    import numpy as np

    from mho import Recommender
    from mho.recommend import evaluate as score

    recommender, source = Recommender.load(model), file_of(source, most=reading.max_bytes)
    table = read_table(source, reading, model=recommender)
    if table.ratings is None and recommender.predicts_ratings:
        raise ValueError(f"{source}: has no column of ratings, which {model} predicts")
    ratings = np.ones(len(table), np.float32) if table.ratings is None else table.ratings
    users, items = ids_like(table.users, recommender.user_ids_), ids_like(table.items, recommender.item_ids_)
    found = score(recommender, users, items, ratings, n=n, relevant=relevant)
    if json:
        print(as_json({"length": n, **asdict(found)}))
        return
    errors = [("RMSE", found.rmse), ("MAE", found.mae)]
    rows = [(name, f"{value:.4f}") for name, value in errors if value is not None]
    rows += [(f"nDCG@{n}", f"{found.ndcg:.4f}"), (f"recall@{n}", f"{found.recall:.4f}")]
    rows += [("coverage", f"{found.coverage:.4f} of the items"), ("lists", f"{found.users:,} users")]
    print(laid_out(rows))
