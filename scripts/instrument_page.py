"""Writes the table of commands in docs/do/instrument.md: python scripts/instrument_page.py."""

from __future__ import annotations

import sys
from pathlib import Path

from mho.instrument import COMMANDS

sys.path.insert(0, str(Path(__file__).parent))
import site_pages  # pyright: ignore[reportMissingImports]

PAGE = Path(__file__).parents[1] / "docs" / "do" / "instrument.md"


def table() -> str:
    """Return the table, a row for each command."""
    rows = [f"| `{command.syntax.replace('|', chr(92) + '|')}` | {command.meaning} |\n" for command in COMMANDS]
    return "".join(["| command | does |\n|---|---|\n", *rows])


BLOCKS = {"commands": table}


def made_anew(page: str) -> str:
    """Return the page with its table as it is now."""
    return site_pages.made_anew(page, BLOCKS)


if __name__ == "__main__":
    site_pages.write_blocks(PAGE, BLOCKS)
