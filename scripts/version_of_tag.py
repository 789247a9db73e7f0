"""Version of the package, for the build: that of the newest tag `v1.2.3`, counted on from there.

At a tag it is the tag's; 7 commits after v1.2.3 it is 1.2.4.dev7. A source distribution has its own in PKG-INFO, and a
clone without tags takes the newest release of CHANGELOG.md.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

_DESCRIBED = re.compile(r"v(\d+)\.(\d+)\.(\d+)-(\d+)-g[0-9a-f]+")
_RELEASE = re.compile(r"^## (\d+\.\d+\.\d+)", re.MULTILINE)
_PACKAGED = re.compile(r"^Version: (.+)$", re.MULTILINE)


def dynamic_metadata(field: str, settings: dict[str, Any]) -> str:
    """Return the version as scikit-build-core asks for it."""
    if field != "version" or settings:
        raise ValueError(f"only the version, without settings, comes from here, got {field!r} with {settings}")
    return version(ROOT)


def version(root: Path) -> str:
    """Return the version of the sources in a folder."""
    packaged = root / "PKG-INFO"
    if packaged.is_file():
        return _only(_PACKAGED, packaged)
    return of_description(_described(root)) or _only(_RELEASE, root / "CHANGELOG.md")


def of_description(described: str) -> str:
    """Return the version that `git describe --long` stands for; "" where it names no tag of a release."""
    found = _DESCRIBED.fullmatch(described)
    if found is None:
        return ""
    major, minor, patch, commits = map(int, found.groups())
    return f"{major}.{minor}.{patch + 1}.dev{commits}" if commits else f"{major}.{minor}.{patch}"


def _described(root: Path) -> str:
    if not (root / ".git").exists():  # else git would describe a repository around the folder
        return ""
    command = ["git", "-C", str(root), "describe", "--tags", "--long", "--match", "v[0-9]*.[0-9]*.[0-9]*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # there is no git
        return ""


def _only(pattern: re.Pattern[str], path: Path) -> str:
    found = pattern.search(path.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{path} must name a version")
    return found[1].strip()
