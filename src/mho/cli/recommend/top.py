"""`mho recommend top`: the best items of users."""

from __future__ import annotations

from itertools import count, islice
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.answers_ledger import AnswersLedger
from mho.cli.errors import note
from mho.cli.recommend.options import FittedFile, Length
from mho.cli.recommend.table import typed_ids
from mho.cli.report import Json, as_json
from mho.cli.tables import columns, wrapped
from mho.cli.target import check_target

__all__ = ["top"]

_USERS = 1000
"""Whose lists are in memory at a time."""

_LINES = 10_000
"""What is laid out at a time."""


def top(
    model: FittedFile,
    /,
    *,
    users: str = "",
    n: Length = 10,
    titles: Path | None = None,
    among: str = "",
    seen: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    engine: Literal["analog", "hybrid"] | None = None,
    ledger: Annotated[Path | None, Parameter(show_default=False)] = None,
    out: Annotated[Path | None, Parameter(name=("-o", "--out"))] = None,
    json: Json = False,
) -> None:
    """Show the best items of users, without those that they have rated or chosen already.

    Parameters
    ----------
    model
        What `fit` wrote.
    users
        Ids with commas between them, quoted as in a .csv file if they have one; by default everybody.
    n
        Length of the lists.
    titles
        A table of item and title, with commas, semicolons, tabs, | or :: between the fields: the columns that its
        header calls so, else the first two. An item that is not in it is called by its id.
    among
        Ids of the only items that may be listed, such as new ones; by default all.
    seen
        Recommend also what a user has rated or chosen.
    engine
        Find these users' factors once more on the simulated chip, all items in it; by default as fit has left them.
        hybrid: and digitally where a list hangs by less than the chip's own errors, and say of how many.
    ledger
        Write what the chip did, for mho cost: a .json file.
    out
        Write a .csv file of user, rank, item, title and score instead.
    json
        Print a list of such rows as JSON.
    """
    from mho import Recommender, checks

    checks.positive_int(n, "-n")
    if out is not None:
        check_target(out, (model, titles), suffixes=[".csv"])
    record = AnswersLedger.of(ledger, engine, (model, titles, out))
    recommender = Recommender.load(model) if engine is None else Recommender.load(model, engine=engine)
    known = recommender.user_ids_
    asked = typed_ids(_names(users), known, "--users") if users else known
    if engine == "hybrid":
        recommender.solve_users(asked, check=n)
        share = recommender.checked_share_
        note(f"{share:.0%} of {len(asked):,} lists hang by less than the chip's own errors: computed again digitally")
    elif engine is not None:
        recommender.solve_users(asked)
        record.save(recommender.engine_, "visitor", len(asked), _digital_work(recommender, asked))
    named = _titles(titles, recommender.item_ids_) if titles else {}
    parts = (asked[j : j + _USERS] for j in range(0, len(asked), _USERS))
    without: list[str] = []
    only = typed_ids(_names(among), recommender.item_ids_, "--among") if among else None
    lists = (_list_of(recommender, part, n, {"seen": seen, "among": only}, without) for part in parts)
    rows = (row for top in lists for row in _rows(top, named))
    if out is None and json:
        print(as_json([_typed(row) for row in rows]))
    elif out is None:
        _show(rows)
    else:
        _write(out, rows)
    if without:
        ids = ", ".join(without[:5]) + (", ..." if len(without) > 5 else "")
        note(f"{len(without)} of {len(asked)} users have no list, every item is theirs ({ids}); --seen lists these too")


def _digital_work(recommender: Any, users: Any) -> Any:
    """Arithmetic of a list's factors: of choices, where all other items count as zero, over the chosen ones alone."""
    from mho.cost import answer_work

    if recommender.predicts_ratings:
        return None
    k = recommender.item_factors_.shape[1]
    positions = recommender.fitted.table.users.require(users)
    return answer_work(k, recommender.known_[positions].nnz / len(positions), own_gram=True, indexed=True)


def _list_of(recommender: Any, users: Any, n: int, kinds: dict[str, Any], without: list[str]) -> Any:
    """Return the lists of some users; who has none is added to `without`."""
    top = recommender.recommend(users, n, **kinds)
    listed = set(top.users.tolist())
    without += [str(user) for user in users if user not in listed]
    return top


def _rows(top: Any, titles: dict[str, str]) -> Any:
    rank, last = 0, None
    for user, item, score in zip(top.users.tolist(), top.items.tolist(), top.scores, strict=True):
        rank, last = (rank + 1 if user == last else 1), user
        yield str(user), str(rank), str(item), titles.get(str(item), ""), f"{score:.4g}"


def _names(users: str) -> list[str]:
    import csv

    return list(dict.fromkeys(next(csv.reader([users]))))  # a list for each, once


_HEADER = "user", "rank", "item", "title", "score"


def _typed(row: tuple[str, ...]) -> dict[str, Any]:
    user, rank, item, title, score = row
    return {"user": user, "rank": int(rank), "item": item, "title": title, "score": float(score)}


def _show(rows: Any) -> None:
    for number in count():
        part = list(islice(rows, _LINES))
        if not part:
            return
        print(_lines([_HEADER, *part] if number == 0 else part))


def _lines(rows: list[tuple[str, ...]]) -> str:
    """Lay out rows; titles come last, and long ones go on below."""
    shown = columns([(user, rank, item, score, "") for user, rank, item, _, score in rows]).splitlines()
    width = max(map(len, shown)) + 2
    return "\n".join(
        wrapped(f"{line:{width}}{row[3]}", later=width) if row[3] else line
        for line, row in zip(shown, rows, strict=True)
    )


def _write(out: Path, rows: Any) -> None:
    import csv

    from mho.data import replacing

    with replacing(out) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(_HEADER)
        writer.writerows(rows)


def _titles(path: Path, items: Any) -> dict[str, str]:
    from mho.recommend.phone import read_titles

    return {str(item): title for item, title in zip(items, read_titles(path, items)[0], strict=True)}
