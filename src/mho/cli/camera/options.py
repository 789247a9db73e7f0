"""Options that the camera's commands share: the source, masks and zones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["masks_of", "source_name", "told_name", "zones_of"]

_MOST_URL = 4096


def source_name(source: str | None, url_file: Path | None) -> str:
    """Return the source, from the command line or from a file that holds its URL."""
    if (source is None) == (url_file is None):
        raise ValueError("SOURCE or --url-file must be given, and not both")
    if url_file is None:
        return str(source)
    if url_file.stat().st_size > _MOST_URL:
        raise ValueError(f"{url_file}: must hold one URL, is too large")
    url = url_file.read_text().strip()
    if "\n" in url or not url:
        raise ValueError(f"{url_file}: must hold one URL in one line")
    return url


def masks_of(texts: Sequence[str]) -> list[Any]:
    """Return rectangles from LEFT,TOP,WIDTH,HEIGHT."""
    from mho.camera.grid import check_rectangle

    return [check_rectangle(_numbers(text, "--mask"), "--mask") for text in texts]


def zones_of(texts: Sequence[str]) -> list[Any]:
    """Return zones from NAME=LEFT,TOP,WIDTH,HEIGHT, with xWEIGHT behind it if it is not 1."""
    from mho.camera import Zone
    from mho.camera.grid import check_rectangle

    zones = []
    for text in texts:
        name, sign, rest = text.partition("=")
        area, cross, weight = rest.partition("x")
        if not (name and sign):
            raise ValueError(f"--zone must be NAME=LEFT,TOP,WIDTH,HEIGHT, then xWEIGHT if not 1, got {text!r}")
        zones.append(Zone(name, check_rectangle(_numbers(area, "--zone"), "--zone"), _weight(weight, text, cross)))
    return zones


def _numbers(text: str, option: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"{option} must be LEFT,TOP,WIDTH,HEIGHT in whole pixels, got {text!r}") from None


def _weight(weight: str, text: str, cross: str) -> float:
    if not cross:
        return 1.0
    try:
        return float(weight)
    except ValueError:
        raise ValueError(f"--zone must end in xWEIGHT such as x2 or x0, got {text!r}") from None


def told_name(source: str) -> str:
    """Return a source as it may be shown: no password, no folder of a pipe."""
    from mho.camera.source import hidden

    return "standard input" if source == "-" else hidden(os.fspath(source))
