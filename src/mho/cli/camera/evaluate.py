"""`mho camera eval`: a camera on a clip whose events are known."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mho.cli.tables import table

__all__ = ["evaluate"]


def evaluate(
    camera: Annotated[Path, Parameter(name="CAMERA")],
    source: Annotated[Path, Parameter(name="CLIP")],
    /,
    *,
    events: Path,
    keep: str = "20%",
    after: float = 0.0,
    baselines: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    json_: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> None:
    """Show how well the clips with somebody in them are told from others.

    Parameters
    ----------
    camera
        What `learn` wrote.
    source
        A video file.
    events
        JSON: {"events": [[START, END], ...]} in seconds; `make-benchmark` writes such a file.
    keep
        As for `run`.
    after
        Seconds from which clips count: those that were learned from should not.
    baselines
        Rank the clips also by detectors without a factorization: frame difference, and the median of what is before
        --after (or of the first minute), as it is and over its own blur.
    json_
        Print JSON.
    """
    from mho import Camera
    from mho.camera import evaluate as measure
    from mho.camera.baselines import evaluate_baselines
    from mho.camera.evaluation import read_events
    from mho.camera.quantities import Share

    spans = read_events(events)
    learned = Camera.load(camera, keep=keep)
    found = measure(learned, source, spans, after=after)
    kept = learned.keep.share if isinstance(learned.keep, Share) else found.kept
    others = evaluate_baselines(learned, source, spans, after=after, keep=kept) if baselines else {}
    if json_:
        facts = {"baselines": {name: asdict(one) for name, one in others.items()}} if baselines else {}
        print(json.dumps(asdict(found) | facts))
        return
    ranking = found.ranking
    share = f"{ranking.prevalence:.0%} of {ranking.clips} clips have somebody in them"
    rows = [
        ("AUC", f"{ranking.auc:.3f}"),
        ("recall", f"{ranking.recall:.2f} of at most {ranking.ceiling:.2f}; {share}"),
        ("kept in the run", f"{found.kept:.1%} of the clips, {found.found:.2f} of those with somebody"),
        ("events", f"{found.found_events} of {found.events} have a clip that was kept"),
    ]
    rows += [(name, f"AUC {one.auc:.3f}, recall {one.recall:.2f}") for name, one in others.items()]
    print(table(rows))
