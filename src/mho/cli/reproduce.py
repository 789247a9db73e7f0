"""`mho reproduce`: every public claim, measured here and now."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from mho.cli.errors import Failed
from mho.cli.progress import progress
from mho.cli.tables import columns, wrapped
from mho.cli.target import check_target

if TYPE_CHECKING:
    from mho.reproduce import Outcome

__all__ = ["reproduce"]


def reproduce(
    *names: Annotated[str, Parameter(name="NAME", negative="")],
    list: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    out: Annotated[Path | None, Parameter(name=("-o", "--out"))] = None,
    quiet: Annotated[bool, Parameter(name=("-q", "--quiet"), negative="")] = False,
) -> None:
    """Measure public claims of mho again: the figure found here beside the interval that is claimed.

    All of them take about a minute of one core. The exit code is 1 if a figure lies outside of its interval.

    Parameters
    ----------
    names
        Claims, by their names in the list; all if none is given.
    list
        Show the claims, their intervals and how long each takes, and measure nothing.
    json
        Print JSON.
    out
        JSON file for the figures with machine, date and version.
    quiet
        Show no progress.
    """
    from mho import reproduce as room

    if out is not None:
        check_target(out)
    if list:
        _list(room.claims().values(), json)
        return
    chosen = room.reproduce(names)
    total, outcomes = len(names) or len(room.claims()), []
    with progress(quiet=quiet or json, unit="claim") as shown:
        shown.stage("measuring claims")
        for outcome in chosen:
            outcomes.append(outcome)
            shown.iteration(len(outcomes), total, outcome.claim.name)
    record = _record(outcomes)
    print(_as_json(record) if json else _told(outcomes))
    if out is not None:
        _write(out, record)
    wrong = [outcome.claim.name for outcome in outcomes if outcome.holds is False]
    if wrong:
        raise Failed(f"outside of what is claimed: {', '.join(wrong)}")


def _list(claims: Iterable[Any], json: bool) -> None:
    if json:
        print(_as_json([dataclasses.asdict(claim) for claim in claims]))
        return
    for claim in claims:
        print(f"{claim.name}: {claim.low:g} to {claim.high:g} {claim.unit}, {claim.seconds:g} s")
        print(wrapped(f"{claim.says}.{f' Published: {claim.published}.' if claim.published else ''}", indent=4))


def _told(outcomes: Iterable[Outcome]) -> str:
    head = ("claim", "measured", "claimed", "", "", "published")
    rows = [
        (
            one.claim.name,
            "-" if one.value is None else f"{one.value:.4g}",
            f"{one.claim.low:g} to {one.claim.high:g}",
            one.claim.unit,
            {None: one.why_not, True: "holds", False: "DOES NOT HOLD"}[one.holds],
            one.claim.published,
        )
        for one in outcomes
    ]
    return columns([head, *rows])


def _record(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    import datetime
    import platform

    import mho
    from mho import kernels
    from mho.reproduce.claims import digest

    rows = [
        {
            "name": one.claim.name,
            "value": one.value,
            "low": one.claim.low,
            "high": one.claim.high,
            "unit": one.claim.unit,
            "published": one.claim.published,
            "holds": one.holds,
            "seconds": round(one.seconds, 2),
            "why_not": one.why_not,
        }
        for one in outcomes
    ]
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "version": mho.__version__,
        "digest": digest(),
        "machine": f"{platform.machine()}, {kernels.isa()}, {kernels.thread_count()} threads",
        "claims": rows,
    }


def _as_json(record: Any) -> str:
    from json import dumps

    return dumps(record, indent=1)


def _write(path: Path, record: Any) -> None:
    from mho.data import replacing

    with replacing(path) as temporary:
        temporary.write_text(_as_json(record) + "\n", encoding="utf-8")
