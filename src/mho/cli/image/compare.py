"""`mho image compare`: how far two pictures are apart, in figures and on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from mho.cli.image.batch import check_suffix, warn
from mho.cli.image.source import read
from mho.cli.report import Json, as_json
from mho.cli.settings import WholeNumber
from mho.cli.target import check_target

__all__ = ["compare"]


def compare(
    before: Annotated[str, Parameter(name="BEFORE", allow_leading_hyphen=True)],
    after: Annotated[str, Parameter(name="AFTER", allow_leading_hyphen=True)],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=("-o", "--out"))] = None,
    max_pixels: WholeNumber = 1 << 25,
    json: Json = False,
) -> None:
    """Compare two pictures of one size: PSNR, SSIM and bits a pixel; with -o on a page with a slider.

    Both are turned upright as their Exif says. If only one is grey, its levels are taken as red, green and blue; if
    only one has alpha, the other is opaque.

    Parameters
    ----------
    before
        The original; - is standard input.
    after
        What became of it, such as a .mho file.
    out
        HTML file, complete in itself.
    max_pixels
        Refuse larger pictures.
    json
        Print JSON.
    """
    from mho import checks
    from mho.image.codec import read_picture, write_file
    from mho.image.compare import compared, comparison_page

    checks.positive_int(max_pixels, "--max-pixels")
    if out is not None:
        check_suffix(str(out), [".html", ".htm"])
        check_target(out, [before, after])
    files = {name: read(name, max_pixels) for name in dict.fromkeys((before, after))}
    pictures = []
    for name in (before, after):
        picture, notes = read_picture(files[name], name, max_pixels=max_pixels)
        warn(name, notes)
        pictures.append(picture)
    pair = compared(*pictures, names=(before, after))
    warn(f"{before} and {after}", pair.notes)
    m, n = pair.before.shape
    bits = " and ".join(f"{8 * len(files[name]) / (m * n):.3f}" for name in (before, after))
    figures = f"{pair.figures}, {bits} bits a pixel"
    if out is not None:
        names = Path(before).name, Path(after).name
        write_file(out, comparison_page(pair.before, pair.after, names=names, figures=figures).encode())
    if json:
        print(as_json(_figures(pair, {name: len(files[name]) for name in (before, after)})))
    else:
        print(figures)


def _figures(pair: Any, sizes: dict[str, int]) -> dict[str, Any]:
    """Return PSNR (infinite where every sample is equal), SSIM and bytes, for a program."""
    from mho.image.quality import psnr_of_pixels, ssim_of_pixels

    before, after = pair.before.pixels, pair.after.pixels
    ssim = ssim_of_pixels(before, after) if min(before.shape[:2]) >= 7 else None
    return {"psnr": psnr_of_pixels(before, after), "ssim": ssim, "bytes": sizes, "notes": pair.notes}
