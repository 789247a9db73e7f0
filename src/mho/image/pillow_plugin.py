"""`.mho` for Pillow: importing this module teaches `PIL.Image` to open and to save such files.

>>> import mho.image.pillow_plugin
>>> from PIL import Image
>>> Image.registered_extensions()[".mho"]
'MHO'

`Image.save` takes `quality`, `effort`, `chroma` and `lossless` of `mho.image.codec.encode`, and `exif`,
`icc_profile`, `xmp`, `dpi` and `comment` in place of the picture's own, None for none. One warning names all other
options, and what of the picture a `.mho` file does not hold. Pillow cuts samples of 16 bits to 8 when it loads them:
the command line refuses such files, a picture that Pillow has loaded no longer shows it.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

from PIL import Image, ImageFile

from mho.data import DataError
from mho.image.codec.codec import decode, encode, prepared
from mho.image.codec.container import ALPHA, MAGIC, unpack
from mho.image.codec.foreign import colour_info, from_pillow
from mho.image.codec.metadata import unpack_metadata
from mho.image.codec.picture import Picture

__all__ = ["MhoImageFile"]

_NAME = "MHO"
_CODEC, _METADATA = {"quality", "effort", "chroma", "lossless"}, {"exif", "icc_profile", "xmp", "dpi", "comment"}


class MhoImageFile(ImageFile.ImageFile):
    """A `.mho` picture; its pixels are decoded when they are first asked for."""

    format, format_description = _NAME, "mho picture"

    def _open(self) -> None:
        self._data = self.fp.read() if self.fp else b""
        try:
            header, _ = unpack(self._data)
            beside = unpack_metadata(header.sections)
        except DataError as error:
            raise SyntaxError(str(error)) from error  # Pillow's word for "try another plug-in"
        colour = "RGB" if header.planes == 3 else "L"
        self._mode = colour if ALPHA not in header.sections else {"RGB": "RGBA", "L": "LA"}[colour]
        self._size = header.shape[::-1]
        self.info |= _as_info(beside)

    def load(self) -> Any:
        """Decode; Pillow calls it."""
        if self._data:
            picture = decode(self._data, max_pixels=self.width * self.height)  # Pillow's own limit is behind us
            image = Image.fromarray(picture.pixels)
            if picture.alpha is not None:
                image.putalpha(Image.fromarray(picture.alpha))
            self.im, self._data = image.im, b""
            if self.fp and getattr(self, "_exclusive_fp", False):  # opened by name: Pillow's own readers close it here
                self.fp.close()
                self.fp = None
        return Image.Image.load(self)


def _as_info(beside: dict[str, Any]) -> dict[str, Any]:
    """Return metadata as Pillow's own readers name them: those of a PNG file that holds the same."""
    named = {"icc_profile": beside["icc"], "exif": beside["exif"], "xmp": beside["xmp"], "dpi": beside["dpi"]}
    found: dict[Any, Any] = {name: value for name, value in named.items() if value}
    return found | colour_info(beside["colour"]) | beside["text"]


def _save(image: Image.Image, file: Any, filename: str | bytes) -> None:
    given = dict(getattr(image, "encoderinfo", {}))
    picture, notes = from_pillow(image)
    others = sorted(given.keys() - _CODEC - _METADATA)
    notes = (*notes, f"ignored {', '.join(others)}") if others else notes
    picture, changes = prepared(_with(picture, given))
    notes = (*notes, *changes)
    data = encode(picture, **{name: given[name] for name in _CODEC & given.keys()})
    if notes:
        warnings.warn(f"{_printable(filename)}: {'; '.join(notes)}", stacklevel=3)
    file.write(data)


def _with(picture: Picture, given: dict[str, Any]) -> Picture:
    """Return the picture with the metadata given in place of its own."""
    changed: dict[str, Any] = {}
    if "exif" in given:
        exif = given["exif"]
        changed["exif"] = exif.tobytes() if isinstance(exif, Image.Exif) else exif or b""
    if "icc_profile" in given:
        changed["icc"] = given["icc_profile"] or b""
    if "xmp" in given:
        xmp = given["xmp"] or b""
        changed["xmp"] = xmp.encode() if isinstance(xmp, str) else xmp
    if "dpi" in given:
        changed["dpi"] = tuple(given["dpi"]) if given["dpi"] else None
    if "comment" in given:
        comment = given["comment"] or ""
        text = {name: value for name, value in picture.text.items() if name != "Comment"}
        comment = comment.decode("utf-8", "replace") if isinstance(comment, bytes) else comment
        changed["text"] = text | ({"Comment": comment} if comment else {})
    return replace(picture, **changed)


def _printable(filename: str | bytes) -> str:
    return (filename.decode("utf-8", "replace") if isinstance(filename, bytes) else str(filename)) or "a .mho picture"


Image.register_open(_NAME, MhoImageFile, lambda prefix: prefix.startswith(MAGIC))
Image.register_save(_NAME, _save)
Image.register_save_all(_NAME, _save)
Image.register_extension(_NAME, ".mho")
Image.register_mime(_NAME, "image/x-mho")
