"""`mho image decompress`: `.mho` files to PNG, JPEG, WebP or PPM."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from mho.cli.image.batch import Done, Output, run_batch

__all__ = ["decompress"]


def decompress(
    sources: Annotated[list[str], Parameter(name="IN", negative="", allow_leading_hyphen=True)],
    /,
    *,
    output: Output,
    form: Annotated[Literal["png", "jpg", "webp", "ppm"], Parameter(name="--format")] = "png",
) -> None:
    """Decompress .mho files; the end of OUT says to what, --format where OUT is a folder or a pipe.

    Parameters
    ----------
    sources
        Files; - is standard input.
    output
        Where it goes.
    form
        PNG, WebP and PPM hold the picture as it is, JPEG at quality 95.
    """
    from mho.image.codec import FORMATS, picture_bytes, read_picture

    def work(source: str, data: bytes, suffix: str) -> Done:
        picture, notes = read_picture(data, source, max_pixels=output.max_pixels)
        result, lost = picture_bytes(picture, FORMATS[suffix])
        told = f"{picture.shape[1]} x {picture.shape[0]} pixels, {len(result):,} bytes"
        return Done(result, told, (*notes, *lost))

    run_batch(sources, output, list(dict.fromkeys([f".{form}", *FORMATS])), work)
