"""CONTRIBUTING.md has every room on the floor that import-linter holds, in the room's own words."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
script = SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "rooms_table.py")))


def test_the_table_of_rooms_is_what_the_rooms_say():
    """`python scripts/rooms_table.py` writes it."""
    assert script.made_anew(PAGE) == PAGE
    assert "| `chip` |" in PAGE


def test_every_room_is_in_the_table():
    parts = {
        path.stem
        for path in (ROOT / "src" / "mho").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {room for floor in script.floors() for room in floor} == parts - {"__init__"}
    assert all(f"| `{room}` | " in PAGE for room in parts - {"__init__"})


def test_a_table_that_says_something_else_is_put_right():
    wrong = PAGE.replace("| `chip` |", "| `rooms of long ago` |")
    assert wrong != PAGE
    assert script.made_anew(wrong) == PAGE


def test_the_circuit_s_rooms_hold_no_more_lines_than_the_page_says():
    counter = SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "count_code.py")))
    found = re.search(r"at most ([\d,]+) lines of code .*?\n`python scripts/count_code.py ([^`]+)`", PAGE)
    assert found is not None
    most, rooms = int(found[1].replace(",", "")), found[2].split()
    lines = sum(counter.code_lines(path) for room in rooms for path in (ROOT / room).rglob("*.py"))
    assert 0.9 * most < lines <= most
