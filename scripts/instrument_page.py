"""Writes the table of commands in docs/do/instrument.md: python scripts/instrument_page.py."""

from __future__ import annotations

import re
from pathlib import Path

from mho.instrument import COMMANDS

PAGE = Path(__file__).parents[1] / "docs" / "do" / "instrument.md"
BLOCK = re.compile(r"(<!-- begin commands -->\n).*?(<!-- end -->)", re.DOTALL)


def table() -> str:
    """Return the table, a row for each command."""
    rows = [f"| `{command.syntax.replace('|', chr(92) + '|')}` | {command.meaning} |\n" for command in COMMANDS]
    return "".join(["| command | does |\n|---|---|\n", *rows])


def made_anew(page: str) -> str:
    """Return the page with its table as it is now."""
    return BLOCK.sub(lambda found: found[1] + table() + found[2], page)


if __name__ == "__main__":
    PAGE.write_text(made_anew(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
