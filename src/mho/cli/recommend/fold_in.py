"""`mho recommend fold-in`: new users or items into a recommender that is there."""

from __future__ import annotations

from typing import Literal

from mho.cli.recommend.options import FittedFile, OutFile, TableFile
from mho.cli.recommend.rejected import check_rejected
from mho.cli.recommend.table import TableOptions, ids_like, read_table
from mho.cli.report import Json, as_json
from mho.cli.standard_input import file_of
from mho.cli.target import check_target

__all__ = ["fold_in"]


def fold_in(
    model: FittedFile,
    source: TableFile,
    /,
    *,
    out: OutFile,
    side: Literal["users", "items"] = "users",
    engine: Literal["digital", "analog", "hybrid"] = "digital",
    reading: TableOptions = TableOptions(),  # noqa: B008
    json: Json = False,
) -> None:
    """Solve for the users (or items) of a table, and leave everybody else as they are.

    Parameters
    ----------
    model
        What `fit` wrote.
    source
        A table of theirs, as for `fit`; - is standard input.
    out
        File for the recommender that knows them; it may be RECOMMENDER itself.
    side
        Whose factors are solved.
    engine
        Who solves.
    json
        Print the summary as JSON.
    """
    from mho import Recommender

    source = file_of(source, most=reading.max_bytes)
    check_target(out, [source], suffixes=[".npz"])
    check_rejected(out, source, model)
    recommender = Recommender.load(model, engine=engine)
    before = len(recommender.user_ids_), len(recommender.item_ids_)
    table = read_table(source, reading, out, model=recommender)
    users = ids_like(table.users, recommender.user_ids_)
    recommender.fold_in(users, ids_like(table.items, recommender.item_ids_), table.ratings, side=side).save(out)
    new = len(recommender.user_ids_) - before[0], len(recommender.item_ids_) - before[1]
    if json:
        print(as_json({"recommender": out, "rows": len(table), "new_users": new[0], "new_items": new[1]}))
        return
    print(f"{out}: {len(table):,} rows taken in, {new[0]:,} new users, {new[1]:,} new items")
