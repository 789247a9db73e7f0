"""`mho recommend export`: a recommender as a web app that works without a network, or as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mho.cli.recommend.options import FittedFile
from mho.cli.report import Json, as_json
from mho.cli.target import check_target

if TYPE_CHECKING:
    from mho.recommend.phone import Catalogue

__all__ = ["export"]

_OF_FILES = frozenset((".csv", ".html", ".jsonl", ".npy", ".npz", ".parquet", ".tsv", ".txt", ".zip"))
"""Suffixes of whoever means a file, and would get a folder."""


def export(
    model: FittedFile,
    /,
    *,
    out: Annotated[Path, Parameter(name=("-o", "--out", "--to"))],
    titles: Path | None = None,
    name: str = "Recommendations",
    json: Json = False,
) -> None:
    """Write a page that takes a visitor's own ratings in and recommends, on a phone too, as static files; or JSON.

    Put it on any host that serves files by https, or look at it with `python -m http.server --directory DIR`. After
    the first visit it needs no network, and what visitors tell it stays with them. For lists fit --model implicit.
    A name that ends in .json takes the same items, factors and weights, unrounded, for a program of yours.

    Parameters
    ----------
    model
        What `fit` wrote.
    out
        Folder for the app, made if it is not there, or a file .json.
    titles
        A table of item, title, and what else should stand below the title, as for `top`. By default ids are shown.
    name
        Heading of the page.
    json
        Print the summary as JSON.
    """
    from mho import Recommender
    from mho.recommend.phone import catalogue_of, read_titles, write_app

    if out.suffix == ".json":
        check_target(out, [model, titles])
    elif out.suffix in _OF_FILES:
        raise ValueError(f"-o must be a folder, or a file .json, got {out}")
    recommender = Recommender.load(model)
    text = read_titles(titles, recommender.item_ids_) if titles else ()
    catalogue = catalogue_of(recommender, *text)
    size = _write_json(out, catalogue) if out.suffix == ".json" else write_app(out, catalogue, name=name)
    if json:
        kind = "file" if out.suffix == ".json" else "folder"
        print(as_json({kind: out, "items": len(recommender.item_ids_), "bytes": size}))
        return
    print(f"{out}: {len(recommender.item_ids_):,} items, {size / 2**20:.2f} MiB")


def _write_json(out: Path, catalogue: Catalogue) -> int:
    from json import dumps

    from mho.data import replacing

    text = dumps(catalogue.as_dict(), allow_nan=False, separators=(",", ":"))
    with replacing(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return out.stat().st_size
