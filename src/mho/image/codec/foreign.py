"""Pictures of other formats, read by Pillow: 8-bit pixels, all metadata, and what is dropped or converted."""

from __future__ import annotations

import io
import math
import re
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from mho.data import DataError
from mho.image.codec.picture import COLOUR_CHUNKS, Picture

__all__ = ["check_pillow", "colour_info", "from_pillow", "read_foreign", "told"]

_UNKEPT = {"photoshop": "the Photoshop block", "flashpix": "the FlashPix block", "id_section": "the comment"}
_ALL_SIZES = ("ICO", "ICNS")
_READ = set("icc_profile exif xmp dpi comment transparency gamma chromaticity srgb aspect cICP".split())
_OF_THE_FILE = set(
    "jfif jfif_version jfif_unit jfif_density adobe adobe_transform progressive progression compression interlace loop "
    "duration timestamp background version extension disposal blend bbox default_image sizes mp mpoffset orientation "
    "scale resolution".split()
)
"""Keys of `info` that say how a file is written, not what is in the picture."""

_RAW_EXIF, _RAW_XMP = "Raw profile type exif", "XML:com.adobe.xmp"
_PNG_CHUNKS = set(
    "IHDR PLTE IDAT IEND tRNS iCCP pHYs tEXt zTXt iTXt eXIf acTL fcTL fdAT iDOT".split() + list(COLOUR_CHUNKS)
)
"""What is read, or says how a file is written."""

_JPEG_SEGMENTS = {
    "APP0": (b"JFIF",),
    "APP1": (b"Exif\x00", b"http://ns.adobe.com/xap/1.0/\x00"),
    "APP2": (b"ICC_PROFILE\x00", b"MPF\x00"),
    "APP13": (b"Photoshop",),
    "APP14": (b"Adobe",),
    "COM": (b"",),
}
_TIFF_BESIDE = {33723: "IPTC", 34377: "the Photoshop block"}
_TIFF_LAYOUT = {273, 284, 317, 700, 34675, *_TIFF_BESIDE}.union(
    range(254, 267), range(277, 282), range(288, 294), range(320, 348), range(512, 533)
)
"""TIFF's tags of how its pixels lie, and of what is read elsewhere: in another file they would be wrong."""

_DECODED = frozenset(
    "AVIF BLP BMP CUR DCX DDS DIB FITS FLI FTEX GBR GIF ICNS ICO IM IMT IPTC JPEG JPEG2000 MCIDAS MSP PCD PCX PIXAR "
    "PNG PPM PSD QOI SGI SPIDER SUN TGA TIFF WEBP XBM XPM XVTHUMB".split()
)
"""Formats that Pillow decodes itself. EPS is none: Ghostscript would run the program that such a file is."""

_X_RESOLUTION = 282
_LIMIT = threading.Lock()


def check_pillow() -> None:
    """Say what to install where Pillow is not.

    Raises
    ------
    ImportError
    """
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise ImportError("pictures of other formats than .mho need Pillow: pip install 'mho[image]'") from None


def read_foreign(data: bytes, max_pixels: int) -> tuple[Picture, tuple[str, ...]]:
    """Return the picture in a file's bytes, and what is dropped or converted.

    Parameters
    ----------
    data : bytes
        Any format that Pillow decodes itself, without another program.
    max_pixels : int
        Larger pictures are refused before memory is taken for them.

    Raises
    ------
    DataError
        No picture, too large, or of more than 8 bits a sample.
    """
    check_pillow()
    from PIL import Image, UnidentifiedImageError

    with _without_pillow_s_limit():
        try:
            image = Image.open(io.BytesIO(data), formats=_formats())
        except UnidentifiedImageError:
            raise DataError("not a picture that mho or Pillow can read, without another program") from None
        if image.width * image.height > max_pixels:
            size = f"{image.height} x {image.width}"
            raise DataError(f"a picture of {size} pixels, more than max_pixels = {max_pixels:,}")
        _check_bits(_bits(image, data), image.mode)
        return from_pillow(image, data)


def _formats() -> list[str]:
    from PIL import Image

    Image.init()  # older ones lack some, and refuse the names of those
    return sorted(_DECODED.intersection(Image.OPEN))


