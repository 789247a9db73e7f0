"""The version, counted from tags."""

import runpy
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[1]
script = SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "version_of_tag.py")))


@pytest.mark.parametrize(
    ("described", "version"),
    [
        ("v1.2.3-0-g0123abc", "1.2.3"),
        ("v1.2.3-7-g0123abc", "1.2.4.dev7"),
        ("v0.10.0-12-gf", "0.10.1.dev12"),
        ("", ""),
        ("v1.2-0-g0123abc", ""),
        ("v1.2.3rc1-0-g0123abc", ""),
    ],
)
def test_a_description_by_git_is_a_version(described, version):
    assert script.of_description(described) == version


def test_a_clone_has_that_of_its_tag_and_one_without_tags_the_newest_release(tmp_path):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True)

    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n## Unreleased\n\n## 0.4.1\n\n## 0.4.0\n")
    assert script.version(tmp_path) == "0.4.1"
    git("init")
    git("commit", "--allow-empty", "-m", "one")
    assert script.version(tmp_path) == "0.4.1"
    git("tag", "v0.5.0")
    assert script.version(tmp_path) == "0.5.0"
    git("commit", "--allow-empty", "-m", "two")
    assert script.version(tmp_path) == "0.5.1.dev1"
    (tmp_path / "PKG-INFO").write_text("Metadata-Version: 2.4\nName: mho\nVersion: 0.3.9\n")
    assert script.version(tmp_path) == "0.3.9"


def test_changes_and_citation_name_the_same_release():
    """A release is three lines: a heading in CHANGELOG.md, the version in CITATION.cff, and the tag."""
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {script._only(script._RELEASE, ROOT / 'CHANGELOG.md')}\n" in citation


def test_the_build_asks_for_nothing_else():
    with pytest.raises(ValueError, match="only the version"):
        script.dynamic_metadata("readme", {})
