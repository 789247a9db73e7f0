"""`mho monitor eval`: a model on labelled recordings, beside what chance would get."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from mho.cli.monitor.options import ALARMED, SourceOptions, load_monitor
from mho.cli.standard_input import file_of
from mho.cli.tables import columns

__all__ = ["evaluate"]


def evaluate(
    model: Annotated[Path, Parameter(name="MODEL")],
    recordings: Annotated[list[Path], Parameter(name="RECORDING", negative="", allow_leading_hyphen=True)],
    /,
    *,
    labels: str | None = None,
    faulty: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    control: Annotated[list[Path] | None, Parameter(negative="", consume_multiple=True, show_default=False)] = None,
    baselines: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    engine: Literal["digital", "analog", "hybrid"] | None = None,
    source: SourceOptions = SourceOptions(),  # noqa: B008
    as_json: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> int:
    """Show how often labelled windows alarm, and healthy ones; exit code 3 if an alarm was raised.

    Parameters
    ----------
    model
        What `learn` wrote.
    recordings
        Recordings that were not learned from; - is standard input.
    labels
        Their column of labels, 0 healthy.
    faulty
        All of them are faulty.
    control
        Healthy recordings of other sessions: how often the model alarms there is its rate of false alarms.
    baselines
        Show the AUC of usual detectors too, of the same features, learned from the healthy windows that the model
        keeps.
    engine
        Another solver than the model was learned with.
    as_json
        Print JSON.
    """
    from mho.monitor.baselines import evaluate_baselines
    from mho.monitor.evaluate import evaluate as measured
    from mho.monitor.reading import read_labels

    if (labels is None) == (not faulty):
        raise ValueError("say what the recordings are: --labels COLUMN, or --faulty")
    monitor = load_monitor(model, engine)
    recordings = list(map(file_of, recordings))
    own = (labels,) if labels else ()
    truth = [read_labels(path, labels, form=source.form([path])) if labels else 1 for path in recordings]
    given = source.recordings(recordings, own)
    tables = {"recordings": measured(monitor, given, truth)}
    if control:
        tables["control"] = measured(monitor, source.recordings(control, own), [0] * len(control))
    others = evaluate_baselines(monitor, given, truth) if baselines else {}
    if as_json:
        facts = {name: table.facts() for name, table in tables.items()}
        known = {name: None if auc != auc else auc for name, auc in others.items()}
        print(json.dumps(facts | ({"baselines": known} if baselines else {})))
    else:
        rows = [("", *tables)]
        for name in tables["recordings"].facts():
            rows.append((name.replace("_", " "), *(_shown(table.facts()[name]) for table in tables.values())))
        rows += [(f"auc of {name}", _shown(auc), *[""] * (len(tables) - 1)) for name, auc in others.items()]
        print(columns(rows))
    return ALARMED if any(table.episodes for table in tables.values()) else 0


def _shown(value: object) -> str:
    if value is None or value != value:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
