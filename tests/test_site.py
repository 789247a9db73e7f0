"""The site: what checks it finds what it is for, and its generated pages leave nothing out."""

import runpy
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import mho

ROOT = Path(__file__).parents[1]
check = SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "check_site.py")))
pages = SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "site_pages.py")))


def _site(folder, **bodies):
    for name, body in bodies.items():
        (folder / f"{name}.html").write_text(f"<html><body>{body}</body></html>")
    return check.faults(folder)


def test_a_link_that_leads_somewhere_is_no_fault(tmp_path):
    body = '<a href="other.html#here">x</a><a href="https://example.org">y</a><a href="#top"></a><p id="top">'
    body += '<iframe src="other.html?embed#view"></iframe>'
    assert _site(tmp_path, index=body, other='<h1 id="here">') == []


@pytest.mark.parametrize("link", ["missing.html", "missing.html?embed#view", "other.html#nowhere", "#nowhere"])
def test_a_link_that_leads_nowhere_is_named(tmp_path, link):
    assert _site(tmp_path, index=f'<a href="{link}">x</a>', other="") == [f"index.html: {link} leads nowhere"]


@pytest.mark.parametrize(
    "body",
    ['<script src="https://cdn.example.org/a.js"></script>', '<link rel="stylesheet" href="//cdn.example.org/a.css">'],
)
def test_what_another_server_would_have_to_give_is_named(tmp_path, body):
    (fault,) = _site(tmp_path, index=body)
    assert "loads" in fault


def test_an_empty_site_is_a_failure(tmp_path):
    assert check.main(tmp_path) == 1


def test_every_command_has_a_page():
    from mho.cli.app import app

    written = pages.command_pages()
    commands = {name for name in app if not name.startswith("-")}
    assert {f"{name}.md" for name in commands} == set(written) - {"index.md"}
    assert "--topology" in written["chip.md"]
    assert "\n## mho recommend fit\n" in written["recommend.md"]


def test_every_public_name_is_on_a_page():
    written = pages.api_pages()
    for package in mho._PACKAGES - pages.NOT_LISTED:
        module = getattr(mho, package)
        text = written[f"{package}.rst"]
        assert all(f"\n{name}\n{'-' * len(name)}\n" in text for name in module.__all__), package


def test_bars_of_a_norm_are_no_markup_and_code_stays():
    lines = ["least |A x - b| where ``|`` and `a|b` are", ">>> a | b", "of components_."]
    pages.escape_markup(None, "", "", None, None, lines)
    assert lines == [r"least \|A x - b\| where ``|`` and `a|b` are", ">>> a | b", r"of components\_."]


def test_the_libraries_of_the_site_are_declared():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert any(name.startswith("sphinx-gallery") for name in extras["docs"])
