"""`mho image compress`: pictures to `.mho` files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.answers_ledger import AnswersLedger
from mho.cli.image.batch import Done, Output, run_batch
from mho.cli.settings import WholeNumber

__all__ = ["EXAMPLES", "compress"]

EXAMPLES = """\
Examples:

    mho image compress photo.png -o photo.mho -q

    mho image compress *.jpg -o small/ --target-psnr 36 --report

    cat photo.png | mho image compress - -o - --target-size 50000 > photo.mho
"""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class QualityOptions:
    """Quality or size of a compressed file, as options.

    Parameters
    ----------
    quality
        From 0, coarse, to 100; 60 by default, for small files. For photos take 80: JPEG's 88 to 92.
    target_size
        Instead of a quality: the best file of at most so many bytes.
    target_psnr
        Instead of a quality: the smallest file of so many dB.
    effort
        Passes, 1 to 9; each after the first chooses the codes anew, for files a little smaller.
    chroma
        Chroma of half the resolution, 420, or of the full one, 444, which coloured text needs;
        auto looks at the picture.
    lossless
        Keep every pixel; otherwise that is done where it takes fewer bytes, as of drawings.
    learn
        Also try a dictionary of the picture's own, and keep the better file: for scans of print, and hatching.
    """

    quality: float | None = None
    target_size: WholeNumber | None = None
    target_psnr: float | None = None
    effort: WholeNumber = 1
    chroma: Literal["auto", "420", "444"] = "auto"
    lossless: Annotated[bool, Parameter(negative="", show_default=False)] = False
    learn: Annotated[bool, Parameter(negative="", show_default=False)] = False

    def encoded(self, picture: Any, engine: Any = None) -> bytes:
        """Return the file, its codes found by an engine."""
        from mho.image.codec import encode, encode_learned, encode_to_psnr, encode_to_size

        if self.lossless:
            return encode(picture, lossless=True)
        if self.target_size is not None:
            return encode_to_size(picture, self.target_size, effort=self.effort, chroma=self.chroma)
        if self.target_psnr is not None:
            return encode_to_psnr(picture, self.target_psnr, effort=self.effort, chroma=self.chroma)
        quality = 60 if self.quality is None else self.quality
        if self.learn:
            return encode_learned(picture, quality=quality, effort=self.effort, chroma=self.chroma)[0]
        return encode(picture, quality=quality, effort=self.effort, chroma=self.chroma, engine=engine)

    def check(self, engine: str | None = None) -> None:
        """Refuse two goals at once, and an engine with what it cannot do, before any work."""
        if engine is not None and (
            self.learn or self.lossless or self.target_size is not None or self.target_psnr is not None
        ):
            raise ValueError(
                "--engine analog codes at one --quality; it takes none of --learn, --lossless and a target"
            )
        given = [value is not None for value in (self.quality, self.target_size, self.target_psnr)]
        if sum(given) > 1:
            raise ValueError("--quality, --target-size and --target-psnr exclude each other; give one of them")
        if self.lossless and (any(given) or self.learn):
            raise ValueError("--lossless takes no quality, no target and no --learn")
        if self.learn and (self.target_size is not None or self.target_psnr is not None):
            raise ValueError("--learn compares two files of one --quality; it takes no target")


def compress(
    sources: Annotated[list[str], Parameter(name="IN", negative="", allow_leading_hyphen=True)],
    /,
    *,
    goal: QualityOptions = QualityOptions(),
    output: Output,
    report: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    engine: Literal["analog"] | None = None,
    ledger: Annotated[Path | None, Parameter(show_default=False)] = None,
) -> None:
    """Compress pictures: PNG, JPEG, WebP or whatever else Pillow reads, 8 bits a sample.

    ICC profile, Exif (with the orientation) and alpha are kept, alpha without loss; what is dropped is named.

    Parameters
    ----------
    sources
        Pictures; - is standard input.
    goal
        How good, or how small.
    output
        Where it goes.
    report
        Decode again and tell PSNR and SSIM.
    engine
        Find the codes on the simulated chip, in arrays of 128 x 192 cells: about 20 patches of 64 pixels a second.
    ledger
        Write what the chip did, for mho cost: a .json file.
    """
    from mho.image.codec import read_picture
    from mho.image.codec.codec import prepared

    goal.check(engine)
    record = AnswersLedger.of(ledger, engine, (*sources, output.out))
    chip = _chip() if engine else None
    done = 0

    def work(source: str, data: bytes, suffix: str) -> Done:
        picture, notes = read_picture(data, source, max_pixels=output.max_pixels)
        nonlocal done
        picture, changes = prepared(picture)
        coded = goal.encoded(picture, chip)
        done += 1
        notes = (*notes, *changes, *_larger(data, coded))
        return Done(coded, _summary(picture, coded, report), notes, _figures(picture, coded, report, output.json))

    run_batch(sources, output, [".mho"], work)
    if chip is not None:
        record.save(chip, "photo", done, _digital_work(chip, done))


def _chip() -> Any:
    from mho.image.chips import PICTURE_CHIP, picture_engine

    return picture_engine("analog", chip=PICTURE_CHIP.with_(columns=192), seed=0)


def _digital_work(chip: Any, pictures: int) -> Any:
    """Arithmetic of a picture's codes where the dictionary, which is square, is inverted beforehand."""
    from mho.cost import product_work

    return product_work(64, 64, count=chip.tally.solves / max(1, pictures))


def _larger(data: bytes, coded: bytes) -> tuple[str, ...]:
    """Say so where nothing was won."""
    return (f"larger than the input of {len(data):,} bytes",) if len(coded) > len(data) else ()


def _figures(picture: Any, coded: bytes, report: bool, wanted: bool) -> dict[str, Any]:
    m, n = picture.shape
    figures: dict[str, Any] = {"columns": n, "rows": m}
    if report and wanted:
        from mho.image.codec import decode
        from mho.image.quality import psnr_of_pixels, ssim_of_pixels

        again = decode(coded, max_pixels=m * n).pixels
        figures["psnr"] = psnr_of_pixels(picture.pixels, again)
        figures["ssim"] = ssim_of_pixels(picture.pixels, again) if min(m, n) >= 7 else None
    return figures


def _summary(picture: Any, coded: bytes, report: bool) -> str:
    pixels = picture.shape[0] * picture.shape[1]
    line = f"{len(coded):,} bytes, {8 * len(coded) / pixels:.3f} bits a pixel"
    if report:
        from mho.image.codec import decode
        from mho.image.quality import measured

        line += f", {measured(picture.pixels, decode(coded, max_pixels=pixels).pixels)}"
    return line
