"""`mho recommend bench`: recommenders beside each other on a table of one's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.progress import progress
from mho.cli.recommend.options import Components, Length, Quiet, TableFile, check_components
from mho.cli.recommend.table import TableOptions, read_table, read_times
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.standard_input import file_of
from mho.cli.tables import columns
from mho.cli.target import check_target

__all__ = ["EXAMPLES", "SplitOptions", "bench"]

EXAMPLES = """\
Examples:

    mho recommend bench orders.csv

    mho recommend bench ratings.csv --split time --time timestamp --page bench.html
"""

_OWN = "implicit", "neighbours", "mixed"
_SHOWN = "ndcg", "recall", "map", "mrr", "hit_rate", "novelty"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """Rows to hold out, as options.

    Parameters
    ----------
    split
        A share of each user's rows at random, the last rows of all, or the last row of each user.
    time
        Column of numbers that grow with time, such as seconds; for --split time and leave-last.
    test
        Share that is held out; of no account to leave-last.
    seed
        For what is drawn.
    """

    split: Literal["random", "time", "leave-last"] = "random"
    time: str = ""
    test: float = 0.2
    seed: WholeNumber = 0

    def check(self) -> None:
        """Refuse a split by time without a time."""
        if self.split != "random" and not self.time:
            raise ValueError(f"--split {self.split} needs --time COLUMN, the column that tells when a row was")
        if self.split == "random" and self.time:
            raise ValueError("--time is for --split time and leave-last, got --split random")

    def parts(self, source: Path, table: Any, reading: TableOptions) -> tuple[Any, Any]:
        """Return the positions of the rows to learn from, and of those that are held out."""
        from mho.recommend import split_by_time, split_by_user, split_leave_last

        if self.split == "random":
            return split_by_user(table.users, self.test, self.seed)
        times = read_times(source, table, reading, self.time, "a split by time")
        return split_by_time(times, self.test) if self.split == "time" else split_leave_last(table.users, times)


def bench(
    source: TableFile,
    /,
    *,
    n_components: Components = None,
    n: Length = 10,
    liked: float | None = None,
    splitting: SplitOptions = SplitOptions(),
    page: Path | None = None,
    reading: TableOptions = TableOptions(),  # noqa: B008
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Hold out a part of a table and show whose lists find it: this library's models as they come, and usual peers.

    Peers are popularity, item-kNN, EASE where the items are few enough for its matrix, and the ALS of the library
    implicit where it is installed, each tuned on a split inside the training part. Every row is a choice, whatever its
    rating, unless --liked says from which rating on it is one.

    Parameters
    ----------
    source
        A table of user and item, as for `fit`; - is standard input.
    n_components
        Components of models with factors; by default as for `fit`.
    n
        Length of the lists.
    liked
        Rating from which on a row is a choice; rows below are left out.
    page
        Write a page of HTML, with intervals and the significance of differences, too.
    quiet
        Show no progress.
    json
        Print JSON.
    """
    from mho import Recommender, checks
    from mho.recommend.contest import contest, own_entry, peer_entries

    checks.positive_int(n, "-n")
    splitting.check()
    if page is not None:
        check_target(page, [source], suffixes=[".html"])
    source = file_of(source, most=reading.max_bytes)
    table = read_table(source, reading, quiet=quiet)
    train, test = _matrices(table, _chosen(source, table, liked, splitting.parts(source, table, reading)))
    check_components(n_components, train.shape[1])
    entries = [own_entry(name, lambda name=name: Recommender(n_components, model=name)) for name in _OWN]
    entries += peer_entries(train.shape[1])
    with progress(quiet=quiet) as shown:
        found = contest(train, test, entries, length=n, seed=splitting.seed, follow=shown.stage)
    if page is not None:
        _write(page, found, source, splitting, train, test)
    if json:
        print(
            as_json({"length": n, "users": found.users, **asdict(splitting), "results": list(map(_row, found.results))})
        )
        return
    print(columns([("", *_SHOWN, "coverage", "seconds"), *(_line(one) for one in found.results)]))


def _chosen(source: Path, table: Any, liked: float | None, parts: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return the rows of both parts that are choices."""
    if liked is None:
        below = 0 if table.ratings is None else int((table.ratings < 0).sum())
        if below:
            note(f"{source}: {below:,} ratings are below zero and count as choices too: --liked RATING leaves such out")
        return parts
    if table.ratings is None:
        raise ValueError(f"--liked needs ratings, and {source} has no column of them")
    train, test = (rows[table.ratings[rows] >= liked] for rows in parts)
    if not len(train):
        raise ValueError(f"--liked must leave rows to learn from; no rating is {liked:g} or more")
    return train, test


def _matrices(table: Any, parts: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return both parts as matrices over the same users and items; a pair that is learned from is not held out."""
    import numpy as np
    import scipy.sparse as sp

    shape = len(table.users.ids), len(table.items.ids)
    both = []
    for rows in parts:
        u, i = table.users.codes[rows], table.items.codes[rows]
        counts = sp.coo_array((np.ones(len(rows), np.float32), (u, i)), shape=shape).tocsr()
        counts.data[:] = 1
        both.append(counts)
    train, test = both
    test = test - test.multiply(train)
    test.eliminate_zeros()
    if not test.nnz:
        raise ValueError("--split must hold out something that is not learned from too; there is nothing")
    return train, sp.csr_array(test)


def _write(page: Path, found: Any, source: Path, splitting: SplitOptions, train: Any, test: Any) -> None:
    from mho.recommend.contest_page import write_contest

    m, n = train.shape
    note = f"{m:,} users, {n:,} items; {train.nnz:,} choices learned from, {test.nnz:,} held out ({splitting.split})."
    write_contest(page, found, title=f"Recommenders on {source.name}", note=note)


def _row(one: Any) -> dict[str, Any]:
    means = {name: one.mean(name) for name in one.per_user}
    low, high = one.interval("ndcg")
    more = {"ndcg_low": low, "ndcg_high": high, "coverage": one.coverage, "seconds": one.seconds}
    return {"name": one.name, "setting": one.setting, **means, **more}


def _line(one: Any) -> tuple[str, ...]:
    means = (f"{one.mean(name):.4f}" for name in _SHOWN)
    return one.name, *means, f"{one.coverage:.3f}", f"{one.seconds:.2f}"
