"""Writes the table of rooms in CONTRIBUTING.md: python scripts/rooms_table.py.

The floors are those that import-linter holds, in pyproject.toml; the words are the first lines of the docstrings.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import site_pages  # pyright: ignore[reportMissingImports]

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "CONTRIBUTING.md"


def floors() -> list[list[str]]:
    """Return the rooms of each floor, the highest first."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in linter["contracts"] if contract["name"] == "floors")
    return [re.split(r" *\| *", layer) for layer in layers]


def first_line(room: str) -> str:
    """Return the first line of a room's docstring."""
    folder = ROOT / "src" / "mho" / room
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]


def table() -> str:
    """Return the table, a row for each room."""
    rooms = [(len(floors()) - 1 - i, room) for i, floor in enumerate(floors()) for room in floor]
    rows = [f"| {number} | `{room}` | {first_line(room)} |\n" for number, room in rooms]
    return "".join(["| floor | room | what it says of itself |\n|---|---|---|\n", *rows])


BLOCKS = {"rooms": table}


def made_anew(page: str) -> str:
    """Return the page with its table as it is now."""
    return site_pages.made_anew(page, BLOCKS)


if __name__ == "__main__":
    site_pages.write_blocks(PAGE, BLOCKS)
