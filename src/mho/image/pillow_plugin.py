"""`.mho` for Pillow: importing this module teaches `PIL.Image` to open and to save such files.

>>> import mho.image.pillow_plugin
>>> from PIL import Image
>>> Image.registered_extensions()[".mho"]
'MHO'

`Image.save` takes the `quality` and the `effort` of `mho.image.codec.encode`.
"""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageFile

from mho.data import DataError
from mho.image.codec.codec import decode, encode
from mho.image.codec.container import ALPHA, EXIF, ICC, MAGIC, unpack
from mho.image.codec.files import from_pillow

__all__ = ["MhoImageFile"]

_NAME = "MHO"


class MhoImageFile(ImageFile.ImageFile):
    """A `.mho` picture; its pixels are decoded when they are first asked for."""

    format, format_description = _NAME, "mho picture"

    def _open(self) -> None:
        self._data = self.fp.read() if self.fp else b""
        try:
            header, _ = unpack(self._data)
        except DataError as error:
            raise SyntaxError(str(error)) from error  # Pillow's word for "try another plug-in"
        colour = "RGB" if len(header.n_atoms) == 3 else "L"
        self._mode = colour if ALPHA not in header.sections else {"RGB": "RGBA", "L": "LA"}[colour]
        self._size = header.shape[::-1]
        named = {"icc_profile": header.sections.get(ICC), "exif": header.sections.get(EXIF)}
        self.info |= {name: data for name, data in named.items() if data}

    def load(self) -> Any:
        """Decode; Pillow calls it."""
        if self._data:
            picture = decode(self._data)
            image = Image.fromarray(picture.pixels)
            if picture.alpha is not None:
                image.putalpha(Image.fromarray(picture.alpha))
            self.im, self._data = image.im, b""
        return Image.Image.load(self)


def _save(image: Image.Image, file: Any, filename: str | bytes) -> None:
    picture, _ = from_pillow(image)
    given = getattr(image, "encoderinfo", {})
    file.write(encode(picture, **{name: given[name] for name in ("quality", "effort") if name in given}))


Image.register_open(_NAME, MhoImageFile, lambda prefix: prefix.startswith(MAGIC[:4]))
Image.register_save(_NAME, _save)
Image.register_extension(_NAME, ".mho")
Image.register_mime(_NAME, "image/x-mho")