@contextmanager
def _without_pillow_s_limit() -> Iterator[None]:
    """Let Pillow open a picture of any size, as `max_pixels` is what decides."""
    from PIL import Image

    with _LIMIT:  # it is one for the whole process
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def from_pillow(image: Any, data: bytes = b"") -> tuple[Picture, tuple[str, ...]]:
    """Return a `PIL.Image.Image` of at most 8 bits a sample as a picture, and what is dropped or converted.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode of at most 8 bits a sample. Of a file with more, Pillow may have cut them when it loaded the pixels.
    data : bytes
        The file that it was opened from, if there is one: Pillow does not tell all that is in it.

    Raises
    ------
    DataError
        More bits.
    """
    _check_bits(8, image.mode)
    image.load()  # before anything is asked: TIFF is turned by it, and PNG may have metadata after its pixels
    pixels, alpha = _pixels(image)
    text = _text(image)
    dropped, converted = _dropped(image, data), []
    icc = image.info.get("icc_profile") or b""
    if image.mode in ("CMYK", "LAB", "HSV", "YCbCr"):
        converted.append(f"{image.mode} to RGB")
        if icc and image.mode != "YCbCr":  # the profile is of colours that are converted away
            icc = dropped.add("the ICC profile") or b""
    picture = Picture(
        **{"pixels": pixels, "alpha": alpha, "icc": icc, "exif": _exif(image), "xmp": _bytes(image.info.get("xmp"))},
        dpi=_resolution(image),
        text=text,
        colour=_colour(image.info, data),
    )
    return picture, told(dropped, converted)


def told(dropped: Iterable[str], converted: Iterable[str] = ()) -> tuple[str, ...]:
    """Return as clauses what of a picture is dropped and converted."""
    clauses = (("dropped", sorted(dropped)), ("converted", converted))
    return tuple(f"{verb} {', '.join(what)}" for verb, what in clauses if what)


