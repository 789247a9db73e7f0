"""`mho image clean`: lost pixels and scratches of a photo filled in, noise taken away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from mho.cli.image.batch import Done, Output, run_batch, warn
from mho.cli.image.source import read
from mho.cli.settings import WholeNumber

__all__ = ["clean"]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class RepairOptions:
    """Repair options of a photo: lost pixels, scratches, noise.

    Parameters
    ----------
    mask
        A picture of the same size: what is not black in it is lost. Without --noise all other pixels stay.
    scratches
        Fill in what looks like a scratch: thin, straight, brighter or darker than both sides. So do wires and masts.
    noise
        Standard deviation of noise in grey levels of 0 to 255, taken away last; auto estimates it and the gain.
    gain
        The noise's variance is gain times the grey level, plus the square of --noise.
    """

    mask: Path | None = None
    scratches: Literal["bright", "dark"] | None = None
    noise: float | Literal["auto"] | None = None
    gain: float | None = None

    def check(self) -> None:
        """Refuse nothing to do, before any work."""
        from mho import checks

        if self.mask is None and self.scratches is None and self.noise is None:
            raise ValueError("--mask, --scratches or --noise must be given, there is nothing else to do")
        if isinstance(self.noise, float):
            checks.nonnegative_number(self.noise, "--noise")
        if self.gain is not None:
            checks.nonnegative_number(self.gain, "--gain")
            if not isinstance(self.noise, float):
                raise ValueError(f"--noise must be a number where --gain is given, got {self.noise}")

    def repaired(self, pixels: Any, max_pixels: int, **options: Any) -> tuple[Any, str]:
        """Return the pixels without it, and what was done."""
        from mho.image.cleanup import Noise, denoise, estimate_noise, inpaint

        told = []
        if self.mask is not None or self.scratches is not None:
            lost = self._lost(pixels, max_pixels)
            pixels = inpaint(pixels, lost, **options)
            told.append(f"{lost.sum():,} pixels filled in")
        if self.noise is not None:
            noise = estimate_noise(pixels) if self.noise == "auto" else Noise(self.gain or 0, self.noise)
            pixels = denoise(pixels, noise.sigma, gain=noise.gain, **options)
            told.append(f"{'estimated ' if self.noise == 'auto' else ''}noise {noise} reduced")
        return pixels, ", ".join(told)

    def _lost(self, pixels: Any, max_pixels: int) -> Any:
        import numpy as np

        from mho.image.cleanup import scratches

        lost = np.zeros(pixels.shape[:2], bool)
        if self.mask is not None:
            lost |= _read_mask(self.mask, lost.shape, max_pixels)
        if self.scratches is not None:
            lost |= scratches(pixels, self.scratches)
        return lost


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]}"


def _read_mask(path: Path, shape: tuple[int, ...], max_pixels: int) -> Any:
    from mho.image.codec import read_picture

    picture, notes = read_picture(read(str(path), max_pixels), str(path), max_pixels=max_pixels)
    warn(str(path), notes)
    lost = picture.pixels > 0 if picture.pixels.ndim == 2 else picture.pixels.any(axis=2)
    if lost.shape != shape:
        raise ValueError(f"--mask must be as large as the picture, {_size(shape)} pixels, got {_size(lost.shape)}")
    if lost.all():
        raise ValueError(f"--mask {path} must be black where the picture is to stay, is black nowhere")
    return lost


def clean(
    source: Annotated[str, Parameter(name="IN", allow_leading_hyphen=True)],
    /,
    *,
    output: Output,
    damage: RepairOptions = RepairOptions(),
    engine: Literal["digital", "analog", "hybrid"] = "digital",
    seed: WholeNumber = 0,
) -> None:
    """Fill in lost pixels of a photo, or take noise away, by non-negative factors of its own patches.

    Parameters
    ----------
    source
        A picture that Pillow reads; - is standard input.
    output
        Where it goes; a pipe gets PNG.
    damage
        What is wrong with the photo.
    engine
        Who solves for the codes of the patches; the chips have 16 levels, a programming error of 2 % and 8-bit
        converters, and read their cells back.
    seed
        For the dictionary of patches and the errors of the chip.
    """
    from mho.image import picture_engine
    from mho.image.codec import FORMATS, picture_bytes, read_picture

    damage.check()

    def work(name: str, data: bytes, suffix: str) -> Done:
        picture, notes = read_picture(data, name, max_pixels=output.max_pixels)
        pixels, told = damage.repaired(
            picture.pixels, output.max_pixels, engine=picture_engine(engine, seed=seed), random_state=seed
        )
        result, lost = picture_bytes(replace(picture, pixels=pixels), FORMATS[suffix])
        return Done(result, told, (*notes, *lost))

    run_batch([source], output, list(FORMATS), work, () if damage.mask is None else (damage.mask,))
