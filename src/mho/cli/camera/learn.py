"""`mho camera learn`: from a stream of an empty scene to a camera in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from mho.cli.camera.options import masks_of, source_name, told_name, zones_of
from mho.cli.errors import note
from mho.cli.settings import WholeNumber
from mho.cli.tables import table, wrapped
from mho.cli.target import check_apart, check_target

__all__ = ["EXAMPLES", "learn"]

EXAMPLES = """\
Examples:

    mho camera learn vtest.avi -o door.cam

    mho camera learn rtsp://camera/1 -o door.cam --seconds 120 --mask 0,0,200,120

    mho camera run door.cam vtest.avi --keep 20% --out clips
"""


def learn(
    source: Annotated[str | None, Parameter(name="SOURCE", allow_leading_hyphen=True)] = None,
    /,
    *,
    out: Annotated[Path, Parameter(name=("-o", "--out"))],
    seconds: float = 80.0,
    mask: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    zone: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    fps: float = 10.0,
    scale: WholeNumber = 48,
    engine: Literal["digital", "analog", "hybrid"] = "digital",
    transport: Literal["tcp", "udp"] = "tcp",
    url_file: Path | None = None,
    preview: Annotated[Path | None, Parameter(show_default=False)] = None,
    seed: WholeNumber = 0,
    json_: Annotated[bool, Parameter(name="--json", negative="", show_default=False)] = False,
) -> None:
    """Learn what the empty scene of a camera looks like.

    People may pass through it, but should not stay: areas that looked one way all the time are scene.

    Parameters
    ----------
    source
        A video file, /dev/video0, the URL of a camera, or - for MJPEG or y4m from the standard input.
    out
        File for the camera, at most 40 kB.
    seconds
        Seconds of the stream that are learned from.
    mask
        LEFT,TOP,WIDTH,HEIGHT in pixels of an area that nobody may see; may be given several times. It is black before
        anything else is done.
    zone
        NAME=LEFT,TOP,WIDTH,HEIGHT of an area of its own, with x2 behind it if it counts twice, x0 if not at all.
    fps
        Frames a second that are looked at, here and later.
    scale
        Cells along the picture's longer side.
    engine
        Who explains later frames: this CPU, the simulated analogue chip, or both.
    transport
        Of rtsp://.
    url_file
        A file with the URL, in place of SOURCE: other users see a command line.
    preview
        HTML file that shows the learned scene: background, masks, zones, doubtful areas, parts.
    seed
        For the start of the factorization and the errors of the chip.
    json_
        Print the report as JSON.
    """
    from mho import Camera
    from mho.camera.source import Source, is_live

    name = source_name(source, url_file)
    check_target(out, [] if is_live(name) or name == "-" else [name], suffixes=[".cam"])
    check_apart({"-o": out, "--preview": preview})
    if preview is not None:
        check_target(preview, [out], option="--preview", suffixes=[".html"])
    camera = Camera(scale=scale, fps=fps, masks=masks_of(mask), zones=zones_of(zone), engine=engine, seed=seed)
    note(f"learning from {told_name(name)}: {seconds:g} s; masks: {len(mask)}, zones: {len(zone)}")
    shots = Source(name, fps, transport=transport).shots()
    report = camera.learn(((shot.time, shot.luma) for shot in shots), seconds)
    camera.save(out)
    if preview is not None:
        from mho.camera.preview import write_preview

        write_preview(preview, camera, report)
    facts = {**vars(report), "bytes": out.stat().st_size, "file": str(out)}
    if json_:
        print(json.dumps(facts))
        return
    height, width = camera.scene_.grid.frame
    rows = [
        ("learned from", f"{report.frames} frames of {report.seconds:.1f} s, {width} x {height} pixels"),
        ("light explained", f"{report.explained:.1%} by 2 x {report.parts} parts"),
        ("frames with somebody", f"{report.occupied:.0%}"),
        ("doubtful areas", "; ".join(",".join(map(str, area)) for area in report.doubtful) or "none"),
        ("written", f"{out}, {facts['bytes'] / 1e3:.1f} kB"),
    ]
    print(table(rows))
    for text in report.notes:
        print(wrapped(text))
