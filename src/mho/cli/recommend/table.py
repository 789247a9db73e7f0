"""The table of a command, and what becomes of its bad rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter, Token

from mho.cli.errors import note
from mho.cli.recommend.rejected import RejectedRows
from mho.cli.settings import WholeNumber

__all__ = ["RATINGS", "TableOptions", "ids_like", "model_for", "read_table", "read_times", "tell_columns", "typed_ids"]


RATINGS, NEIGHBOURS = ("ratings", "mixed-ratings"), ("neighbours", "mixed", "mixed-ratings")
"""Models that predict ratings, and that have weights between items."""


def _range(kind: Any, tokens: Sequence[Token]) -> tuple[float, float]:
    lowest, _, highest = tokens[0].value.partition(":")
    try:
        return float(lowest), float(highest)
    except ValueError:
        raise ValueError(f"must be LOWEST:HIGHEST, such as -10:10, got {tokens[0].value!r}") from None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """Options of reading a table.

    Parameters
    ----------
    columns
        USER,ITEM or USER,ITEM,RATING: names of the columns, or their numbers from 1. By default as the names say: user,
        customer, reviewerID ..., item, movie_id, artist, isbn ..., rating, stars, plays ...
    sep
        What parts the fields of a text: any characters, or the word tab or space. By default a tab, ::, a semicolon,
        | or a comma, as the first lines show.
    decimal
        What parts the fraction of ratings: . or a comma. By default as they show.
    range_
        LOWEST:HIGHEST rating, such as 1:5; others are left out and told. With -10:10 negative ratings are taken.
    max_bytes
        Refuse a table that takes more memory.
    """

    columns: str = ""
    sep: str = ""
    decimal: Literal["", ".", ","] = ""
    range_: Annotated[
        tuple[float, float] | None,
        Parameter(
            name="--range", negative="", converter=_range, n_tokens=1, accepts_keys=False, allow_leading_hyphen=True
        ),
    ] = None
    max_bytes: WholeNumber = 2**33

    def format(self, model: Any = None) -> Any:
        """Return the `mho.data.TableFormat`; what is not said is as in the fit of `model`, if that is given."""
        from mho.data import TableFormat

        names = tuple(name.strip() for name in self.columns.split(",")) if self.columns else ()
        if names and not 2 <= len(set(names)) == len(names) <= 3:
            raise ValueError(f"--columns must be two or three different names, got {self.columns!r}")
        lowest = model.model_.lowest if model is not None else 0.0
        span = (lowest, sys.float_info.max) if self.range_ is None and lowest else self.range_
        usual = () if model is None else model.columns_
        return TableFormat(columns=names, usual=usual, sep=self.sep, decimal=self.decimal, range=span)

    def lowest(self) -> float:
        """Return the origin of ratings: the lowest one, if that is negative."""
        return 0.0 if self.range_ is None else min(0.0, self.range_[0])


def model_for(model: str, reading: TableOptions, cap: int | None = None) -> Any:
    """Return the model that `--model` names, able to take the ratings of `reading`, with neighbours up to `cap`."""
    settings = _neighbours(model, cap)
    lowest = reading.lowest()
    if not lowest and not settings:
        return model
    if lowest and model not in RATINGS:
        raise ValueError(f"--range must not begin below 0 with --model {model}: strengths are above 0")
    return _made(model, lowest, settings)


def _made(model: str, lowest: float, settings: dict[str, Any]) -> Any:
    from mho.recommend import MixedModel, MixedRatingModel, NeighbourModel, RatingModel

    if model == "neighbours":
        return NeighbourModel(**settings)
    if model == "mixed":
        return MixedModel(neighbours=NeighbourModel(**settings))
    ratings = RatingModel(lowest=lowest)
    return ratings if model == "ratings" else MixedRatingModel(factors=ratings, **settings)


def _neighbours(model: str, cap: int | None) -> dict[str, Any]:
    """Return settings of neighbours, refusing those of a model that has none."""
    if cap is None:
        return {}
    if model not in NEIGHBOURS:
        raise ValueError(f"--cap is for --model {' or '.join(NEIGHBOURS)}, got --model {model}")
    from mho import checks

    return {"cap": checks.positive_int(cap, "--cap")}


def read_table(
    path: Path, how: TableOptions, out: Path | None = None, *, model: Any = None, quiet: bool = False
) -> Any:
    """Read user, item and rating, and say which columns these are; the columns of a fitted `model` if they are there.

    Tells of rows that cannot be read, and writes all of them beside `out`.
    """
    from mho.data import read_interactions

    table = read_interactions(path, how.format(model), max_bytes=how.max_bytes)
    tell_columns(path, table.columns, table.notes, quiet=quiet)
    with RejectedRows(path, out) as rejected:
        rejected.add(table.rejected)
    rejected.tell(len(table) + len(table.rejected))
    return table


def read_times(path: Path, table: Any, reading: TableOptions, time: str, why: str) -> Any:
    """Read a table again for the column `time`, row by row beside those that are there, which `why` needs.

    Raises
    ------
    ValueError
        A row cannot be read.
    """
    from mho.data import TableFormat, read_interactions

    named = (*table.columns.names[:2], time)
    how = TableFormat(columns=tuple(map(str, named)), sep=reading.sep, decimal=reading.decimal)
    again = read_interactions(path, how, max_bytes=reading.max_bytes)
    bad = [*table.rejected, *again.rejected]
    if bad:
        raise ValueError(f"{path}: line {bad[0].line}: {bad[0].reason}; {why} needs every row")
    return again.ratings


def tell_columns(path: Path, columns: Any, notes: Sequence[str] = (), *, quiet: bool = False) -> None:
    """Say which columns were taken; even if `quiet` where they were guessed."""
    guess = " (a guess: --columns says which)" if columns.guessed else ""
    if columns.guessed or not quiet:
        also = "".join(f"; {text}" for text in notes)
        note(f"{path}: {columns}{guess}{also}")


def typed_ids(texts: Sequence[str], known: Any, what: str) -> Any:
    """Return ids as the recommender knows them: numbers, text or times."""
    import numpy as np

    ids = np.array(texts)
    try:
        return ids if known.dtype.kind == "U" else ids.astype(known.dtype)
    except (ValueError, OverflowError):
        like = ", ".join(map(str, known[:3]))
        raise ValueError(f"{what} must be ids such as {like}, got {','.join(texts)!r}") from None


def ids_like(column: Any, known: Any) -> Any:
    """Return a `mho.data.Categorical` column as the text that a recommender knows, if its ids are text.

    Those of one file may all be whole numbers where those of another are not.
    """
    from mho.data import Categorical

    return Categorical(column.ids.astype(str), column.codes) if known.dtype.kind == "U" else column
