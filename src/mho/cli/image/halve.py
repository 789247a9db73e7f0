"""`mho image halve`: a picture at half the numbers, on any engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.image.batch import check_suffix, warn
from mho.cli.image.source import read
from mho.cli.progress import progress
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.tables import table
from mho.cli.target import check_target

__all__ = ["halve"]


def halve(
    source: Annotated[str, Parameter(name="IN", allow_leading_hyphen=True)],
    /,
    *,
    out: Annotated[Path, Parameter(name=("-o", "--out"))],
    engine: Literal["digital", "analog", "hybrid"] = "digital",
    n_components: Annotated[WholeNumber | None, Parameter(name=("-k", "--components"))] = None,
    max_iter: WholeNumber | None = None,
    seed: WholeNumber = 0,
    max_pixels: WholeNumber = 1 << 25,
    quiet: Annotated[bool, Parameter(name=("-q", "--quiet"), negative="", show_default=False)] = False,
    json: Json = False,
) -> None:
    """Factor every channel of a picture as a whole, at half the numbers, as the published chips do.

    Beside it stand the same factors at 8 bits a number, the singular values at the same rank, and PNG and JPEG, which
    are the better way to store a picture.

    Parameters
    ----------
    source
        A picture that Pillow reads; - is standard input.
    out
        Where the product of the factors goes: .png, .jpg, .webp or .ppm.
    engine
        Who solves the half-steps; the chips have 16 levels, a programming error of 2 %, 8-bit converters and reference
        columns, and read their cells back.
    n_components
        Rank; without it, that of half the numbers.
    max_iter
        Iterations, the two digital ones at the end of the hybrid included; without it 100, with a chip 40.
    seed
        For the starting factors and the errors of the chip.
    max_pixels
        Refuse larger pictures.
    quiet
        Show nothing but warnings and errors.
    json
        Print JSON.
    """
    from mho import checks
    from mho.image import half_rank
    from mho.image import halve as halved
    from mho.image.codec import FORMATS, picture_bytes, read_picture, write_file

    checks.positive_int(max_pixels, "--max-pixels")
    check_suffix(str(out), list(FORMATS))
    check_target(out, [source])
    picture, notes = read_picture(read(source, max_pixels), source, max_pixels=max_pixels)
    rank = half_rank(*picture.shape) if n_components is None else n_components
    with progress(quiet=quiet) as shown:
        shown.stage(f"factoring {Path(source).name} at rank {rank}")
        result = halved(
            *(picture.pixels,),
            **{"n_components": rank, "engine": engine, "max_iter": max_iter, "random_state": seed},
        )
    data, lost = picture_bytes(replace(picture, pixels=result.pixels), FORMATS[out.suffix.lower()])
    write_file(out, data)
    warn(source, (*notes, *lost))
    if json:
        print(as_json(_figures(picture.pixels, result, rank) | {"out": out, "bytes": len(data)}))
    elif not quiet:
        print(table(_rows(picture.pixels, result, rank)))


def _figures(pixels: Any, result: Any, rank: int) -> dict[str, Any]:
    from mho.image import truncated
    from mho.image.quality import psnr_of_pixels

    rounded, best = result.rounded(pixels), truncated(pixels, rank)
    return {
        "components": rank,
        "share_of_numbers": result.storage,
        "psnr": psnr_of_pixels(pixels, result.pixels),
        "psnr_8bit": psnr_of_pixels(pixels, rounded.pixels),
        "bits_per_pixel_8bit": rounded.bits_per_pixel(8),
        "psnr_singular_values": psnr_of_pixels(pixels, best),
    }


def _rows(pixels: Any, result: Any, rank: int) -> list[tuple[str, str]]:
    from mho.image import truncated
    from mho.image.codec import Picture, picture_bytes, read_picture
    from mho.image.quality import measured

    area = pixels.shape[0] * pixels.shape[1]
    rounded = result.rounded(pixels)
    rows = [
        ("rank", f"{rank}: {result.storage:.1%} of the numbers"),
        ("W H", measured(pixels, result.pixels)),
        ("8-bit W H", f"{measured(pixels, rounded.pixels)}, {rounded.bits_per_pixel(8):.2f} bits a pixel"),
        ("singular values", f"{measured(pixels, truncated(pixels, rank))}, signed numbers"),
    ]
    for form in ("PNG", "JPEG"):
        data, _ = picture_bytes(Picture(pixels), form)
        again, _ = read_picture(data, form)
        rows.append((form, f"{measured(pixels, again.pixels)}, {8 * len(data) / area:.2f} bits a pixel"))
    return rows
