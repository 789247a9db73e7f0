"""`mho recommend add-items`: items that nobody has chosen yet, by their features."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mho.cli.recommend.item_features import column_list
from mho.cli.recommend.options import FittedFile, OutFile
from mho.cli.recommend.table import typed_ids
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.standard_input import file_of
from mho.cli.target import check_target

__all__ = ["EXAMPLES", "add_items"]

EXAMPLES = """\
Examples:

    mho recommend add-items shelf.npz films.csv --features genres -o shelf-new.npz

    mho recommend top shelf-new.npz --users 17 --among 900001,900002
"""


def add_items(
    model: FittedFile,
    source: Annotated[Path, Parameter(name="FEATURES", allow_leading_hyphen=True)],
    /,
    *,
    out: OutFile,
    features: str = "",
    split: str = "|",
    cap: WholeNumber = 50,
    l2: float = 1.0,
    json: Json = False,
) -> None:
    """Take in items that nobody has chosen yet, each as a non-negative sum of known items with like features.

    Parameters
    ----------
    model
        What `fit` wrote.
    source
        A table with a header, of the item and its features, of known items and of new ones, also .gz; - is standard
        input. Or .json: {"7": ["comedy", "short"]}.
    out
        File for the recommender that knows them; it may be RECOMMENDER itself.
    features
        Columns of features with commas between them; by default all but the item and its title. Of a column of numbers
        the share of the largest counts, of any other each word.
    split
        What parts the words of a field.
    cap
        Known items in one sum, at most.
    l2
        Ridge of the weights in a sum, in mean squares of the length of an item's features.
    json
        Print the summary as JSON.
    """
    from mho import Recommender
    from mho.data.feature_table import read_features

    source = file_of(source)
    check_target(out, [source], suffixes=[".npz"])
    recommender = Recommender.load(model)
    table = read_features(source, column_list(features), split)
    known = recommender.item_ids_.astype(str).tolist()
    there, among = table.rows(known), set(known)
    new = [name for name in table.ids.tolist() if name not in among]
    if not new:
        raise ValueError(f"{source}: has no item that {model} does not know")
    ids = typed_ids(new, recommender.item_ids_, f"{source}: items")
    recommender.add_items(ids, table.rows(new), known_features=there, cap=cap, l2=l2).save(out)
    told = int((there.sum(axis=1) > 0).sum())
    if json:
        figures = {"new_items": len(new), "known_items_with_features": told, "features": len(table.names)}
        print(as_json({"recommender": out, **figures}))
        return
    print(f"{out}: {len(new):,} new items; {len(table.names):,} features, known of {told:,} of {len(known):,} others")
