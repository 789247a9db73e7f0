"""Pages of the site that come from the package itself, the commands' reference and the API's; blocks of other pages.

`docs/conf.py` calls it before each build. A new package or command needs no line here: what `mho` exports and what the
program lists is what is written. Scripts beside it write what stands between `<!-- begin NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

NOT_LISTED = frozenset(("demo",) if importlib.util.find_spec("torch") else ("demo", "torch"))
"""Packages that are there after `import mho` and are no interface of their own, or lack what they stand on."""

ROUTING = "set_fit_request, set_transform_request, set_partial_fit_request, set_score_request, get_metadata_routing"
"""Methods that scikit-learn adds to every estimator; its own pages describe them."""


BLOCK = re.compile(r"(<!-- begin ([a-z0-9 -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write(docs: Path) -> None:
    """Write `lookup/commands` and `lookup/api` below `docs`, anew."""
    _replace(docs / "lookup" / "commands", command_pages())
    _replace(docs / "lookup" / "api", api_pages())


def _replace(folder: Path, pages: dict[str, str]) -> None:
    """Leave pages alone that are as before, so that a second build is quick."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


# Commands


def command_pages() -> dict[str, str]:
    """Return a page for each command of the program, and their index."""
    from mho.cli.app import app

    text = app.generate_docs(output_format="markdown", heading_level=1, max_heading_level=4)
    sections = re.split(r"^## mho (?=[\w-]+$)", text, flags=re.MULTILINE)[1:]
    pages = {}
    for section in sections:
        name = section.split("\n", 1)[0]
        if name.startswith("-"):
            continue
        pages[f"{name}.md"] = _command_page(section) + _examples(app, name)
    return pages | {"index.md": _command_index(sorted(pages))}


def _command_page(section: str) -> str:
    """Return a section as a page: its headings one level up."""
    page = "# mho " + re.sub(r"^#(#+) ", r"\1 ", section, flags=re.MULTILINE)
    page = re.sub(r"^```console$", "```text", page, flags=re.MULTILINE)
    page = re.sub(r"\[`([\w-]+)`\]\(#[\w-]+\)", r"`\1`", page)
    return page.rstrip() + "\n"


def _examples(app: Any, name: str) -> str:
    epilogue = app[name].help_epilogue
    return "" if not epilogue else "\n" + str(epilogue).replace("Examples:", "**Examples**:") + "\n"


def _command_index(names: list[str]) -> str:
    listed = "\n".join(names)
    return (
        "# Commands\n\nWritten from the program itself; `mho COMMAND --help` prints the same. Exit codes: 0 done, 1 "
        "the work failed, 2 a wrong argument, 3 done with an alarm, 70 a fault of mho, "
        "130 interrupted, 143 told to terminate.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
    )


# API


def api_pages() -> dict[str, str]:
    """Return a page for each public package of mho, and their index."""
    import mho

    names = [name for name in sorted(mho._PACKAGES) if name not in NOT_LISTED]
    described: set[int] = set()
    pages = {f"{name}.rst": _package_page(f"mho.{name}", described) for name in names}
    return pages | {"index.rst": _api_index(names)}


def _api_index(names: list[str]) -> str:
    import mho

    homes = "\n".join(f"   * - ``mho.{name}``\n     - :doc:`{home[4:]}`" for name, home in sorted(mho._HOMES.items()))
    listed = "\n".join(f"   {name}" for name in names)
    return (
        "API\n===\n\nAll packages are there after ``import mho``; what is heavy loads when it is first used. "
        "Quantities are SI.\n\n"
        ".. list-table:: At the top\n   :header-rows: 1\n\n   * - name\n     - defined in\n"
        f"{homes}\n\n.. toctree::\n   :maxdepth: 1\n\n{listed}\n"
    )


def _package_page(package: str, described: set[int]) -> str:
    """Return the page of a package; what an earlier package exports too is not indexed again."""
    module = importlib.import_module(package)
    parts = [package, "=" * len(package), "", f".. automodule:: {package}", "   :no-members:", ""]
    for name in module.__all__:
        thing = getattr(module, name)
        again = ["   :no-index:"] if id(thing) in described else []
        parts += [name, "-" * len(name), "", *_directive(package, name, thing), *again, ""]
        described.add(id(thing))
    return "\n".join(parts)


def _directive(package: str, name: str, thing: Any) -> list[str]:
    if inspect.isclass(thing):
        return [f".. autoclass:: {package}.{name}", "   :members:", "   :exclude-members: " + ROUTING]
    if inspect.ismodule(thing):
        return [f".. automodule:: {thing.__name__}", "   :members:"]
    if callable(thing):
        return [f".. autofunction:: {package}.{name}"]
    return [f".. autodata:: {package}.{name}", "   :no-value:"]


def escape_markup(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Escape bars of a norm and names that end in an underscore, where reStructuredText would see markup."""
    code = re.compile(r"(``.*?``|`[^`]*`_*)")
    for i, line in enumerate(lines):
        if line.lstrip().startswith((">>>", "...", "..")):
            continue
        parts = code.split(line)
        lines[i] = "".join(part if j % 2 else _escaped(part) for j, part in enumerate(parts))


def _escaped(text: str) -> str:
    return re.sub(r"(?<![\\`])\||(?<=\w)_(?=[^\w`]|$)", r"\\\g<0>", text)


# Pages that lie loose


def add_loose_pages(app: Any, docname: str, source: list[str]) -> None:
    """Name in the guides' index the pages that lie beside `index.md` and belong to no part of the site yet."""
    if docname == "do/index":
        loose = sorted(path.stem for path in Path(app.srcdir).glob("*.md") if path.stem not in ("index", "references"))
        source[0] = source[0].replace("<!-- loose pages -->", "\n".join(f"/{name}" for name in loose))


def copy(source: Path, target: Path) -> None:
    """Copy a file into a folder that may not be there yet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


# Blocks of pages


def made_anew(page: str, blocks: Mapping[str, Callable[[], str]]) -> str:
    """Return a page with every block that has a function made again by it; others stay."""

    def made(found: re.Match[str]) -> str:
        make = blocks.get(found[2])
        return found[0] if make is None else f"{found[1]}{make().rstrip()}\n{found[3]}"

    return BLOCK.sub(made, page)


def write_blocks(path: Path, blocks: Mapping[str, Callable[[], str]]) -> None:
    """Make the blocks of a page again, in its file."""
    from mho.data import replacing

    text = made_anew(path.read_text(encoding="utf-8"), blocks)
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
