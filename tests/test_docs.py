"""Every Python block and every line of `mho` in the README and the docs runs as it is printed.

They run in order, page by page, in a folder with the files of `mho example --all`, and write no line of more than 100
columns. A block below the comment ``<!-- not run: REASON -->`` does not.
"""

import re
import shlex
from glob import glob
from pathlib import Path
from typing import NamedTuple

import matplotlib
import pytest

from mho.cli import main
from mho.cli.app import app

ROOT = Path(__file__).parents[1]
GENERATED = {ROOT / "docs" / folder for folder in ("_build", "gallery", "lookup/api", "lookup/commands")}
PAGES = [
    ROOT / "README.md",
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if GENERATED.isdisjoint(page.parents)),
]
_NOT_RUN = re.compile(r"<!-- not run: \S.* -->")
_COMMANDS = [name for name in app if not name.startswith("-")]
_LINE = re.compile(rf"\s*(\$ )?mho ({'|'.join(_COMMANDS)})\b")
_MOST_NOT_RUN = 17
_WIDEST = 100
"""Columns of a line that a command writes at a terminal of 80; JSON is for programs."""
_PYTHON = re.compile(r"(>>> |import |from )")


class Block(NamedTuple):
    """Some lines of code of a page."""

    line: int
    language: str
    text: str
    runs: bool

    def commands(self):
        """The lines of a shell that this test knows, continued ones joined."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [shlex.split(line, comments=True) for line in lines if re.match(r"(mho|mkdir) ", line)]


def _blocks(text):
    """Fenced blocks, and those that are indented by four."""
    lines, last, runs = text.splitlines(), "", True
    i = 0
    while i < len(lines):
        begin, language = i, ""
        if lines[i].startswith("```"):
            language = lines[i][3:].strip()
            i = lines.index("```", i + 1) + 1
            body = lines[begin + 1 : i - 1]
        elif lines[i].startswith("    ") and not last:
            while i < len(lines) and (lines[i].startswith("    ") or not lines[i]):
                i += 1
            body = [line[4:] for line in lines[begin:i]]
        else:
            if lines[i]:
                runs = not _NOT_RUN.fullmatch(lines[i])
            last = lines[i]
            i += 1
            continue
        yield Block(begin + 1, language, "\n".join(body), runs)
        last, runs = "", True


def _of(page):
    return list(_blocks(page.read_text()))


@pytest.fixture(scope="session")
def example_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    assert main(["example", "--all", "--to", str(folder)]) == 0
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path, monkeypatch, example_files):
    for name, content in example_files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "docs" / "figures").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    matplotlib.use("svg")
    return tmp_path


def _expanded(word):
    return sorted(glob(word)) or [word] if "*" in word else [word]


def _run_command(words, page, line, capsys):
    if words[0] == "mkdir":
        Path(words[1]).mkdir()
        return
    capsys.readouterr()  # what the page's Python printed
    code = main([part for word in words[1:] for part in _expanded(word)])
    said = capsys.readouterr()
    assert code == 0, f"{page.name}:{line}: {shlex.join(words)}\n{said.err}"
    wide = [text for text in (said.out + said.err).splitlines() if len(text) > _WIDEST]
    assert "--json" in words or not wide, f"{page.name}:{line}: {shlex.join(words)}\n" + "\n".join(wide)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT).with_suffix("")))
def test_what_a_page_prints_runs(page, folder, capsys):
    names = {"__name__": "page"}
    for block in _of(page):
        if not block.runs:
            continue
        if block.language == "python":
            code = "\n" * block.line + block.text  # so that a traceback has the page's line
            exec(compile(code, str(page), "exec"), names)
        for words in block.commands():
            _run_command(words, page, block.line, capsys)


def test_few_blocks_are_not_run_and_each_says_why():
    left_out = [f"{page.name}:{block.line}" for page in PAGES for block in _of(page) if not block.runs]
    assert len(left_out) <= _MOST_NOT_RUN, left_out


def test_python_is_fenced_so_that_it_runs():
    loose = [
        f"{page.name}:{block.line}"
        for page in PAGES
        for block in _of(page)
        if block.runs and block.language != "python" and _PYTHON.match(block.text)
    ]
    assert not loose


def test_no_line_of_the_program_hides_from_the_test():
    """Whatever begins with `mho` is in a block, the docs have no other way to print a command on a line of its own."""
    for page in PAGES:
        lines = [line for line in page.read_text().splitlines() if _LINE.match(line)]
        assert len(lines) <= sum(len(block.commands()) for block in _of(page)), page
