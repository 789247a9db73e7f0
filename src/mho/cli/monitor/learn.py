"""`mho monitor learn`: from healthy recordings to a model in a file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.monitor.options import SourceOptions
from mho.cli.settings import WholeNumber
from mho.cli.standard_input import file_of
from mho.cli.tables import wrapped
from mho.cli.target import check_apart, check_target

__all__ = ["EXAMPLES", "learn"]

EXAMPLES = """\
Examples:

    mho monitor learn monday.csv tuesday.csv -o pump.mon --false-alarms 1/day

    mho monitor learn healthy.wav -o fan.mon

    mho monitor run pump.mon mqtt://broker/plant/pump1/# --alarms mqtt://broker/plant/alarms --state pump.state
"""


def learn(
    sources: Annotated[list[Path], Parameter(name="RECORDING", negative="", allow_leading_hyphen=True)],
    /,
    *,
    out: Annotated[Path, Parameter(name=("-o", "--out"))],
    channel: Annotated[list[str] | None, Parameter(negative="", show_default=False)] = None,
    false_alarms: str = "auto",
    accept_rate: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    adapt: str = "300 s",
    window: WholeNumber = 30,
    engine: Literal["digital", "analog", "hybrid"] = "digital",
    sessions: Literal["gaps", "files"] = "gaps",
    seed: WholeNumber = 0,
    source: SourceOptions = SourceOptions(),  # noqa: B008
    report: Annotated[Path | None, Parameter(show_default=False)] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> None:
    """Learn what healthy is, and the limit that keeps the rate of false alarms.

    Parameters
    ----------
    sources
        Healthy recordings, each a session: .csv, .tsv, .txt or .jsonl (also .gz), .parquet, .wav, .flac, .mat, .npy;
        standard input is -.
    out
        File for the model, usually .mon.
    channel
        A channel to use, as acc:waveform or temp:level; may be repeated. By default all, waveforms from 500 Hz on.
    false_alarms
        The rate to keep: 1/month, 2/day, or a share of windows as 1%. A rate that the recordings cannot support is
        refused with the length that would. By default the lowest share that they show by themselves.
    accept_rate
        Take a rate that the recordings do not support.
    adapt
        Time constant by which level channels are followed while they are healthy; none: not.
    window
        Samples of a level channel's window.
    engine
        Who solves, in learning and running: this CPU, the simulated analogue chip, or the chip first and the CPU last.
    sessions
        Whether a recording is cut into sessions where samples are missing.
    seed
        For starting factors and the errors of the chip.
    report
        A page of one HTML file about what was learned.
    as_json
        Print JSON.
    """
    from mho.monitor import Monitor
    from mho.monitor.reading import labels_in

    sources = list(map(file_of, sources))
    check_target(out, sources)
    check_apart({"-o": out, "--report": report})
    if report is not None:
        check_target(report, [*sources, out], option="--report", suffixes=(".html",))
    monitor = Monitor(
        channel,
        false_alarms=false_alarms,
        accept_rate=accept_rate,
        adapt=None if adapt == "none" else adapt,
        window=window,
        engine=engine,
        seed=seed,
    )
    recordings = source.recordings(sources)
    for path in sources:
        for column, rows in labels_in(path, source.form([path])).items():
            first = f"{rows[0]:,}" + (f" to {rows[-1]:,}" if len(rows) > 1 else "")
            note(f"warning: {path}: {column} marks {len(rows):,} rows of what is learned as healthy, {first}")
    learned = monitor.learn(recordings, sessions=sessions)
    monitor.save(out)
    if report is not None:
        from mho.monitor.page import write_page

        write_page(report, monitor, title=f"Learned: {out.name}", note=str(learned), recordings=recordings)
    if as_json:
        print(json.dumps({"model": str(out), "hash": monitor.hash} | asdict(learned)))
        return
    print("\n".join(wrapped(line, later=4) for line in str(learned).splitlines()))
    print(f"model {monitor.hash} in {out}")
