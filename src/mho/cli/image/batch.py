"""One file or many, from and to files or pipes."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mho.cli.errors import note

__all__ = ["Output", "run_batch"]

PIPE = "-"


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Output:
    """Where it goes.

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
    """

    out: Annotated[str, Parameter(name=("-o", "--out"), allow_leading_hyphen=True)]
    no_overwrite: Annotated[bool, Parameter(negative="", show_default=False)] = False
    max_pixels: int = 1 << 25
    quiet: Annotated[bool, Parameter(name=("-q", "--quiet"), negative="", show_default=False)] = False

    def place(self, source: str, suffix: str) -> str:
        """Return where the result of `source` goes."""
        if self.out != PIPE and Path(self.out).is_dir():
            return str(Path(self.out) / Path("stdin" if source == PIPE else source).with_suffix(suffix).name)
        return self.out

    def say(self, message: str) -> None:
        """Tell what was done; where the result is on standard output, on standard error."""
        if not self.quiet:
            print(message, file=sys.stderr if self.out == PIPE else sys.stdout)


def run_batch(sources: list[str], output: Output, suffix: str, work: Callable[[str, bytes, str], bytes]) -> None:
    """Turn each source's bytes into those of a file; one that fails does not stop the others.

    `work` takes the source's name, its bytes and the name of the result.
    """
    from mho import checks
    from mho.data import DataError

    checks.positive_int(output.max_pixels, "--max-pixels")
    if len(sources) > 1 and not Path(output.out).is_dir():
        raise ValueError(f"--out must be a folder that is there for {len(sources)} pictures, got {output.out!r}")
    places = [output.place(source, suffix) for source in sources]
    twice = next((place for place in places if places.count(place) > 1), None)
    if twice is not None:
        raise ValueError(f"IN must be pictures of different names, got two for {twice}")
    failed = 0
    for source, place in zip(sources, places, strict=True):
        try:
            _one(source, place, output, work)
        except (DataError, OSError, ValueError) as error:
            if len(sources) == 1:
                raise
            note(f"error: {error}")
            failed += 1
    if failed:
        raise DataError(f"{failed} of {len(sources)} pictures failed")


def _one(source: str, place: str, output: Output, work: Callable[[str, bytes, str], bytes]) -> None:
    from mho.image.codec import write_file

    if place != PIPE and output.no_overwrite and Path(place).exists():
        raise FileExistsError(errno.EEXIST, "is there already and --no-overwrite was given", place)
    result = work(source, read(source), place)
    if place == PIPE:
        sys.stdout.buffer.write(result)
    else:
        write_file(place, result)


def read(source: str) -> bytes:
    """Return the bytes of a file, or of standard input for -."""
    return sys.stdin.buffer.read() if source == PIPE else Path(source).read_bytes()
