"""`mho monitor explain`: an alarm of a running monitor, in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mho.cli.tables import printable, table

__all__ = ["explain"]


def explain(
    state: Annotated[Path, Parameter(name="STATE")],
    alarm: Annotated[str | None, Parameter(name="ALARM_ID")] = None,
    /,
    *,
    shaft: float | None = None,
    balls: int | None = None,
    ball: float | None = None,
    pitch: float | None = None,
    angle: float = 0.0,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> None:
    """Tell channel, features and frequencies of an alarm, or list all alarms.

    Parameters
    ----------
    state
        The folder of `run --state`, or a file of alarms (.jsonl).
    alarm
        Id of an alarm, or its beginning.
    shaft
        Revolutions of the shaft a second: names its orders; with the bearing's numbers, the defect's frequency.
    balls
        Balls of the bearing.
    ball
        Diameter of a ball.
    pitch
        Diameter of the pitch circle, in the same unit.
    angle
        Contact angle, degrees.
    as_json
        Print JSON.
    """
    from mho.monitor.alarm_log import read_alarms

    path = state / "alarms.jsonl" if state.is_dir() else state
    alarms = read_alarms(path)
    if alarm is None:
        print(json.dumps(list(alarms.values())) if as_json else _listed(alarms))
        return
    found = [facts for name, facts in alarms.items() if name.startswith(alarm)]
    if len(found) != 1:
        raise ValueError(f"ALARM_ID must be that of one alarm in {path}, got {alarm!r}, which {len(found)} have")
    facts = found[0]
    if shaft is not None:
        facts["explanation"] = _named(facts["explanation"], shaft, balls, ball, pitch, angle)
    print(json.dumps(facts) if as_json else _told(facts))


def _named(
    explanation: dict, shaft: float, balls: int | None, ball: float | None, pitch: float | None, angle: float
) -> dict:
    from mho.monitor import Bearing, Explanation

    if balls is None or ball is None or pitch is None:
        entries = [
            entry | ({"order": entry["hertz"] / shaft} if "hertz" in entry else {}) for entry in explanation["entries"]
        ]
        return explanation | {"entries": entries}
    bearing = Bearing(shaft=shaft, balls=balls, ball=ball, pitch=pitch, angle=angle)
    return Explanation(**explanation).named(bearing).facts()


def _listed(alarms: dict) -> str:
    from mho.monitor.timestamps import spoken_moment as moment

    rows = [(facts["id"], facts["kind"], moment(facts["opened"]), facts["event"]) for facts in alarms.values()]
    return table(rows) if rows else "no alarms"  # pyright: ignore[reportArgumentType]


def _told(facts: dict) -> str:
    from mho.monitor.timestamps import spoken_moment as moment

    why = facts["explanation"]
    rows = [
        ("alarm", f"{facts['id']}, {facts['kind']}, {facts['event']}"),
        ("since", moment(facts["opened"])),
        ("until", "open" if facts["closed"] is None else moment(facts["closed"])),
        ("probability", f"{facts['p']:.3g}"),
        ("channel", str(why.get("channel", ""))),
        ("features", str(why.get("group", ""))),
    ]
    for entry in why.get("entries", []):
        parts = [str(entry["what"])]
        parts += [f"at {entry['hertz']:.4g} Hz"] if "hertz" in entry else []
        parts += [f"order {entry['order']:.3g}"] if "order" in entry else []
        parts += [f"({entry['name']})"] if entry.get("name") else []
        parts += [f"{entry['deviations']:.3g} deviations"] if "deviations" in entry else []
        rows.append(("", printable(" ".join(parts))))
    if why.get("nearest") is not None:
        rows.append(("nearest healthy", moment(why["nearest"])))
    rows.append(("model", f"{facts['model']}, {facts['engine']}"))
    return table(rows)
