"""Page about a learned scene: its background with masks, zones and doubtful areas, and the parts that it is made of."""

from __future__ import annotations

import base64
import html
import io
from pathlib import Path

import numpy as np

from mho.camera.camera import Camera, SceneReport
from mho.camera.grid import Grid, Rectangle
from mho.data.output import replacing

__all__ = ["write_preview"]


def write_preview(path: Path, camera: Camera, report: SceneReport) -> None:
    """Write the page, one file that needs no network.

    Parameters
    ----------
    path : Path
        HTML file.
    camera : Camera
        That has learned a scene.
    report : SceneReport
        Of its learning.

    Raises
    ------
    OSError
        The disk is full or gone.
    """
    scene = camera.scene_
    height, width = scene.grid.frame
    kinds = (("mask", camera.masks), ("doubt", report.doubtful), ("zone", [zone.area for zone in camera.zones]))
    areas = "".join(_outline(area, kind) for kind, found in kinds for area in found)
    order = np.argsort(-scene.typical, kind="stable")
    parts = "".join(_figure(scene.luma.A[:, j], scene.grid, f"code {scene.typical[j]:.0f}") for j in order.tolist())
    facts = (
        f"{report.frames} frames of {report.seconds:.1f} s, {width} x {height} pixels; 2 x {report.parts} parts "
        f"explain {report.explained:.1%} of the light; somebody in {report.occupied:.0%} of the frames"
    )
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in report.notes)
    page = _PAGE.format(
        facts=facts,
        notes=notes,
        width=width,
        height=height,
        background=_png(camera.background_),
        areas=areas,
        parts=parts,
    )
    with replacing(path) as temporary:
        temporary.write_text(page, "utf-8")


def _outline(area: Rectangle, kind: str) -> str:
    left, top, width, height = area
    return f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="{height}"><title>{kind}</title></rect>'


def _figure(part: np.ndarray, grid: Grid, caption: str) -> str:
    picture = np.zeros(grid.shape, np.float32)
    picture[grid.known] = part
    data = _png(np.rint(255 * picture / max(float(picture.max()), 1e-12)).astype(np.uint8))
    return f'<figure><img src="{data}" alt="part"><figcaption>{caption}</figcaption></figure>'


def _png(picture: np.ndarray) -> str:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Learned scene</title>
<style>
:root {{ color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }}
body {{ max-width: 60rem; margin: 1rem auto; padding: 0 1rem; }}
svg, .parts img {{ width: 100%; image-rendering: pixelated; }}
rect {{ fill: none; stroke-width: 3; vector-effect: non-scaling-stroke; }}
.mask {{ fill: #000; stroke: #888; }} .doubt {{ stroke: #e33; stroke-dasharray: 6; }} .zone {{ stroke: #39f; }}
.parts {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: 1rem; }}
figure {{ margin: 0; }} figcaption {{ font-size: 85%; }}
</style>
<h1>Learned scene</h1>
<p>{facts}</p><ul>{notes}</ul>
<svg viewBox="0 0 {width} {height}" role="img" aria-label="background with masks, zones and doubtful areas">
<image href="{background}" width="{width}" height="{height}" preserveAspectRatio="none"/>{areas}</svg>
<p>Black: masks. Blue: zones. Red and dashed: an intruder for more than a quarter of the time; the scene there may be
the intruder.</p>
<h2>Parts of the light</h2><div class="parts">{parts}</div>
</html>
"""
