"""`mho recommend export`: a recommender as a web app that works without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mho.cli.report import Json, as_json

__all__ = ["export"]


def export(
    model: Annotated[Path, Parameter(name="RECOMMENDER")],
    /,
    *,
    out: Annotated[Path, Parameter(name=("-o", "--out", "--to"))],
    titles: Path | None = None,
    name: str = "Recommendations",
    json: Json = False,
) -> None:
    """Write a folder of static files: a page that takes a visitor's own ratings in and recommends, on a phone too.

    Put it on any host that serves files by https, or look at it with `python -m http.server --directory DIR`. After
    the first visit it needs no network, and what visitors tell it stays with them. For lists fit --model implicit.

    Parameters
    ----------
    model
        What `fit` wrote.
    out
        Folder for the app; made if it is not there.
    titles
        A table of item, title, and what else should stand below the title, as for `top`. By default ids are shown.
    name
        Heading of the page.
    json
        Print the summary as JSON.
    """
    from mho import Recommender
    from mho.recommend.phone import catalogue_of, read_titles, write_app

    recommender = Recommender.load(model)
    text = read_titles(titles, recommender.item_ids_) if titles else ()
    size = write_app(out, catalogue_of(recommender, *text), name=name)
    if json:
        print(as_json({"folder": out, "items": len(recommender.item_ids_), "bytes": size}))
        return
    print(f"{out}: {len(recommender.item_ids_):,} items, {size / 2**20:.2f} MiB")
