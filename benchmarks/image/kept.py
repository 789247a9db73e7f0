"""Figures of pictures, kept in docs/measured/images.json, and the tables that pages of the docs take from them."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, keep, machine, write

RESULTS = ROOT / "docs" / "measured" / "images.json"
PAGES = ROOT / "docs" / "do"


def kept(name, rows, results=RESULTS):
    """Keep rows under a name, with the machine's class, threads, date and commit."""
    threads = os.environ.get("MHO_NUM_THREADS", "all")
    keep(results, {name: {**machine(), "threads": threads, "rows": rows}})


def table(head, rows):
    """Lines of Markdown."""
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]


def placed(page, tables):
    """Write tables, lines by name, between a page's marks of these names."""
    text = page.read_text(encoding="utf-8")
    for name, lines in tables.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        before, rest = text.split(begin)
        text = before + begin + "\n".join([*lines, end]) + rest.split(end, 1)[1]
    write(page, text)
