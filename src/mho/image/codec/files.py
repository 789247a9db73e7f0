"""Picture files: `.mho` by the codec, every other format by Pillow."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

from mho.data import DataError, replacing
from mho.image.codec.codec import MAX_PIXELS, decode
from mho.image.codec.container import MAGIC
from mho.image.codec.foreign import check_pillow, read_foreign, told
from mho.image.codec.picture import Picture

__all__ = ["FORMATS", "picture_bytes", "read_picture", "write_file"]

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".ppm": "PPM"}
"""What a picture is written as, by the end of the file's name."""

_OPTIONS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 95, "optimize": True}, "WEBP": {"lossless": True}}
_KEPT = {
    "PNG": {"alpha", "icc", "exif", "xmp", "dpi", "text", "colour"},
    "JPEG": {"icc", "exif", "xmp", "dpi", "comment"},
    "WEBP": {"alpha", "icc", "exif", "xmp"},
    "PPM": set[str](),
}
"""What each format has room for."""

_NAMES = {"alpha": "alpha", "icc": "the ICC profile", "exif": "Exif", "xmp": "XMP", "dpi": "the resolution"}
_JPEG_MOST = {"exif": 65_533, "xmp": 65_504, "comment": 65_533}
"""Bytes that one segment of a JPEG file takes."""

_DAMAGED = (ValueError, SyntaxError, OSError, EOFError, RuntimeError, TypeError, LookupError, ArithmeticError)
_DAMAGED += (AttributeError, struct.error, zlib.error)
"""Pillow's many ways to say that a file is damaged."""

_EXIF = b"Exif\x00\x00"
_EXIF_RESOLUTION = 282


def read_picture(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> tuple[Picture, tuple[str, ...]]:
    """Return the picture in a file's bytes, and clauses that name what of the file is dropped or converted.

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
        return (decode(data, max_pixels=max_pixels), ()) if data[:4] == MAGIC else read_foreign(data, max_pixels)
    except _DAMAGED as error:
        reason = str(error).partition("\n")[0] or f"cannot be read: {type(error).__name__}"
        raise DataError(f"{name}: {reason}") from error


def picture_bytes(picture: Picture, form: str = "PNG") -> tuple[bytes, tuple[str, ...]]:
    """Return a picture as a file of one of Pillow's formats, and clauses that name what that format drops.

    Parameters
    ----------
    picture : Picture
        8-bit grey or RGB.
    form : str
        A value of `FORMATS`. PNG, PPM and WebP are written without loss, JPEG at quality 95.
    """
    check_pillow()
    from PIL import Image

    beside = _beside(picture)
    kept = {name: value for name, value in beside.items() if _fits(name, value, form)}
    image = Image.fromarray(picture.pixels)
    if "alpha" in kept:
        image.putalpha(Image.fromarray(kept["alpha"]))
    file = io.BytesIO()
    image.save(file, form, **_OPTIONS.get(form, {}), **_arguments(kept, form))
    data = file.getvalue()
    if form == "JPEG" and kept.get("xmp", b"") not in data:  # an older Pillow
        del kept["xmp"]
    return data, told(_missing(picture, beside.keys() - kept.keys()))


def _beside(picture: Picture) -> dict[str, Any]:
    """Return alpha and metadata of a picture; JPEG's comment and the chunks of colour by themselves."""
    found: dict[str, Any] = {name: getattr(picture, name) for name in ("icc", "xmp", "dpi") if getattr(picture, name)}
    if picture.alpha is not None:
        found["alpha"] = picture.alpha
    if picture.exif:
        found["exif"] = _EXIF + picture.exif.removeprefix(_EXIF)
    found |= {("comment" if name == "Comment" else f"text {name}"): text for name, text in picture.text.items()}
    return found | {f"colour {name}": data for name, data in picture.colour.items()}


def _fits(name: str, value: Any, form: str) -> bool:
    room = _KEPT[form]
    if name == "comment" and "text" in room:
        return True
    size = len(value.encode()) if name == "comment" else len(value)
    return name.partition(" ")[0] in room and not (form == "JPEG" and size > _JPEG_MOST.get(name, size))


def _arguments(kept: dict[str, Any], form: str) -> dict[str, Any]:
    """Return them as Pillow's `save` takes them."""
    from PIL.PngImagePlugin import PngInfo

    names = {"icc": "icc_profile", "exif": "exif", "xmp": "xmp", "dpi": "dpi"}
    given = {names[name]: value for name, value in kept.items() if name in names}
    if form == "JPEG" and "comment" in kept:
        given["comment"] = kept["comment"].encode()
    if form == "PNG":
        given["pnginfo"] = chunks = PngInfo()
        if "xmp" in given:
            chunks.add_itxt("XML:com.adobe.xmp", given.pop("xmp").decode("utf-8", "replace"))
        for name, value in kept.items():
            kind, _, key = name.partition(" ")
            if kind == "colour":
                chunks.add(key.encode(), value)
            elif kind in ("text", "comment"):
                chunks.add_text(key or "Comment", value)
    return given


def _missing(picture: Picture, lost: set[str]) -> set[str]:
    """Return the names of what is lost; a resolution that Exif has too is not."""
    if "dpi" in lost and "exif" not in lost and _EXIF_RESOLUTION in _tags(picture.exif):
        lost = lost - {"dpi"}
    colour = [name.partition(" ")[2] for name in lost if name.startswith("colour ")]
    text = [name.partition(" ")[2] or "Comment" for name in lost if name.startswith("text ") or name == "comment"]
    names = {_NAMES[name] for name in lost if name in _NAMES}
    names |= {f"the colour space ({', '.join(sorted(colour))})"} if colour else set()
    return names | ({f"text ({', '.join(sorted(text))})"} if text else set())


def _tags(exif: bytes) -> set[int]:
    from PIL import Image

    try:
        found = Image.Exif()
        found.load(exif)
        return set(found)
    except Exception:  # Pillow's many ways to say that a block is damaged
        return set()


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
