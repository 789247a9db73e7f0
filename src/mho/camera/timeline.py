"""The timeline: one page with the decisions and events of a folder of clips, opened from the disk."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from mho.data.output import replacing

__all__ = ["write_timeline"]

_MOST_ROWS = 20_000
_MOST_THUMBNAILS = 2_000
"""Pictures on the page, those of the latest clips: it stays below some ten megabytes."""

_SHOWN = ("n", "kind", "start", "end", "score", "why", "zone", "file", "text", "lost")


def write_timeline(path: Path, rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write the page.

    Parameters
    ----------
    path : Path
        Its file, in the folder of the clips.
    rows : sequence of dict
        Lines of the index.
    folder : Path
        Of the clips.

    Raises
    ------
    OSError
        The disk is full or gone.
    """
    latest = rows[-_MOST_ROWS:]
    shown = [{name: row[name] for name in _SHOWN if row.get(name) not in (None, "")} for row in latest]
    thumbs: dict[int, dict[str, Any]] = {}
    for row in reversed(latest):
        if len(thumbs) < _MOST_THUMBNAILS and row["kind"] == "kept" and row.get("file"):
            picture = _thumbnail(folder / row["file"], row)
            thumbs |= {row["n"]: picture} if picture else {}
    data = json.dumps({"rows": shown, "thumbs": thumbs}, separators=(",", ":")).replace("<", "\\u003c")
    page = files("mho.camera").joinpath("timeline_page.html").read_text("utf-8")
    with replacing(path) as temporary:
        temporary.write_text(page.replace("/*DATA*/", data), "utf-8")


def _thumbnail(clip: Path, row: dict[str, Any]) -> dict[str, Any] | None:
    """Return a picture and its boxes as shares of its sides; None where there is none."""
    from PIL import Image

    try:
        data = clip.with_suffix(".jpg").read_bytes()
        width, height = Image.open(io.BytesIO(data)).size
    except OSError:
        return None
    across, down = row.get("frame") or (width, height)
    boxes = [[x / across, y / down, w / across, h / down] for x, y, w, h in row.get("boxes", ())]
    return {"data": base64.b64encode(data).decode(), "width": width, "height": height, "boxes": boxes}
