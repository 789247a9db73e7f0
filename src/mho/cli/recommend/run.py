"""Alternations that keep the last complete one, now and then and when they are interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mho.cli.interrupts import undisturbed
from mho.cli.periodic import Periodic
from mho.cli.progress import Progress
from mho.cli.tables import table

__all__ = ["figures", "quality", "run", "summary"]


def run(model: Any, work: Callable[[], Any], out: Path, total: int, shown: Progress) -> None:
    """Do `work` with a recommender and write it to `out`, after each minute and at the end.

    Raises
    ------
    KeyboardInterrupt
        Of the kind that came, saying what has been kept.
    """
    keep = Periodic(lambda: model.save(out))

    def follow(record: dict[str, Any]) -> None:
        shown.iteration(record["iteration"], total, quality(record))
        keep()

    model.callback = follow
    try:
        work()
    except KeyboardInterrupt as interrupt:
        if not getattr(model, "history_", None):
            raise type(interrupt)("before an iteration was complete; nothing was written") from None
        _save(model, out)
        kept = f"iteration {model.history_[-1]['iteration']} is kept in {out}; go on with mho recommend resume {out}"
        raise type(interrupt)(kept) from None
    _save(model, out)


def _save(model: Any, out: Path) -> None:
    with undisturbed():  # a second, impatient Ctrl-C would lose what the first one kept
        model.save(out)


def figures(model: Any, out: Path) -> dict[str, Any]:
    """Return the figures of a fitted recommender, for a program."""
    return {
        "recommender": out,
        "users": len(model.user_ids_),
        "items": len(model.item_ids_),
        "components": model.user_factors_.shape[1],
        "weights": None if model.item_weights_ is None else model.item_weights_.nnz,
        "model": type(model.model_).__name__,
        "list_ridge": model.model_.l2,
        "list_popularity": model.model_.popularity,
        **model.history_[-1],
    }


def summary(model: Any, out: Path) -> str:
    """Return a summary of a fitted recommender, as lines to print."""
    last = model.history_[-1]
    m, n = len(model.user_ids_), len(model.item_ids_)
    rows = [
        ("recommender", f"{out}, {m:,} users x {n:,} items, {_size(model)}"),
        ("model", type(model.model_).__name__),
        ("lists", _lists(model.model_)),
        ("iterations", str(last["iteration"])),
        ("on what is known", quality(last)),
        ("time", f"{last['seconds']:.3g} s"),
    ]
    if "chip_seconds" in last:
        rows += [
            ("chip time", f"{last['chip_seconds']:.3g} s (modelled)"),
            ("chip energy", f"{last['chip_joules']:.3g} J (modelled)"),
        ]
    return table(rows)


def _size(model: Any) -> str:
    k, weights = model.user_factors_.shape[1], model.item_weights_
    told = [f"k = {k}"] if k else []
    if weights is not None:
        told.append(f"{weights.nnz / weights.shape[0]:.3g} neighbours an item")
    return ", ".join(told)


def _lists(model: Any) -> str:
    """Return the ridge and the popularity that lists are made with."""
    ridge, popularity = f"ridge {model.l2:.4g}", f"popularity {model.popularity:.4g}"
    return f"{ridge}, {popularity}" + (", which decides alone" if model.popularity_alone else "")


def quality(record: dict[str, Any]) -> str:
    """Say how well an iteration does what it is fitted for."""
    return f"RMSE {record['rmse']:.4g}" if "rmse" in record else f"relative error {record['relative_error']:.4g}"
