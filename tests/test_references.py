"""Every source is a key of docs/references.md: listed, used, with an address or a word that it has none."""

import re
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "references.md"
KEY = re.compile(r"\b[A-Z]\w+-(?:19|20)\d\d[a-z]?\b|\bNeuroSim-1\.4\b|\baihwkit\b|\bCrossSim\b")
ENTRY = re.compile(r"^\| (\S+) \| (.+) \|$", re.MULTILINE)
EXAMPLE = re.compile(r"^ *>>> (?:.+\n?)+", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
MARK = re.compile(r"(?<=\s)\[(?:hypothesis[^\]\n]*, )?[1-9](?:\.\d)?(?:, [1-9](?:\.\d)?)*\](?!\()")
SUFFIXES = {".py", ".md", ".toml", ".inl", ".hpp", ".cpp"}
FILES = [
    path
    for folder in ("src", "docs", "benchmarks", "scripts")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in SUFFIXES and path != PAGE and not {"build", ".venv"} & set(path.parts)
]
ENTRIES = dict(ENTRY.findall(PAGE.read_text(encoding="utf-8").split("|---|---|")[-1]))


def prose(path: Path) -> str:
    """The text of a file without code: of Python, comments and docstrings without their examples."""
    if path.suffix != ".py":
        return re.sub(
            r"```.*?```|`[^`\n]*`|^    [^\n]*$", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
        )
    with tokenize.open(path) as file:
        tokens = list(tokenize.generate_tokens(file.readline))
    told = [t.string for t in tokens if t.type == tokenize.COMMENT or t.string.startswith(('"""', 'r"""'))]
    return "\n".join(re.sub(r"``.*?``|`[^`]*`", "", EXAMPLE.sub("", text)) for text in told)


def test_every_key_is_listed_and_every_entry_is_used():
    used = {key for path in FILES for key in KEY.findall(path.read_text(encoding="utf-8"))}
    assert {"NMF-2026", "Andrulis-2024", "Wan-2022"} <= used
    assert set(ENTRIES) == used


def test_every_entry_has_an_address_or_says_that_it_has_none():
    assert {key for key, text in ENTRIES.items() if not re.search(r"https://|address not verified", text)} == set()
    assert {key for key, text in ENTRIES.items() if "https://" in text and "not verified" in text} == set()
    for link, doi in re.findall(r"\[(10\.\S+?)\]\(https://doi\.org/(\S+?)\)", PAGE.read_text(encoding="utf-8")):
        assert link == doi


def test_no_number_stands_for_a_source():
    assert [(path.name, mark) for path in FILES if path.suffix != ".cpp" for mark in MARK.findall(prose(path))] == []


def test_every_link_between_pages_leads_somewhere():
    """Those to pages that the site's build makes are followed there, by scripts/check_site.py."""
    made = re.compile(r"(^|/)(gallery|lookup/api|lookup/commands|api|commands)/")
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    links = [(page, link) for page in pages for link in LINK.findall(page.read_text(encoding="utf-8"))]
    assert len(links) > 30
    assert [(page.name, link) for page, link in links if not (made.search(link) or (page.parent / link).exists())] == []


def test_every_page_that_a_file_names_is_there():
    named = re.compile(r"\bdocs/[\w/-]+\.md\b")
    files = [*FILES, ROOT / "Makefile", *(ROOT / "tests").rglob("*.py")]
    pages = {(path.name, page) for path in files for page in named.findall(path.read_text(encoding="utf-8"))}
    assert len(pages) > 20
    assert {(file, page) for file, page in pages if not (ROOT / page).exists()} == set()


def test_every_decision_is_listed():
    folder = ROOT / "docs" / "decisions"
    assert set(LINK.findall((folder / "README.md").read_text(encoding="utf-8"))) == {
        page.name for page in folder.glob("*.md") if page.name != "README.md"
    }


def test_no_author_and_year_stand_for_a_key():
    named = re.compile(r"[A-Z][a-z]+ (?:and [A-Z][a-z]+|et al\.),? \(?(?:19|20)\d\d")
    files = [path for path in FILES if path.suffix in (".py", ".md", ".toml") and path.name != "LICENSES.md"]
    assert [(path.name, found) for path in files for found in named.findall(path.read_text(encoding="utf-8"))] == []
