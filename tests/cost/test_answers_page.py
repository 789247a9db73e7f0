"""docs/measured/answers.md says what the command computes."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from mho.cli import main
from mho.cost import USES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "measured" / "answers.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def script():
    return SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "answers_page.py"), run_name="answers_page"))


def test_the_page_is_what_is_computed(script):
    assert script.made_anew(PAGE) == PAGE
    assert sorted(found[1] for found in script.site_pages.BLOCK.findall(PAGE)) == sorted(script.BLOCKS)
    for name in USES:
        assert f"- **{name}**" in PAGE


def test_the_page_has_the_sentence_that_the_command_prints(capsys):
    assert main(["cost", "topics"]) == 0
    printed = " ".join(capsys.readouterr().out.split("\n\n")[0].split())
    assert printed.removeprefix("topics") in " ".join(re.sub(r"\*\*", "", PAGE).split())
