"""The page's table is the code's."""

import runpy
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[2]
script = SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "instrument_page.py")))


def test_the_table_of_commands_is_as_the_script_writes_it():
    """`python scripts/instrument_page.py` writes it."""
    page = script.PAGE.read_text(encoding="utf-8")
    assert script.made_anew(page) == page
    assert "| `ARRay:PROGram <array>,<rows>,<columns>,<values>` | Write a matrix" in page
