"""docs/measured/cost.md says what the command computes, and every number has a source."""

import re
import runpy
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import mho.cost
from mho.cli import main
from mho.cost import PLATFORMS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "measured" / "cost.md").read_text(encoding="utf-8")
KEY = re.compile(r"\b[A-Z]\w+-(?:19|20)\d\d\b|\bNeuroSim-1\.4\b")


@pytest.fixture(scope="module")
def script():
    return SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "cost_page.py"), run_name="cost_page"))


def test_the_page_is_what_is_computed(script):
    assert script.made_anew(PAGE) == PAGE


def test_a_page_that_says_something_else_is_put_right(script):
    """Every block is on the page once, and whatever stands in it is made again."""
    emptied = script.site_pages.BLOCK.sub(lambda found: f"{found[1]}wrong 1,234\n{found[3]}", PAGE)
    assert emptied != PAGE
    assert script.made_anew(emptied) == PAGE
    assert sorted(found[1] for found in script.site_pages.BLOCK.findall(PAGE)) == sorted(script.BLOCKS)


def test_the_page_has_the_rows_that_the_command_prints(capsys):
    """Cell by cell, though the command has this CPU as well."""
    assert main(["cost", "netflix"]) == 0
    printed = {" ".join(line.split()) for line in capsys.readouterr().out.splitlines()}
    block = re.search(r"begin netflix-ends -->\n(.*?)<!-- end", PAGE, re.DOTALL)
    assert block is not None
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in block[1].splitlines()[2:]]
    assert [row[0] for row in rows] == list(PLATFORMS)
    for row in rows:
        assert " ".join(re.sub(r"\*\*(.*)\*\*", r"\1 *", cell) for cell in row) in printed


def test_no_number_without_a_source_that_a_reader_has():
    for path in (Path(mho.cost.__file__).parent / "technologies").glob("*.toml"):
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items():
            known = KEY.search(entry["source"]) or "data sheet" in entry["source"]
            owned = re.search("this project's|recalled|as in 40 nm|data sheets", entry["source"])
            assert known or owned, (path.name, name)
