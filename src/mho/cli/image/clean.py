"""`mho image clean`: lost pixels of a photo filled in, noise taken away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.errors import note
from mho.cli.image.batch import PIPE, Output, read, run_batch
from mho.cli.settings import WholeNumber

__all__ = ["clean"]


def clean(
    source: Annotated[str, Parameter(name="IN", allow_leading_hyphen=True)],
    /,
    *,
    output: Output,
    mask: Path | None = None,
    noise: float | None = None,
    seed: WholeNumber = 0,
) -> None:
    """Fill in lost pixels of a photo, or take noise away, by non-negative factors of its own patches.

    Parameters
    ----------
    source
        A picture that Pillow reads; - is standard input.
    output
        Where it goes; a pipe gets PNG.
    mask
        A picture of the same size: what is not black in it is lost. Without --noise all other pixels stay.
    noise
        Standard deviation of Gaussian noise in grey levels of 0 to 255; it is taken away last.
    seed
        For the dictionary of patches.
    """
    from mho.image.codec import FORMATS, picture_bytes, read_picture

    if mask is None and noise is None:
        raise ValueError("--mask or --noise must be given, there is nothing else to do")

    def work(name: str, data: bytes, place: str) -> bytes:
        suffix = ".png" if place == PIPE else Path(place).suffix.lower()
        if suffix not in FORMATS:
            raise ValueError(f"--out must end in {', '.join(FORMATS)}, got {place!r}")
        picture, dropped = read_picture(data, name, max_pixels=output.max_pixels)
        pixels, told = _cleaned(picture.pixels, mask, noise, seed)
        result, lost = picture_bytes(replace(picture, pixels=pixels), FORMATS[suffix])
        for what in (*dropped, *lost):
            note(f"warning: {name}: {what} was dropped")
        output.say(f"{place}: {told}")
        return result

    run_batch([source], output, ".png", work)


def _cleaned(pixels: Any, mask: Path | None, noise: float | None, seed: int) -> tuple[Any, str]:
    from mho.image.cleanup import denoise

    told = []
    if mask is not None:
        pixels, filled = _inpainted(pixels, mask, seed)
        told.append(filled)
    if noise is not None:
        pixels = denoise(pixels, noise, random_state=seed)
        told.append(f"noise of {noise:g} grey levels reduced")
    return pixels, ", ".join(told)


def _inpainted(pixels: Any, mask: Path, seed: int) -> tuple[Any, str]:
    from mho.image.cleanup import inpaint
    from mho.image.codec import read_picture

    picture, _ = read_picture(read(str(mask)), str(mask))
    lost = picture.pixels > 0 if picture.pixels.ndim == 2 else picture.pixels.any(axis=2)
    if lost.shape != pixels.shape[:2]:
        raise ValueError(f"--mask must be as large as the picture, {pixels.shape[:2]}, got {lost.shape}")
    return inpaint(pixels, lost, random_state=seed), f"{lost.sum():,} pixels filled in"
