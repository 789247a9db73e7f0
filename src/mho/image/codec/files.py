"""Picture files: `.mho` by the codec, every other format by Pillow."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from mho.data import DataError, replacing
from mho.image.codec.codec import MAX_PIXELS, decode
from mho.image.codec.container import MAGIC
from mho.image.codec.picture import Picture

__all__ = ["FORMATS", "from_pillow", "picture_bytes", "read_picture", "write_file"]

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".ppm": "PPM"}
"""What a picture is written as, by the end of the file's name."""

_OPTIONS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95, "optimize": True}, "WEBP": {"lossless": True}}
_DROPPED = {"xmp": "XMP", "XML:com.adobe.xmp": "XMP", "photoshop": "the Photoshop block", "comment": "the comment"}


def read_picture(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> tuple[Picture, tuple[str, ...]]:
    """Return the picture in a file's bytes, and what of the file it leaves out.

    Parameters
    ----------
    data : bytes
        `.mho`, or any format that Pillow reads.
    name : str
        Of the file, for messages.
    max_pixels : int
        Larger pictures are refused before memory is taken for them.

    Raises
    ------
    DataError
        No picture, damaged, too large, or of more than 8 bits a sample.
    """
    try:
        return (decode(data, max_pixels=max_pixels), ()) if data[:4] == MAGIC[:4] else _foreign(data, max_pixels)
    except (ValueError, SyntaxError, OSError, EOFError) as error:  # Pillow's many ways to say "damaged"
        raise DataError(f"{name}: {str(error).partition(chr(10))[0]}") from error


def _foreign(data: bytes, max_pixels: int) -> tuple[Picture, tuple[str, ...]]:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # max_pixels is stricter
            image = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        raise DataError("not a picture that mho or Pillow can read") from None
    except Image.DecompressionBombError as error:
        raise DataError(str(error)) from error
    if image.width * image.height > max_pixels:
        raise DataError(f"a picture of {image.height} x {image.width} pixels, more than max_pixels = {max_pixels:,}")
    return from_pillow(image)


def from_pillow(image: Any) -> tuple[Picture, tuple[str, ...]]:
    """Return a `PIL.Image.Image` of at most 8 bits a sample as a picture, and what that leaves out.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode of at most 8 bits a sample.

    Raises
    ------
    DataError
        More bits.
    """
    if image.mode.startswith(("I", "F")):
        raise DataError(f"a picture of mode {image.mode}, more than 8 bits a sample, which this codec does not hold")
    dropped = {what for key, what in _DROPPED.items() if key in image.info}
    if getattr(image, "n_frames", 1) > 1:
        dropped.add("all frames but the first")
    icc = image.info.get("icc_profile") or b""
    if icc and image.mode in ("CMYK", "LAB"):  # the profile is of colours that are converted away
        icc = dropped.add("the ICC profile") or b""
    exif = image.info.get("exif") or (image.getexif().tobytes() if image.getexif() else b"")
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    grey = image.mode in ("1", "L", "LA", "La")
    picture = Picture(
        pixels=np.asarray(image.convert("L" if grey else "RGB")),
        alpha=None if alpha is None else np.asarray(alpha),
        icc=icc,
        exif=exif,
    )
    return picture, _told(dropped)


def picture_bytes(picture: Picture, form: str = "PNG") -> tuple[bytes, tuple[str, ...]]:
    """Return a picture as a file of one of Pillow's formats, and what that format leaves out.

    Parameters
    ----------
    picture : Picture
        8-bit grey or RGB.
    form : str
        A value of `FORMATS`. PNG, PPM and WebP are written without loss, JPEG at quality 95.
    """
    from PIL import Image

    image, dropped = Image.fromarray(picture.pixels), []
    if picture.alpha is not None:
        if form in ("JPEG", "PPM"):
            dropped.append("alpha")
        else:
            image.putalpha(Image.fromarray(picture.alpha))
    kept = {"icc_profile": picture.icc, "exif": picture.exif}
    if form == "PPM":
        dropped += [what for what, data in (("the ICC profile", picture.icc), ("Exif", picture.exif)) if data]
        kept = {}
    file = io.BytesIO()
    image.save(file, form, **_OPTIONS.get(form, {}), **{key: data for key, data in kept.items() if data})
    return file.getvalue(), _told(dropped)


def _told(dropped: Iterable[str]) -> tuple[str, ...]:
    return (f"dropped {', '.join(sorted(dropped))}",) if dropped else ()


def write_file(path: str | Path, data: bytes) -> None:
    """Write bytes so that the file is whole or not there.

    Parameters
    ----------
    path : str or Path
        Where to.
    data : bytes
        All of it.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)
