"""Checks a built site: python scripts/check_site.py docs/_build/html.

Every link and picture leads to a file, and to a place in it, that was built; no page asks another server for anything.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}
NOT_FETCHED = frozenset(("index", "search", "next", "prev", "canonical", "author", "copyright"))
"""What a <link> may be without a browser asking for it."""


class Page(HTMLParser):
    """Targets, links and loaded files of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in LOADED and LOADED[tag] in given and given.get("rel") not in NOT_FETCHED:
            self.loads.append(given[LOADED[tag]])


def faults(site: Path) -> list[str]:
    """Return a line for each link that leads nowhere and each file that another server would have to give."""
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        where = path.relative_to(site.resolve())
        found += [f"{where}: loads {load}" for load in page.loads if urlsplit(load).netloc]
        local = (link for link in [*page.links, *page.loads] if not urlsplit(link).scheme and not urlsplit(link).netloc)
        found += [f"{where}: {link} leads nowhere" for link in local if not _leads(path, link, pages)]
    return found


def _leads(path: Path, link: str, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(link)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
    if not target.is_file():
        return False
    # a page that is asked something reads what stands behind # by itself: the lab's views
    page = pages.get(target) if parts.fragment and not parts.query else None
    return page is None or unquote(parts.fragment) in page.ids


def main(site: Path) -> int:
    """Print what is wrong; 1 if anything is, or if nothing was built."""
    lines = faults(site)
    print("\n".join(lines))
    return 1 if lines or not list(site.glob("index.html")) else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
