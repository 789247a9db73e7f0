"""`mho image compare`: how far two pictures are apart, in figures and on a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mho.cli.image.batch import check_suffix
from mho.cli.image.source import read
from mho.cli.target import check_target

__all__ = ["compare"]


def compare(
    before: Annotated[str, Parameter(name="BEFORE")],
    after: Annotated[str, Parameter(name="AFTER")],
    /,
    *,
    out: Annotated[Path | None, Parameter(name=("-o", "--out"))] = None,
) -> None:
    """Compare two pictures of one size: PSNR, SSIM and bits a pixel; with -o on a page with a slider.

    Parameters
    ----------
    before
        The original.
    after
        What became of it, such as a .mho file.
    out
        HTML file, complete in itself.
    """
    from mho.image.codec import read_picture, write_file
    from mho.image.compare import comparison_page
    from mho.image.quality import measured

    if out is not None:
        check_suffix(str(out), [".html", ".htm"])
        check_target(out, [before, after])
    files = [read(name) for name in (before, after)]
    pictures = [read_picture(data, name)[0] for data, name in zip(files, (before, after), strict=True)]
    m, n = pictures[0].shape
    figures = f"{measured(pictures[0].pixels, pictures[1].pixels)}, "
    figures += " and ".join(f"{8 * len(data) / (m * n):.3f}" for data in files) + " bits a pixel"
    if out is not None:
        page = comparison_page(*pictures, names=(Path(before).name, Path(after).name), figures=figures)
        write_file(out, page.encode())
    print(figures)
