"""`mho image`: commands about pictures, one file each."""

from __future__ import annotations

from cyclopts import App

from mho.cli.image.clean import clean
from mho.cli.image.compare import compare
from mho.cli.image.compress import EXAMPLES, compress
from mho.cli.image.decompress import decompress
from mho.cli.image.halve import halve
from mho.cli.image.info import info

__all__ = ["image"]

image = App(name="image", help="Compress pictures to .mho files and back, compare and clean pictures.")
image.command(compress, help_epilogue=EXAMPLES)
image.command(decompress)
image.command(info)
image.command(halve)
image.command(clean)
image.command(compare)
