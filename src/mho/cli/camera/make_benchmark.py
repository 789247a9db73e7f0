"""`mho camera make-benchmark`: a test clip with known events, made of a camera's own clip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.tables import table

__all__ = ["make_benchmark"]


def make_benchmark(
    clip: Annotated[Path, Parameter(name="CLIP")],
    /,
    *,
    out: Annotated[Path, Parameter(name=("-o", "--out"))],
    seed: WholeNumber = 0,
    seconds: WholeNumber = 240,
    standing: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    busy: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    shadow: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    switch: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    contrast: float = 0.6,
    json: Json = False,
) -> None:
    """Paste people of a clip into its own empty scene, under drifting, stepping light.

    Writes OUT/clip.mp4 and OUT/events.json for `mho camera eval`. The first 60 s are for `mho camera learn`. It is
    semi-synthetic: pasted people cast no shadow.

    Parameters
    ----------
    clip
        A video of a fixed camera through which people walk.
    out
        Folder, made if it is not there.
    seed
        For times, people and light.
    seconds
        Length, at 10 frames a second.
    standing
        People stand, rather than walk.
    busy
        More people, and they come in the first 60 s too.
    shadow
        The soft edge of a shadow wanders through.
    switch
        The light changes with the very frame in which a person enters.
    contrast
        Of people with the scene; 1 is that of the clip.
    json
        Print what was written as JSON.
    """
    from mho import checks
    from mho.camera.benchmark_file import FPS, write_benchmark
    from mho.camera.semi_synthetic import Case, EmptyScene
    from mho.camera.video import read_luma

    checks.at_least(seconds, "--seconds", 90)
    checks.positive_number(contrast, "--contrast")
    case = replace(Case(), length=FPS * seconds, still=standing, busy=busy, shade=shadow, switch=switch)
    case = replace(case, contrast=contrast, events=min(case.events, (case.length - 830) // 110 + 1))
    out.mkdir(parents=True, exist_ok=True)
    for name in ("clip.mp4", "events.json"):
        if (out / name).exists():
            raise ValueError(f"{out / name}: is there already and is not written over; take another --out")
    note(f"making {seconds} s of {clip}, {case.events} people after the first 60 s")
    events, share = write_benchmark(out, EmptyScene.of(read_luma(clip, width=192)), case, seed)
    ceiling = min(1, 0.2 / share)
    if json:
        files = {"clip": out / "clip.mp4", "events_file": out / "events.json"}
        print(
            as_json(
                {**files, "events": len(events), "share_with_somebody": share, "most_recall_at_20_percent": ceiling}
            )
        )
        return
    rows = [
        ("written", f"{out / 'clip.mp4'}, {out / 'events.json'}"),
        ("events", f"{len(events)}"),
        (
            "clips with somebody",
            f"{share:.0%} after the first 60 s: at most {ceiling:.2f} recall when 20 % are kept",
        ),
    ]
    print(table(rows))
