"""Writes the claims' figures into the pages: python scripts/claims_page.py.

`mho reproduce --out docs/measured/claims.json` measures them; a file whose claims or way of measuring are not those of
the package any more is refused.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from mho.reproduce.claims import claims, digest

sys.path.insert(0, str(Path(__file__).parent))
import site_pages  # pyright: ignore[reportMissingImports]

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "docs" / "measured" / "claims.json"
PAGES = (ROOT / "docs" / "measured" / "claims.md",)


def recorded() -> dict[str, Any]:
    """Return the record, if it is of the claims as they are."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    if record["digest"] != digest():
        raise ValueError(f"{RECORD} is older than the claims: run mho reproduce --out docs/measured/claims.json")
    return record


def table(record: dict[str, Any]) -> str:
    """Return the table of all claims, with where and when they were measured."""
    rows = [_row(row) for row in record["claims"]]
    where = f"Measured {record['date']} with mho {record['version']} on {record['machine']}, a shared machine.\n"
    head = "| claim | command | expected | measured | pages |\n|---|---|---|---|---|\n"
    return where + "\n" + head + "".join(rows)


def _row(row: dict[str, Any]) -> str:
    claim = claims()[row["name"]]
    measured = row["why_not"] or f"{row['value']:.3g}{'' if row['holds'] else ', **does not hold**'}"
    pages = ", ".join(_link(page) for page in claim.pages)
    expected = f"{claim.low:g} to {claim.high:g} {claim.unit}"
    expected += f"; published: {claim.published}" if claim.published else ""
    return f"| {claim.says} | `mho reproduce {claim.name}` | {expected} | {measured} | {pages} |\n"


def _link(page: str) -> str:
    if page == "README":
        return "README"
    suffix = ".rst" if page.startswith("gallery/") else ".md"
    return f"[{page.split('/')[-1]}](../{page}{suffix})"


BLOCKS = {"claims": lambda: table(recorded())}


def made_anew(page: str) -> str:
    """Return the page with its claims as they are recorded."""
    return site_pages.made_anew(page, BLOCKS)


if __name__ == "__main__":
    for path in PAGES:
        site_pages.write_blocks(path, BLOCKS)
