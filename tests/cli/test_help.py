"""Help of every command at 80 columns, as it is kept in tests/cli/help.

After a change on purpose: MHO_WRITE_HELP=1 pytest tests/cli/test_help.py, and look at the difference.
"""

import io
import os
from pathlib import Path

import cyclopts
import pytest
from rich.console import Console

from mho.cli.app import app

FOLDER = Path(__file__).with_name("help")


def commands(parent=app, path=()):
    """Words of every command, groups included; not the options that look like commands."""
    yield path
    for name in parent:
        if not name.startswith("-"):
            yield from commands(parent[name], (*path, name))


def shown(path):
    page = io.StringIO()
    app.help_print(list(path), console=Console(file=page, width=80, color_system=None, force_terminal=False))
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


COMMANDS = list(commands())


@pytest.mark.skipif(cyclopts.__version__.partition(".")[0] != "5", reason="others lay the same words out otherwise")
@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_is_as_it_was_looked_at(path):
    file = FOLDER / f"{'-'.join(('mho', *path))}.txt"
    if os.environ.get("MHO_WRITE_HELP"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown(path), encoding="utf-8")
    assert file.exists(), "MHO_WRITE_HELP=1 writes it"
    assert shown(path) == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_fits_and_explains_every_argument(path):
    assert max(map(len, shown(path).splitlines())) <= 80
    command = app
    for name in path:
        command = command[name]
    if command.default_command is not None:
        arguments = command.assemble_argument_collection(parse_docstring=True)
        assert [str(one.name) for one in arguments if one.show and not one.parameter.help] == []


def test_no_help_is_kept_of_a_command_that_is_gone():
    assert {f"{'-'.join(('mho', *path))}.txt" for path in COMMANDS} == {file.name for file in FOLDER.iterdir()}


WITHOUT_FIGURES = {
    *(("chip", name) for name in ("netlist", "plot")),  # print or write a circuit, draw a picture
    *(("chip", "serve"), ("lab",), ("recommend", "serve")),  # serve until they are stopped
}


def test_every_command_that_reports_has_json():
    runs = {path for path in COMMANDS if _runs(path)}
    assert {path for path in runs if "--json" not in shown(path)} == WITHOUT_FIGURES


def _runs(path):
    command = app
    for name in path:
        command = command[name]
    return bool(path) and command.default_command is not None
