"""`mho recommend scale`: what an iteration would take on a cluster that is not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter, Token

from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.tables import columns

__all__ = ["EXAMPLES", "scale"]

EXAMPLES = """\
Examples:

    mho recommend scale --users 1200000 --items 137000 --ratings 700e6 --workers 8
"""


def _count(kind: Any, tokens: Sequence[Token]) -> int:
    try:
        value = float(tokens[0].value)
    except ValueError:
        value = 0.5
    if not value.is_integer():
        raise ValueError(f"must be a whole number, such as 700e6, got {tokens[0].value!r}")
    return int(value)


Count = Annotated[int, Parameter(converter=_count)]
"""An int that may be written 700e6."""


def scale(
    *,
    users: Count,
    items: Count,
    ratings: Count,
    workers: WholeNumber,
    n_components: Annotated[WholeNumber, Parameter(name=("-k", "--components"))] = 16,
    link: float = 1.25e9,
    storage: float = 1.25e9,
    json: Json = False,
) -> None:
    """Foretell time, traffic and memory of an iteration out of core (`mho.recommend.distributed.OutOfCore`).

    The formula is in docs/do/recommend.md; its rates were measured on one core of a virtual machine.

    Parameters
    ----------
    users
        Number of users.
    items
        Number of items.
    ratings
        Number of ratings; 700e6 is read as well.
    workers
        Processes with one core, and one link to the network each.
    n_components
        Number k of components.
    link
        Bytes per second of a worker's link.
    storage
        Bytes per second of the shared folder to all workers together.
    json
        Print JSON.
    """
    from mho.recommend.distributed.scale import Cluster, Problem, forecast

    problem = Problem(users=users, items=items, ratings=ratings, n_components=n_components)
    told = forecast(problem, Cluster(workers=workers, link=link, storage=storage))
    if json:
        print(as_json(asdict(told)))
        return
    halves = (told.users, told.items)
    rows = [
        ("half-step", "users", "items"),
        ("blocks", *(f"{half.blocks:,}" for half in halves)),
        ("processor time, s", *(f"{half.processor_seconds:.3g}" for half in halves)),
        ("compute by the clock, s", *(f"{half.compute_seconds:.3g}" for half in halves)),
        ("ratings read, GB", *(f"{half.ratings_bytes / 1e9:.3g}" for half in halves)),
        ("factors read and written, GB", *(f"{half.factors_bytes / 1e9:.3g}" for half in halves)),
        ("transfer, s", *(f"{half.transfer_seconds:.3g}" for half in halves)),
    ]
    print(columns(rows))
    print(f"an iteration takes {told.seconds:.3g} s; a worker needs {told.worker_bytes / 1e9:.2g} GB of memory,")
    print(f"the caller {told.client_bytes / 1e9:.2g} GB, the shared folder {told.folder_bytes / 1e9:.3g} GB")
