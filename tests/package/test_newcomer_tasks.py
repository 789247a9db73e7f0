"""Twenty things that a newcomer looks for, and the files where they are."""

import ast
import csv
from pathlib import Path

import mho

ROOT = Path(mho.__file__).parent
TASKS = list(csv.DictReader((Path(__file__).parent / "newcomer_tasks.csv").read_text().splitlines()))


def test_every_answer_is_a_file():
    assert len(TASKS) == 20
    assert [task["answer"] for task in TASKS if not (ROOT / task["answer"]).is_file()] == []


def test_no_two_files_of_the_circuit_s_rooms_share_a_name():
    names = [f.name for room in ("chip", "spice", "circuits") for f in (ROOT / room).rglob("*.py")]
    names = [name for name in names if name != "__init__.py"]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_functions_of_the_circuit_s_rooms_are_at_most_forty_lines():
    """Their docstrings counted."""
    rooms = ("chip", "circuits", "spice", "cost", "sweep")
    paths = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    defined = [(path, node) for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    functions = [(path, node) for path, node in defined if isinstance(node, ast.FunctionDef)]
    assert len(functions) > 500
    long = [f"{p.name} {f.name}" for p, f in functions if (f.end_lineno or 0) - f.lineno + 1 > 40]
    assert long == []
