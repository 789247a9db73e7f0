"""One file or many, from and to files or pipes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, Protocol

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.image.source import PIPE, read
from mho.cli.report import Json, json_line
from mho.cli.target import check_target

__all__ = ["PIPE", "Done", "Output", "check_suffix", "run_batch", "warn"]


class Done(NamedTuple):
    """The result for one picture.

    Attributes
    ----------
    data : bytes
        Of the file.
    told : str
        What was done.
    figures : mapping
        The same for a program.
    notes : sequence of str
        What was dropped or converted on the way.
    """

    data: bytes
    told: str
    notes: Sequence[str]
    figures: Mapping[str, Any] = MappingProxyType({})


class Work(Protocol):
    """From a picture's name, its bytes and the suffix of the result to the result."""

    def __call__(self, name: str, data: bytes, /, suffix: str) -> Done: ...


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Output:
    """Output options of an image command.

    Parameters
    ----------
    out
        File, a folder for many, or - for standard output.
    no_overwrite
        Leave files that are there as they are, and fail.
    max_pixels
        Refuse larger pictures.
    quiet
        Show nothing but warnings and errors.
    json
        Print a line of JSON for each picture.
    """

    out: Annotated[str, Parameter(name=("-o", "--out"), allow_leading_hyphen=True)]
    no_overwrite: Annotated[bool, Parameter(negative="", show_default=False)] = False
    max_pixels: int = 1 << 25
    quiet: Annotated[bool, Parameter(name=("-q", "--quiet"), negative="", show_default=False)] = False
    json: Json = False

    def places(self, sources: list[str], suffixes: Sequence[str]) -> list[str]:
        """Return output paths, one for each source, with a suffix that says what will be in it."""
        if (len(sources) > 1 or self.out.endswith(os.sep)) and not Path(self.out).is_dir():
            pictures = "1 picture" if len(sources) == 1 else f"{len(sources)} pictures"
            raise ValueError(f"--out must be a folder that is there for {pictures}, got {self.out!r}")
        places = [self._place(source, suffixes[0]) for source in sources]
        twice = next((place for place in places if place != PIPE and places.count(place) > 1), None)
        if twice is not None:
            raise ValueError(f"IN must be pictures of different names, got two for {twice}")
        for place in places:
            check_suffix(place, suffixes)
        return places

    def say(self, message: str, figures: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Tell what was done; where the result is on standard output, on standard error."""
        if self.json:
            print(json_line(figures), file=sys.stderr if self.out == PIPE else sys.stdout)
        elif not self.quiet:
            print(message, file=sys.stderr if self.out == PIPE else sys.stdout)

    def _place(self, source: str, suffix: str) -> str:
        if self.out != PIPE and Path(self.out).is_dir():
            return str(Path(self.out) / Path("stdin" if source == PIPE else source).with_suffix(suffix).name)
        return self.out


def run_batch(
    sources: list[str], output: Output, suffixes: Sequence[str], work: Work, also_read: Sequence[Path] = ()
) -> None:
    """Turn each source's bytes into those of a file; one that fails does not stop the others.

    The result's suffix is one of `suffixes`, the first where it has no name. `also_read` are files that `work` reads
    besides.
    """
    from mho import checks
    from mho.data import DataError

    checks.positive_int(output.max_pixels, "--max-pixels")
    places = output.places(sources, suffixes)
    for place in places:
        if place != PIPE:
            check_target(Path(place), [*sources, *also_read])
    failed = 0
    for source, place in zip(sources, places, strict=True):
        try:
            _one(source, place, output, partial(work, suffix=_suffix(place) or suffixes[0]))
        except (DataError, OSError, ValueError) as error:
            if len(sources) == 1:
                raise
            note(f"error: {error}")
            failed += 1
    if failed:
        raise DataError(f"{failed} of {len(sources)} pictures failed")


def check_suffix(place: str, suffixes: Sequence[str]) -> None:
    """Refuse a file whose name does not say what will be in it."""
    if place != PIPE and _suffix(place) not in suffixes:
        raise ValueError(f"--out must end in {', '.join(suffixes)}, got {place!r}")


def warn(source: str, notes: Sequence[str]) -> None:
    """Tell in one line what of a picture was dropped or converted."""
    if notes:
        note(f"warning: {source}: {'; '.join(notes)}")


def _suffix(place: str) -> str:
    return "" if place == PIPE else Path(place).suffix.lower()


def _one(source: str, place: str, output: Output, work: Callable[[str, bytes], Done]) -> None:
    from mho.data import DataError
    from mho.image.codec import write_file

    if place != PIPE and output.no_overwrite and Path(place).exists():
        raise FileExistsError(errno.EEXIST, "is there already and --no-overwrite was given", place)
    data = read(source, output.max_pixels)
    try:
        done = work(source, data)
    except DataError:
        raise
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error
    if place == PIPE:
        sys.stdout.buffer.write(done.data)
    else:
        write_file(place, done.data)
    warn(source, done.notes)
    figures = {"in": source, "out": place, "bytes": len(done.data), **done.figures, "notes": done.notes}
    output.say(f"{place}: {done.told}", figures)
