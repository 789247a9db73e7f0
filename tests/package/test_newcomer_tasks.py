"""Twenty things that a newcomer looks for, and the files where they are."""

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
