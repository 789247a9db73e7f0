"""Claims: all can be measured, pages that make them exist, those that take no time hold, and a wrong one is told."""

import json
import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from mho.cli import main
from mho.reproduce import Claim, claims, reproduce
from mho.reproduce.figures import FIGURES

ROOT = Path(__file__).parents[1]
script = SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "claims_page.py")))
FIELD = ("inverse", "eigenvector", "settling-law", "regression")
QUICK = (*FIELD, "nnls-exact", "photo-cpu", "error-of-writing", "netflix-energy", "netflix-time")


def test_every_claim_has_a_figure_and_every_figure_a_claim():
    assert set(claims()) == set(FIGURES)
    assert all(claim.low < claim.high for claim in claims().values())


def test_pages_that_make_claims_exist():
    for claim in claims().values():
        for page in claim.pages:
            gallery = page.startswith("gallery/")
            path = ROOT / "examples" / f"{page[8:]}.py" if gallery else ROOT / "docs" / f"{page}.md"
            assert page == "README" or path.exists(), page


def test_quick_claims_hold():
    assert [(one.claim.name, one.holds) for one in reproduce(QUICK)] == [(name, True) for name in QUICK]


@pytest.mark.spice
def test_the_waveform_agrees_with_ngspice():
    (outcome,) = reproduce(["spice-waveform"])
    assert outcome.holds


def test_the_command_says_what_it_found(capsys, tmp_path):
    assert main(["reproduce", "nnls-exact", "--out", str(tmp_path / "r.json"), "-q"]) == 0
    assert "nnls-exact" in capsys.readouterr().out
    (row,) = json.loads((tmp_path / "r.json").read_text())["claims"]
    assert row["holds"] is True
    assert 0 <= row["value"] <= 1e-9


def test_a_claim_that_does_not_hold_is_told_and_fails(capsys, monkeypatch):
    wrong = replace(claims()["nnls-exact"], low=1.0, high=2.0)
    monkeypatch.setitem(claims(), "nnls-exact", wrong)
    assert main(["reproduce", "nnls-exact", "-q"]) == 1
    said = capsys.readouterr()
    assert "DOES NOT HOLD" in said.out
    assert "nnls-exact" in said.err


def test_what_is_missing_is_told_and_fails_nothing(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert main(["reproduce", "spice-waveform", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["claims"]
    assert (row["value"], row["holds"], row["why_not"]) == (None, None, "ngspice is not installed")


def test_a_name_that_is_no_claim_is_refused_before_any_work(capsys):
    assert main(["reproduce", "nnls-exact", "fastest"]) == 2
    assert "fastest" in capsys.readouterr().err


def test_both_ends_of_an_interval_hold():
    claim = Claim(name="a", says="a", pages=(), unit="", low=1, high=2, seconds=0)
    assert [claim.holds(value) for value in (0.99, 1, 2, 2.01)] == [False, True, True, False]


def test_the_page_has_the_figures_that_were_recorded():
    """`python scripts/claims_page.py` writes it; a record of other claims is refused."""
    page = (ROOT / "docs" / "measured" / "claims.md").read_text(encoding="utf-8")
    assert script.made_anew(page) == page
    assert page.count("`mho reproduce ") == len(claims())


def test_a_record_of_other_claims_is_refused(monkeypatch):
    monkeypatch.setitem(script.recorded.__globals__, "digest", lambda: "another")
    with pytest.raises(ValueError, match="older than the claims"):
        script.recorded()


def test_the_readme_says_what_was_recorded():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    value = {row["name"]: row["value"] for row in script.recorded()["claims"]}
    assert f"{value['nmf-speed']:.0f} times as fast" in text
    assert f"within {100 * value['spice-waveform']:.2f} %" in text
    assert f"1/{1 / value['netflix-energy']:.0f} of the energy" in text
    assert f"{round(value['netflix-time'], -1):.0f} times as long" in text