def _pixels(image: Any) -> tuple[np.ndarray, np.ndarray | None]:
    alpha = None
    if image.has_transparency_data:
        whole = image.convert("LA" if image.mode == "La" else "RGBA")  # also from colours multiplied by it
        alpha, image = np.asarray(whole.getchannel("A")), image if image.mode in ("1", "L", "LA") else whole
    return np.asarray(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")), alpha


def _check_bits(bits: int, mode: str) -> None:
    if bits > 8 or mode.startswith(("I", "F")):
        deep = f"{bits} bits a sample" if bits > 8 else f"mode {mode}, more than 8 bits a sample"
        raise DataError(f"a picture of {deep}; at most 8 are taken: convert it to 8 first")


def _bits(image: Any, data: bytes) -> int:
    """Return the bits of a sample in the file, which Pillow cuts to 8 without a word."""
    if image.format == "AVIF":
        at = data.find(b"av1C")
        flags = data[at + 6] if 0 <= at < len(data) - 6 else 0
        return 12 if flags & 0x60 == 0x60 else 10 if flags & 0x40 else 8
    if image.format == "JPEG2000":
        at = data.find(b"\xff\x4f\xff\x51")  # start of the codestream, whose sizes follow
        return (data[at + 42] & 0x7F) + 1 if 0 <= at < len(data) - 42 else 8
    args = [tile.args if isinstance(tile.args, tuple) else (tile.args,) for tile in getattr(image, "tile", ())]
    if image.format == "PPM":
        return max((arg.bit_length() for arg in sum(args, ()) if isinstance(arg, int)), default=8)
    raw = [re.match(r".*;(\d\d)[BLN]", str(arg)) for arg in sum(args, ())]  # such as RGB;16B; BGR;16 is 5 or 6 a sample
    wide = any(tile.codec_name == "SGI16" or "BC6" in str(tile.args) for tile in getattr(image, "tile", ()))
    return max([16 if wide else 8, *(int(found[1]) for found in raw if found)])


def _dropped(image: Any, data: bytes) -> set[str]:
    info = image.info
    dropped = {_UNKEPT.get(key, str(key)) for key, value in info.items() if _unknown(key, value)}
    if getattr(image, "n_frames", 1) > 1:
        dropped.add("the layers" if image.format == "PSD" else "all frames but the first")
    elif "mp" in info:
        dropped.add("all pictures but the first (an HDR gain map)")
    if image.format in _ALL_SIZES and len(list(info.get("sizes", ()))) > 1:
        dropped.add("all sizes but the largest")
    if info.get("aspect", (1, 1))[0] != info.get("aspect", (1, 1))[1]:
        dropped.add(f"the aspect of a pixel, {info['aspect'][0]}:{info['aspect'][1]}")
    if image.format == "TIFF":
        dropped |= {name for tag, name in _TIFF_BESIDE.items() if tag in image.tag_v2}
    if image.format == "PNG":
        dropped |= {f"PNG chunk {name}" for name, _ in _chunks(data) if name not in _PNG_CHUNKS}
    if image.format in ("JPEG", "MPO"):
        dropped |= {_segment(*segment) for segment in image.applist if not _known(*segment)}
    return dropped


def _unknown(key: Any, value: Any) -> bool:
    return key not in _READ and key not in _OF_THE_FILE and not isinstance(value, str) and key != _RAW_XMP


def _known(name: str, content: bytes) -> bool:
    return content.startswith(_JPEG_SEGMENTS.get(name, ())) if name in _JPEG_SEGMENTS else False


def _segment(name: str, content: bytes) -> str:
    return "the extended XMP" if content.startswith(b"http://ns.adobe.com/xmp/extension/") else f"JPEG segment {name}"


def _chunks(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 8
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8].decode("latin-1"), data[at + 8 : at + 8 + length]
        at += length + 12


def _text(image: Any) -> dict[str, str]:
    own = getattr(image, "text", {}) if image.format == "PNG" else {}
    other = {key: value for key, value in image.info.items() if key not in _READ | _OF_THE_FILE}
    found = {key: value for key, value in (other | own).items() if isinstance(key, str) and isinstance(value, str)}
    left = {key: value for key, value in found.items() if key not in (_RAW_EXIF, _RAW_XMP)}
    comment = "" if "comment" in own else _comment(image)
    if comment:
        left["Comment"] = comment
    return {key: value.encode("utf-8", "replace").decode() for key, value in left.items()}


def _comment(image: Any) -> str:
    comment = image.info.get("comment") or ""
    if isinstance(comment, str):
        return comment
    all_of_them = [content for name, content in getattr(image, "applist", ()) if name == "COM"]  # info has the last
    comment = b"\n".join(all_of_them) or comment
    try:
        return comment.decode()
    except UnicodeDecodeError:
        return comment.decode("latin-1")


def _bytes(xmp: Any) -> bytes:
    return xmp.encode() if isinstance(xmp, str) else bytes(xmp or b"")


def _resolution(image: Any) -> tuple[float, float] | None:
    if not _says_resolution(image):
        return None
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < math.inf and 0 < down < math.inf else None


def _says_resolution(image: Any) -> bool:
    """Tell whether the file has a resolution: of one that has not, Pillow makes up 1 or 72."""
    if image.format == "TIFF":
        return _X_RESOLUTION in image.tag_v2
    if image.format in ("JPEG", "MPO"):
        return image.info.get("jfif_unit") in (1, 2) or _X_RESOLUTION in image.getexif()
    return "dpi" in image.info


def _exif(image: Any) -> bytes:
    """Return the Exif block as it is in the file, unless it has been edited since."""
    from PIL import Image

    raw = image.info.get("exif") or b""
    try:
        now = image.getexif()
        if image.format == "TIFF":
            now = _described(now)
        before = Image.Exif()
        before.load(raw)
        if not raw or now.tobytes() != before.tobytes():
            return now.tobytes() if now else b""
    except Exception:  # Pillow's many ways to say that a block is damaged; it is kept as it is
        return raw
    return raw


def _described(exif: Any) -> Any:
    """Return those tags of a TIFF file that are about the picture."""
    from PIL import Image
    from PIL.ExifTags import IFD

    kept = Image.Exif()
    kept.update({tag: value for tag, value in exif.items() if tag not in _TIFF_LAYOUT})
    for folder in (IFD.Exif, IFD.GPSInfo):
        if folder in exif:
            kept[folder] = exif.get_ifd(folder)
    return kept


def colour_info(chunks: Mapping[str, bytes]) -> dict[str, Any]:
    """Return PNG's chunks of colour as Pillow has them in `info`; cICP, which it does not read, as bytes."""
    found: dict[str, Any] = {name: data for name, data in chunks.items() if name == "cICP"}
    if "gAMA" in chunks:
        found["gamma"] = struct.unpack(">I", chunks["gAMA"])[0] / 1e5
    if "cHRM" in chunks:
        found["chromaticity"] = tuple(value / 1e5 for value in struct.unpack(">8I", chunks["cHRM"]))
    if "sRGB" in chunks:
        found["srgb"] = chunks["sRGB"][0]
    return found


def _colour(info: dict[Any, Any], data: bytes) -> dict[str, bytes]:
    found = {"cICP": info["cICP"]} if isinstance(info.get("cICP"), bytes) else {}
    found |= {name: content for name, content in _chunks(data) if name == "cICP"} if data[:4] == b"\x89PNG" else {}
    if "gamma" in info:
        found["gAMA"] = struct.pack(">I", round(1e5 * info["gamma"]))
    if "chromaticity" in info:
        found["cHRM"] = struct.pack(">8I", *(round(1e5 * value) for value in info["chromaticity"]))
    if "srgb" in info:
        found["sRGB"] = bytes([info["srgb"]])
    return {name: content for name, content in found.items() if len(content) == COLOUR_CHUNKS[name]}
