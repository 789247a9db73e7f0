import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mho.demo import run, write
from mho.demo.report import render

VOID = {"meta", "link", "img", "br", "line", "polyline"}


class Page(HTMLParser):
    """Elements with their attributes, text by element, and what was left open."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def html(results):
    return render(results)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_page_is_well_formed(page):
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_it_ends_with_uses_that_program_once(html):
    """The figure is the one of the page that has them all, which `mho cost` makes of what was measured."""
    told = (Path(__file__).parents[2] / "docs" / "measured" / "answers.md").read_text(encoding="utf-8")
    share = re.search(r"\*\*vibration\*\*: .*? an answer, (1/\d+)\s+of its energy", told, re.DOTALL)
    assert share is not None
    assert f"{share[1]} of the energy of a Cortex-M4 for a window of vibration" in html
    assert html.index("Programmed once and asked often") > html.index("What is real here")


def test_nothing_is_loaded_from_anywhere(html, page):
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset", "data", "poster"):
            assert attributes.get(name, "data:").startswith(("data:", "#"))
    assert not re.search(r"url\(|@import|<script|https?:", html)


def test_every_picture_is_described(page):
    pictures = page.all("img")
    assert len(pictures) == 2 + 3 * 3
    assert all(picture["alt"].strip() for picture in pictures)
    assert len({picture["alt"] for picture in pictures}) == len(pictures)
    charts = page.all("svg")
    assert [chart["role"] for chart in charts] == ["img", "img"]
    assert all(re.search(r"ends at", chart["aria-label"]) for chart in charts)


def test_tables_have_captions_and_headers(page):
    tables, heads = page.all("table"), page.all("th")
    assert len(tables) == len(page.all("caption")) == 4
    assert all(head["scope"] in ("row", "col") for head in heads)


def test_headings_do_not_skip_a_level(page):
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert max(np.diff(levels)) <= 1
    assert len(page.all("h1")) == len(page.all("main")) == 1


def test_the_numbers_are_those_measured(results, page):
    text = " ".join(page.text)
    for run_ in results.photo.runs:
        assert f"{run_.score:.2f}" in text
    for run_ in results.ratings.runs:
        assert f"{run_.score:.4f}" in text
    for _, rmse in results.ratings.baselines:
        assert f"{rmse:.4f}" in text


def test_what_is_assumed_is_said(page):
    text = " ".join(" ".join(page.text).split())
    for phrase in ("is not public", "hypothesis", "modelled", "Left out", "no match for JPEG", "Where the chip loses"):
        assert phrase in text


def test_every_placeholder_is_filled(html):
    assert "$" not in html


def test_a_report_replaces_an_older_one_whole(results, tmp_path):
    (tmp_path / "index.html").write_text("old")
    path = write(results, tmp_path)
    assert path == tmp_path / "index.html"
    assert path.read_text(encoding="utf-8").endswith("</html>\n")
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_older_report(results, tmp_path, monkeypatch):
    (tmp_path / "index.html").write_text("old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write(results, tmp_path)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("index.html", "old")]


def test_run_makes_the_folder(small_plan, tmp_path):
    path, _ = run(tmp_path / "new" / "folder", plan=small_plan)
    assert path.is_file()


def test_run_finds_out_before_it_works_that_there_is_no_place(small_plan, tmp_path):
    (tmp_path / "file").write_text("")
    calls = []
    with pytest.raises(OSError, match="file"):
        run(tmp_path / "file", plan=small_plan, progress=lambda *call: calls.append(call))
    assert calls == []
