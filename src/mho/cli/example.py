"""`mho example`: small files to try the commands on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.report import Json, as_json
from mho.cli.tables import columns
from mho.cli.target import check_target

__all__ = ["example"]


def example(
    *names: Annotated[str, Parameter(name="NAME")],
    every: Annotated[bool, Parameter(name="--all", negative="", show_default=False)] = False,
    to: Annotated[Path, Parameter(name=("-o", "--out", "--to"))] = Path(),
    json: Json = False,
) -> None:
    """Write small example files, on which the lines of the README and of the docs run; without a name, list them.

    They are a photograph (CC0) and film ratings of GroupLens's, which are not for commercial purposes.

    Parameters
    ----------
    names
        photo.npy, ratings.csv or any other of the list.
    every
        Write all of them.
    to
        Folder to write to, this one by default. A file that is there with other content is never written over.
    json
        Print the list as JSON.
    """
    from mho import checks
    from mho.demo.examples import EXAMPLES

    if json and not (names or every):
        print(as_json({name: about.about for name, about in EXAMPLES.items()}))
        return
    if not (names or every):
        print(columns([(name, about.about) for name, about in EXAMPLES.items()]))
        return
    for name in names:
        checks.one_of(name, "NAME", tuple(EXAMPLES))
    chosen = {to / name: EXAMPLES[name] for name in (EXAMPLES if every else names)}
    made = {path: _made(path, one) for path, one in chosen.items()}
    for path, content in made.items():
        _write(path, content)
        print(f"{path}: {EXAMPLES[path.name].about}")


def _made(path: Path, one: Any) -> bytes:
    check_target(path, option="-o")
    content = one.make()
    if path.exists() and path.read_bytes() != content:
        raise ValueError(f"{path}: is there already with other content and is not written over; take another --out")
    return content


def _write(path: Path, content: bytes) -> None:
    from mho.data import replacing

    with replacing(path) as temporary:
        temporary.write_bytes(content)
