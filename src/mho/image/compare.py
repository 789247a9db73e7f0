"""Two pictures side by side: in figures, and on one page with a slider between."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, replace
from html import escape
from importlib.resources import files
from string import Template

import numpy as np

from mho.image.codec.files import picture_bytes
from mho.image.codec.picture import Picture
from mho.image.quality import measured, psnr_of_pixels

__all__ = ["Compared", "compared", "comparison_page"]

_ORIENTATION = 274


@dataclass(frozen=True, eq=False)
class Compared:
    """Two pictures made comparable.

    Attributes
    ----------
    before, after : Picture
        Upright, of one size, both grey or both RGB, both with alpha or both without.
    notes : tuple of str
        In what the two differ besides their samples.
    """

    before: Picture
    after: Picture
    notes: tuple[str, ...]

    @property
    def figures(self) -> str:
        """PSNR and SSIM of the pixels, and PSNR of alpha, as a user reads them."""
        line = measured(self.before.pixels, self.after.pixels)
        if self.before.alpha is None or self.after.alpha is None:
            return line
        return f"{line}, alpha PSNR {psnr_of_pixels(self.before.alpha, self.after.alpha):.2f} dB"


def compared(before: Picture, after: Picture, *, names: tuple[str, str] = ("before", "after")) -> Compared:
    """Return two pictures upright and of one kind, and in what else they differ.

    Parameters
    ----------
    before, after : Picture
        Of one size, once they are turned as their Exif says.
    names : tuple of str
        For the message.

    Raises
    ------
    ValueError
        Of different sizes.
    """
    turns = _orientation(before), _orientation(after)
    upright = [_upright(picture, turn) for picture, turn in zip((before, after), turns, strict=True)]
    if upright[0].shape != upright[1].shape:
        sizes = [f"{picture.shape[1]} x {picture.shape[0]}" for picture in upright]
        turned = "" if turns == (1, 1) else f" (Exif orientation {turns[0]} and {turns[1]})"
        raise ValueError(f"{names[1]}: must have the size of {names[0]}, {sizes[0]} pixels, got {sizes[1]}{turned}")
    notes = [] if turns[0] == turns[1] else [f"turned upright (Exif orientation {turns[0]} and {turns[1]})"]
    if before.pixels.ndim != after.pixels.ndim:
        notes.append("only one is grey, which is taken as equal red, green and blue")
        upright = [_coloured(picture) for picture in upright]
    if (before.alpha is None) != (after.alpha is None):
        notes.append("only one has alpha, the other is taken as opaque")
        upright = [_with_alpha(picture) for picture in upright]
    if (before.icc, dict(before.colour)) != (after.icc, dict(after.colour)):
        tags = " and ".join(map(_colour_tags, (before, after)))
        notes.append(f"their colour tags differ ({tags}); samples are compared as they are")
    return Compared(upright[0], upright[1], tuple(notes))


def _colour_tags(picture: Picture) -> str:
    names = [*(["ICC profile"] if picture.icc else []), *dict(picture.colour)]
    return ", ".join(names) or "none"


def _orientation(picture: Picture) -> int:
    from PIL import Image

    exif = Image.Exif()
    try:
        exif.load(picture.exif)
        turn = exif.get(_ORIENTATION, 1)
    except Exception:  # Pillow's many ways to say that a block is damaged: no viewer turns such a picture
        return 1
    return turn if turn in range(1, 9) else 1


def _upright(picture: Picture, turn: int) -> Picture:
    return Picture(
        _turned(picture.pixels, turn),
        None if picture.alpha is None else _turned(picture.alpha, turn),
        **{"icc": picture.icc, "colour": picture.colour},
    )


def _turned(samples: np.ndarray, turn: int) -> np.ndarray:
    from PIL import Image, ImageOps

    image = Image.fromarray(samples)
    image.getexif()[_ORIENTATION] = turn
    return np.asarray(ImageOps.exif_transpose(image))


def _coloured(picture: Picture) -> Picture:
    pixels = picture.pixels if picture.pixels.ndim == 3 else np.repeat(picture.pixels[..., None], 3, axis=2)
    return replace(picture, pixels=pixels)


def _with_alpha(picture: Picture) -> Picture:
    return replace(picture, alpha=np.full(picture.shape, 255, np.uint8) if picture.alpha is None else picture.alpha)


def comparison_page(before: Picture, after: Picture, *, names: tuple[str, str], figures: str) -> str:
    """Return an HTML page that holds both pictures and needs nothing else.

    Parameters
    ----------
    before, after : Picture
        Of one size.
    names : tuple of str
        What to call them.
    figures : str
        A line on how far they are apart.
    """
    template = Template((files("mho.image") / "compare.html").read_text())
    before_uri, after_uri = (
        "data:image/png;base64," + b64encode(picture_bytes(picture)[0]).decode() for picture in (before, after)
    )
    return template.substitute(
        before=escape(names[0]),
        after=escape(names[1]),
        figures=escape(figures),
        width=before.shape[1],
        before_uri=before_uri,
        after_uri=after_uri,
    )
