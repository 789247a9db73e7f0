"""`mho monitor replay`: a recorded day, as if it came now."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from mho.cli.monitor.options import ALARMED, SourceOptions, alarm_line, load_monitor
from mho.cli.standard_input import file_of
from mho.cli.tables import wrapped
from mho.cli.target import check_apart, check_target

__all__ = ["replay"]


def replay(
    model: Annotated[Path, Parameter(name="MODEL")],
    recordings: Annotated[list[Path], Parameter(name="RECORDING", negative="", allow_leading_hyphen=True)],
    /,
    *,
    speed: Annotated[float | None, Parameter(show_default=False)] = None,
    jsonl: Annotated[Path | None, Parameter(show_default=False)] = None,
    html: Annotated[Path | None, Parameter(show_default=False)] = None,
    engine: Literal["digital", "analog", "hybrid"] | None = None,
    source: SourceOptions = SourceOptions(),  # noqa: B008
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> int:
    """Score recordings one after the other; exit code 3 if an alarm was raised.

    Parameters
    ----------
    model
        What `learn` wrote.
    recordings
        Recordings, in their order; - is standard input.
    speed
        Times real time: 60 shows an hour in a minute. By default as fast as it goes.
    jsonl
        File for the alarms, one JSON object a line.
    html
        A page of one HTML file: scores, limit and alarms over time.
    engine
        Another solver than the model was learned with.
    as_json
        Print JSON.
    """
    from mho import checks
    from mho.data import replacing
    from mho.monitor.reading import recording_parts

    recordings = list(map(file_of, recordings))
    for target, option, suffixes in ((jsonl, "--jsonl", ()), (html, "--html", (".html",))):
        if target is not None:
            check_target(target, [model, *recordings], option=option, suffixes=suffixes)
    check_apart({"--jsonl": jsonl, "--html": html})
    if speed is not None:
        checks.positive_number(speed, "--speed")
    monitor = load_monitor(model, engine)
    results = []
    for path in recordings:
        for part in recording_parts(path, source.form([path])):
            found = list(monitor.run(part))
            results += found
            if speed is not None and found:
                time.sleep(max(0.0, (found[-1].time - found[0].time) / speed))
    raised = {id(result.alarm): result.alarm for result in results if result.alarm is not None}
    alarms = [alarm.facts() for alarm in raised.values()]
    if jsonl is not None:
        with replacing(jsonl) as temporary:
            temporary.write_text("".join(json.dumps(_event(alarm)) + "\n" for alarm in alarms))
    if html is not None:
        from mho.monitor.page import write_page

        write_page(html, monitor, title=f"{model.name}: {recordings[0].name}", results=results)
    scored = sum(result.p == result.p for result in results)
    if as_json:
        print(json.dumps({"windows": len(results), "scored": scored, "alarms": alarms}))
    else:
        print(f"{len(results):,} windows, {scored:,} scored, {len(alarms)} alarm{'s' * (len(alarms) != 1)}")
        for alarm in alarms:
            print(wrapped(alarm_line(alarm), later=4))
    return ALARMED if alarms else 0


def _event(alarm: dict) -> dict:
    """Return the last event of an alarm, as logs have it."""
    return {"event": "opened" if alarm["closed"] is None else "closed"} | alarm
