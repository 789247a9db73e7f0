"""`mho lab`: the page where the chip is run and watched."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["lab"]

_MOST_BYTES = 64 * 2**20


def lab(*, export: Path | None = None, answer: Path | None = None) -> None:
    """Run and watch the chip in a browser.

    Parameters
    ----------
    export
        Folder to write the page to: one file, index.html, that computes by itself and fetches nothing.
    answer
        JSON file that a view of the page has exported: its requests, answered by the library, are printed as JSON.
    """
    if (export is None) == (answer is None):
        raise ValueError("give one of --export FOLDER, which writes the page, and --answer FILE")
    if export is not None:
        from mho.lab import export_page

        print(f"{export_page(export)}: open it in a browser")
    if answer is not None:
        print(json.dumps(_answered(answer), indent=1))


def _answered(path: Path) -> dict:
    """Answer the requests of a view."""
    from mho.data import DataError
    from mho.lab import Answers
    from mho.lab.views import answer_view

    if path.stat().st_size > _MOST_BYTES:
        raise DataError(f"{path}: must be at most {_MOST_BYTES:,} bytes")
    try:
        view = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is not JSON: {error}") from error
    return answer_view(Answers(), view)
