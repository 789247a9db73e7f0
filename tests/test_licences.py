"""Licences: of each file of data, and of each package that mho imports or that those need."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mho

SOURCE = Path(mho.__file__).parent
FILES = SOURCE / "data" / "files"
LICENCES = (FILES / "LICENSES.md").read_text(encoding="utf-8")

PERMISSIVE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|PSF|Python Software Foundation|MPL|ISC|Zlib|HPND|CMU|Unlicense)\b", re.I
)
COPYLEFT = re.compile(r"\bA?GPL|GNU (Affero )?General Public")

NOT_HERE = {"anndata": "BSD-3-Clause", "zarr": "MIT", "cupy": "MIT", "implicit": "MIT", "torch": "BSD-3-Clause"}
"""Packages that mho imports where the user has them, and that no test needs: as their own metadata state."""

OURS = {"image/codec/files/universal.npz", "image/codec/files/weighted.npz"}
"""Binary files that mho's own commands wrote."""


@cache
def imported():
    """Names of the packages that any module of mho imports, at its top or later."""
    names = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module)
    return {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - {"mho"}


@cache
def owners():
    """Distributions by the packages that they hold; all of their metadata are read for it."""
    return packages_distributions()


def needed(names):
    """The installed distributions of packages, and of all that they require."""
    found = set()
    waiting = [owner for name in names for owner in owners().get(name, ())]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        try:
            requires = distribution(name).requires or []
        except PackageNotFoundError:  # for another platform or an option that nobody asked for
            continue
        found.add(name)
        wanted = map(Requirement, requires)
        waiting += [one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    return found


@cache
def stated(name):
    """A distribution's own statements of its licence."""
    meta = distribution(name).metadata
    classifiers = [text for text in meta.get_all("Classifier", []) if text.startswith("License ::")]
    return [text for text in (meta.get("License-Expression"), *classifiers, (meta.get("License") or "")[:80]) if text]


def test_every_package_that_is_imported_is_known():
    assert {name for name in imported() if name not in owners()} <= NOT_HERE.keys()


def test_no_package_that_mho_imports_or_that_those_need_is_under_the_gpl():
    found = needed(imported())
    assert len(found) > 20
    choices = {"docutils"}  # its 0.21 lists the licences of its files, of which one, a mode of Emacs, is under the GPL
    wrong = {name: stated(name) for name in found - choices if any(COPYLEFT.search(text) for text in stated(name))}
    assert wrong == {}
    assert {name: stated(name) for name in found if not any(map(PERMISSIVE.search, stated(name)))} == {}


@pytest.mark.parametrize(
    "text", ["GPL-3.0-or-later", "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"]
)
def test_such_a_licence_would_be_seen(text):
    assert COPYLEFT.search(text)
    assert not COPYLEFT.search("LGPL-2.1-or-later")


def test_each_file_of_data_has_its_licence_and_the_other_way_round():
    """A heading of LICENSES.md names the files that it is about."""
    named = set(re.findall(r"[\w-]+\.\w[\w.]*", " ".join(re.findall(r"^## (.*)$", LICENCES, re.M))))
    data = {path.name for path in FILES.iterdir()} - {"LICENSES.md", "MOVIELENS-README.txt"}
    assert data == named


def test_no_data_lies_anywhere_else():
    kinds = (".npz", ".npy", ".gz", ".bz2", ".csv", ".parquet", ".png", ".jpg", ".bin", ".safetensors", ".wav")
    found = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*") if path.suffix in kinds}
    assert {path for path in found if not path.startswith("data/files/")} == OURS


def test_the_licences_are_shipped():
    files = {str(path) for path in distribution("mho").files or []}
    assert {name.rsplit("/", 1)[-1] for name in files if "licenses/" in name} >= {"LICENSE", "LICENSES.md"}
