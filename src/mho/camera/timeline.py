"""The timeline: one page with the decisions and events of a folder of clips, opened from the disk."""

from __future__ import annotations

import base64
import io
import json
from collections import deque
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

from mho.data.output import replacing

__all__ = ["MOST_ROWS", "write_timeline"]

MOST_ROWS = 20_000
"""Lines on the page: more would make a browser stall."""

_MOST_THUMBNAILS = 2_000
"""Pictures on the page, those of the latest clips: it stays below some ten megabytes."""

_SHOWN = ("n", "kind", "start", "end", "score", "why", "zone", "file", "text", "lost")
_DATA = "/*DATA*/"


def write_timeline(path: Path, rows: Iterable[dict[str, Any]], folder: Path) -> None:
    """Write the page, line by line: it may be larger than what a camera needs otherwise.

    Parameters
    ----------
    path : Path
        Its file, in the folder of the clips.
    rows : iterable of dict
        Lines of the index, `MOST_ROWS` at the most.
    folder : Path
        Of the clips.

    Raises
    ------
    OSError
        The disk is full or gone.
    """
    head, _, tail = files("mho.camera").joinpath("timeline_page.html").read_text("utf-8").partition(_DATA)
    pictured: deque[dict[str, Any]] = deque(maxlen=_MOST_THUMBNAILS)
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as page:
        page.write(head + '{"rows":[')
        for number, row in enumerate(rows):
            shown = {name: row[name] for name in _SHOWN if row.get(name) not in (None, "")}
            page.write("," * (number > 0) + _script(shown))
            if row["kind"] == "kept" and row.get("file"):
                pictured.append({name: row.get(name) for name in ("n", "file", "frame", "boxes")})
        page.write('],"thumbs":{')
        written = 0
        for row in pictured:
            picture = _thumbnail(folder / row["file"], row)
            if picture is not None:
                page.write("," * (written > 0) + f'"{row["n"]}":' + _script(picture))
                written += 1
        page.write("}}" + tail)


def _script(value: dict[str, Any]) -> str:
    """Return JSON that ends no element of a page."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")


def _thumbnail(clip: Path, row: dict[str, Any]) -> dict[str, Any] | None:
    """Return a picture and its boxes as shares of its sides; None where there is none."""
    from PIL import Image

    try:
        data = clip.with_suffix(".jpg").read_bytes()
        width, height = Image.open(io.BytesIO(data)).size
    except OSError:
        return None
    across, down = row.get("frame") or (width, height)
    boxes = [[x / across, y / down, w / across, h / down] for x, y, w, h in row.get("boxes") or ()]
    return {"data": base64.b64encode(data).decode(), "width": width, "height": height, "boxes": boxes}
