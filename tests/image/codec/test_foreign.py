"""Pictures of other programs, Pillow being the other side: nothing is dropped or converted without a word."""

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
import PIL
import pytest
from PIL import EpsImagePlugin, Image, ImageCms, ImageOps, features
from PIL.PngImagePlugin import PngInfo
from skimage import data

import mho.image.pillow_plugin  # noqa: F401
from mho.data import DataError
from mho.image.codec import Picture, decode, encode, picture_bytes, read_picture

PIXELS = np.ascontiguousarray(data.astronaut()[100:124, 200:232])
IMAGE = Image.fromarray(PIXELS)
AVIF = bool(features.check("avif")) if "avif" in features.modules else False
NEEDS_YCBCR = pytest.mark.skipif(int(PIL.__version__.split(".")[0]) < 13, reason="Pillow 12 cannot read its own")
NEEDS_AVIF = pytest.mark.skipif(not AVIF, reason="Pillow reads AVIF from 11.3 on")
DEEP = {
    "AVIF, 10 bits": (
        "AAAAIGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZk1BMUEAAADrbWV0YQAAAAAAAAAhaGRscgAAAAAAAAAAcGljdAAAAAAAAAAAAAAA"
        "AAAAAAAOcGl0bQAAAAAAAQAAAB5pbG9jAAAAAEQAAAEAAQAAAAEAAAETAAAALwAAAChpaW5mAAAAAAABAAAAGmluZmUCAAAAAAEA"
        "AGF2MDFDb2xvcgAAAABqaXBycAAAAEtpcGNvAAAAFGlzcGUAAAAAAAAAEAAAABAAAAAQcGl4aQAAAAADCgoKAAAADGF2MUOBIEAA"
        "AAAAE2NvbHJuY2x4AAIAAgAGgAAAABdpcG1hAAAAAAAAAAEAAQQBAoMEAAAAN21kYXQSAAoIOAz/2sCAgaQyIReCYwTDDDDPIIQA"
        "yWPDkP867NETdCc12sW+jbSZHvApGw=="
    ),
    "AVIF, 12 bits": (
        "AAAAHGZ0eXBhdmlmAAAAAGF2aWZtaWYxbWlhZgAAAOttZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA"
        "AA5waXRtAAAAAAABAAAAHmlsb2MAAAAARAAAAQABAAAAAQAAAQ8AAAAqAAAAKGlpbmYAAAAAAAEAAAAaaW5mZQIAAAAAAQAAYXYw"
        "MUNvbG9yAAAAAGppcHJwAAAAS2lwY28AAAAUaXNwZQAAAAAAAAAQAAAAEAAAABBwaXhpAAAAAAMMDAwAAAAMYXYxQ4FAYAAAAAAT"
        "Y29scm5jbHgAAgACAAaAAAAAF2lwbWEAAAAAAAAAAQABBAECgwQAAAAybWRhdBIACglYDP/a0CAgaIAyGxeCYwTDDDDPIIQAyWPI"
        "38dR2y56BsXeUraWLw=="
    ),
    "JPEG 2000, 16 bits": (
        "AAAADGpQICANCocKAAAAFGZ0eXBqcDIgAAAAAGpwMiAAAAAtanAyaAAAABZpaGRyAAAAEAAAABAAAw8HAAAAAAAPY29scgEAAAAA"
        "ABAAAAClanAyY/9P/1EALwAAAAAAEAAAABAAAAAAAAAAAAAAABAAAAAQAAAAAAAAAAAAAw8BAQ8BAQ8BAf9SAA4BAgABAQEEBAAA"
        "iIj/XAALQogkl9OX05di/2QAJQABQ3JlYXRlZCBieSBPcGVuSlBFRyB2ZXJzaW9uIDIuNS40/5AACgAAAAAAJAAB/5PPHhEd8KbQ"
        "oswuvCluGXRq2oCAgICA/9k="
    ),
}
"""Made by libavif and OpenJPEG through the package imagecodecs, 16 x 16 pixels."""


def _saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _png(samples, colour, extra=b""):
    """A PNG of 8 or 16 bits, of any kind of colour, by the format's definition."""
    (m, n), depth = samples.shape[:2], 8 * samples.itemsize
    rows = b"".join(b"\0" + row.astype(samples.dtype.newbyteorder(">")).tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", n, m, depth, colour, 0, 0, 0)
    parts = [_chunk(b"IHDR", header), extra, _chunk(b"IDAT", zlib.compress(rows)), _chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _opened(content):
    return Image.open(io.BytesIO(content))


def _through_mho(content, form="PNG"):
    """The file that comes out at the other end, and all that was said on the way."""
    picture, notes = read_picture(content, "x")
    kept = {name: value for name, value in vars(decode(encode(picture))).items() if name != "pixels"}
    there, lost = picture_bytes(Picture(picture.pixels, **kept), form)  # the pixels are as they were
    return there, (*notes, *lost)


WIDE = PIXELS.astype(np.uint16) * 257
TOO_DEEP = {
    "PNG grey": _png(WIDE[..., 0], 0),
    "PNG RGB": _png(WIDE, 2),
    "PNG RGB, PQ (cICP)": _png(WIDE, 2, _chunk(b"cICP", b"\x09\x10\x00\x01")),
    "PNG grey and alpha": _png(WIDE[..., :2], 4),
    "PNG RGBA": _png(np.dstack([WIDE, WIDE[..., 0]]), 6),
    "PPM": b"P6 32 24 65535\n" + WIDE.astype(">u2").tobytes(),
    "TIFF float": _saved(Image.fromarray(PIXELS[..., 0].astype(np.float32)), "TIFF"),
    "TIFF int": _saved(Image.fromarray(PIXELS[..., 0].astype(np.int32)), "TIFF"),
    "SGI": _saved(IMAGE, "SGI", bpc=2),
} | {name: base64.b64decode(content) for name, content in DEEP.items()}


@pytest.mark.parametrize("name", TOO_DEEP)
def test_more_than_8_bits_are_refused_not_cut(name):
    with pytest.raises(DataError, match=r"x: a picture of .* bits a sample; at most 8 are taken"):
        read_picture(TOO_DEEP[name], "x")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", pytest.param("AVIF", marks=NEEDS_AVIF)])
@pytest.mark.parametrize("orientation", [1, 2, 3, 6, 8])
def test_a_turned_picture_looks_the_same_at_the_other_end(form, orientation):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "a description"
    tags = {"tiffinfo": dict(exif)} if form == "TIFF" else {"exif": exif}  # Pillow turns a TIFF when it opens it
    content = _saved(IMAGE, form, **tags)
    seen = ImageOps.exif_transpose(_opened(content))
    for to in ("PNG", "WEBP"):
        there, notes = _through_mho(content, to)
        assert notes == ()
        np.testing.assert_array_equal(np.asarray(ImageOps.exif_transpose(_opened(there))), np.asarray(seen))
        assert _opened(there).getexif()[0x010E] == "a description"
    jpeg = _opened(_through_mho(content, "JPEG")[0])
    assert ImageOps.exif_transpose(jpeg).size == seen.size
    assert jpeg.getexif().get(0x0112, 1) == _opened(_through_mho(content)[0]).getexif().get(0x0112, 1)


def test_all_of_a_png_comes_out_again():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = PngInfo()
    text.add_text("Author", "Zoë")
    text.add_itxt("Title", "日本")
    text.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    text.add(b"gAMA", struct.pack(">I", 100_000))
    text.add(b"cHRM", struct.pack(">8I", 31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000))
    content = _saved(IMAGE, "PNG", pnginfo=text, icc_profile=profile, dpi=(300, 150))
    there, notes = _through_mho(content)
    assert notes == ()
    before, after = _opened(content), _opened(there)
    assert after.text == before.text
    for key in ("gamma", "chromaticity", "icc_profile", "dpi", "xmp"):
        assert after.info[key] == before.info[key]


@pytest.mark.parametrize(("name", "content"), [(b"cICP", b"\x09\x10\x00\x01"), (b"sRGB", b"\x01")])
def test_what_the_colours_of_a_png_are_stays(name, content):
    chunk = _chunk(name, content)
    there, notes = _through_mho(_png(PIXELS, 2, chunk))
    assert notes == ()
    assert chunk in there
    assert _through_mho(_png(PIXELS, 2, chunk), "JPEG")[1] == (f"dropped the colour space ({name.decode()})",)


def test_metadata_of_a_photo_go_from_format_to_format():
    exif = Image.Exif()
    exif[0x8769] = {0x9003: "2020:01:01 00:00:00"}
    exif[0x8825] = {1: "N", 2: (48.0, 8.0, 0.0)}
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    content = _saved(IMAGE, "JPEG", exif=exif, xmp=xmp, icc_profile=b"colours", dpi=(240, 240), comment="it's me")
    for form in ("PNG", "JPEG", "WEBP"):
        there, notes = _through_mho(content, form)
        after = _opened(there)
        assert after.getexif().get_ifd(0x8769)[0x9003] == "2020:01:01 00:00:00"
        assert after.getexif().get_ifd(0x8825)[2] == (48.0, 8.0, 0.0)
        assert (after.info["xmp"], after.info["icc_profile"]) == (xmp, b"colours")
        assert notes == (("dropped text (Comment), the resolution",) if form == "WEBP" else ())
    assert _opened(_through_mho(content, "JPEG")[0]).info["comment"] == b"it's me"
    assert _through_mho(content, "PPM")[1] == ("dropped Exif, XMP, text (Comment), the ICC profile, the resolution",)


def test_exif_of_tiff_is_about_the_picture_and_not_about_the_file():
    content = _saved(IMAGE, "TIFF", tiffinfo={270: "a description", 33550: (1.0, 2.0, 0.0), 33723: b"iptc"})
    there, notes = _through_mho(content)
    found = dict(_opened(there).getexif())
    assert found == {270: "a description", 33550: (1.0, 2.0, 0.0)}
    assert notes == ("dropped IPTC",)


def test_what_does_not_fit_a_jpeg_is_named():
    picture = Picture(PIXELS, exif=bytes(70_000), xmp=b"x" * 70_000, text={"Comment": "y" * 70_000})
    assert picture_bytes(picture, "JPEG")[1] == ("dropped Exif, XMP, text (Comment)",)


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        (
            _saved(IMAGE.convert("CMYK"), "TIFF", icc_profile=b"ink"),
            ("dropped the ICC profile", "converted CMYK to RGB"),
        ),
        pytest.param(_saved(IMAGE.convert("YCbCr"), "TIFF"), ("converted YCbCr to RGB",), marks=NEEDS_YCBCR),
        (
            _png(PIXELS, 2, _chunk(b"tIME", bytes(7)) + _chunk(b"eviL", b"")),
            ("dropped PNG chunk eviL, PNG chunk tIME",),
        ),
        (_png(PIXELS, 2, _chunk(b"pHYs", struct.pack(">IIB", 2, 1, 0))), ("dropped the aspect of a pixel, 2:1",)),
        (_saved(IMAGE, "JPEG", extra=b"\xff\xeb\x00\x06c2pa"), ("dropped JPEG segment APP11",)),
        (_saved(IMAGE, "ICO", sizes=[(16, 16), (8, 8)]), ("dropped all sizes but the largest",)),
        (_saved(IMAGE, "MPO", save_all=True, append_images=[IMAGE]), ("dropped all frames but the first",)),
        (_saved(IMAGE, "WEBP", save_all=True, append_images=[IMAGE.rotate(9)]), ("dropped all frames but the first",)),
        (_saved(IMAGE, "PNG"), ()),
        (_saved(IMAGE, "JPEG"), ()),
        (_saved(IMAGE, "BMP"), ()),
        (_saved(IMAGE, "TIFF"), ()),
    ],
)
def test_what_is_dropped_or_converted_is_named(content, notes):
    assert read_picture(content, "x")[1] == notes


def test_the_gain_map_of_a_photo_is_named():
    packet = b'http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version="1.0"/>'
    two = _saved(IMAGE, "MPO", save_all=True, append_images=[IMAGE])
    content = two[:2] + b"\xff\xe1" + struct.pack(">H", len(packet) + 2) + packet + two[2:]
    assert read_picture(content, "x")[1] == ("dropped all pictures but the first (an HDR gain map)",)


@pytest.mark.parametrize("mode", ["P", "L", "RGB", "1"])
def test_one_transparent_colour_is_alpha(mode):
    image = IMAGE.convert(mode)
    first = image.getpixel((0, 0))
    content = _saved(image, "PNG", transparency=first)
    picture, notes = read_picture(content, "x")
    assert notes == ()
    np.testing.assert_array_equal(picture.alpha, np.asarray(_opened(content).convert("RGBA"))[..., 3])
    assert picture.alpha is not None
    assert 0 < np.count_nonzero(picture.alpha == 0) < picture.alpha.size
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("L" if mode in ("L", "1") else "RGB")))


def test_max_pixels_rules_whatever_pillow_s_own_limit(monkeypatch):
    content = _saved(IMAGE, "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    np.testing.assert_array_equal(read_picture(content, "x")[0].pixels, PIXELS)
    with pytest.raises(DataError, match="x: a picture of 24 x 32 pixels, more than max_pixels = 767"):
        read_picture(content, "x", max_pixels=767)
    assert Image.MAX_IMAGE_PIXELS == 100


def _plugged(image, **options):
    return _opened(_saved(image, "MHO", **options))


def test_pillow_s_save_takes_metadata():
    exif = Image.Exif()
    exif[0x0112] = 3
    opened = _plugged(IMAGE, exif=exif, icc_profile=b"colours", xmp=b"<x/>", dpi=(72, 96), comment="hm")
    assert opened.getexif()[0x0112] == 3
    beside = {key: value for key, value in opened.info.items() if key != "exif"}
    assert beside == {"icc_profile": b"colours", "xmp": b"<x/>", "dpi": (72, 96), "Comment": "hm"}
    assert _plugged(opened).info == opened.info
    without = _plugged(opened, exif=None, icc_profile=None, xmp=None, dpi=None, comment=None)
    assert without.info == {}


def test_pillow_s_save_keeps_colour():
    source = _opened(_png(PIXELS, 2, _chunk(b"gAMA", struct.pack(">I", 45_455)) + _chunk(b"sRGB", b"\1")))
    assert _plugged(source).info == source.info


def test_edited_exif_is_saved():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "before"
    image = _opened(_saved(IMAGE, "JPEG", exif=exif))
    image.getexif()[0x010E] = "after"
    assert dict(_plugged(image).getexif()) == {0x0112: 6, 0x010E: "after"}
    turned = ImageOps.exif_transpose(_opened(_saved(IMAGE, "JPEG", exif=exif)))
    assert dict(_plugged(turned).getexif()) == {0x010E: "before"}


def test_exif_that_was_not_edited_stays_byte_for_byte():
    raw = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0and what only its maker can read"
    image = _opened(_saved(IMAGE, "JPEG", exif=raw))
    assert image.getexif()[0x0112] == 6
    assert _plugged(image).info["exif"] == raw


def test_pillow_s_save_says_what_it_cannot():
    np.testing.assert_array_equal(np.asarray(_plugged(IMAGE, lossless=True)), np.asarray(IMAGE))
    _plugged(IMAGE, lossless=False)
    with pytest.warns(UserWarning, match="ignored optimize, progressive"):
        _plugged(IMAGE, optimize=True, progressive=True)
    with pytest.warns(UserWarning, match="converted CMYK to RGB"):
        _plugged(IMAGE.convert("CMYK"))
    frames = _opened(_saved(IMAGE, "GIF", save_all=True, append_images=[IMAGE.rotate(9)]))
    with pytest.warns(UserWarning, match="dropped all frames but the first"):
        _plugged(frames, save_all=True)


def test_pillow_opens_what_is_larger_than_the_codec_s_limit(monkeypatch):
    content = _saved(IMAGE, "MHO")
    monkeypatch.setattr("mho.image.codec.codec.decode.__kwdefaults__", {"max_pixels": 100, "dictionary": None})
    with pytest.raises(DataError):
        decode(content)
    assert _opened(content).convert("L").size == (32, 24)


def test_pillow_closes_what_it_opened_by_name(tmp_path):
    IMAGE.save(tmp_path / "x.mho")
    opened: Any = Image.open(tmp_path / "x.mho")
    file = opened.fp
    assert opened.getextrema()
    assert file.closed
    with open(tmp_path / "x.mho", "rb") as stream:
        assert Image.open(stream).getextrema() == opened.getextrema()
        assert not stream.closed


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"xmp": "text"}, TypeError, "xmp must be bytes, got str"),
        ({"dpi": (0, 1)}, ValueError, "dpi must be two numbers above 0"),
        ({"dpi": (np.nan, 1)}, ValueError, "dpi must be two numbers above 0"),
        ({"text": {"a": 1}}, TypeError, "text must map str to str"),
        ({"colour": {"gAMA": b""}}, ValueError, "colour must hold"),
        ({"colour": {"IDAT": b"abcd"}}, ValueError, "colour must hold"),
    ],
)
def test_metadata_that_make_no_sense(given, error, message):
    with pytest.raises(error, match=message):
        Picture(PIXELS, **given)


TIFF = _saved(IMAGE, "TIFF")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_saved(IMAGE, "AVIF")[:-150] if AVIF else b"", marks=NEEDS_AVIF),
        TIFF.replace(struct.pack("<HH", 256, 4), struct.pack("<HH", 9999, 4)),
        TIFF.replace(struct.pack("<HHIHH", 277, 3, 1, 3, 0), struct.pack("<HHIHH", 277, 3, 1, 9, 0)),
        _saved(IMAGE, "GIF")[:-99],
        _saved(IMAGE, "WEBP")[:-99],
        _png(PIXELS, 2, _chunk(b"gAMA", b"")),
        _png(PIXELS, 2, _chunk(b"iCCP", b"nothing")),
    ],
)
def test_damage_is_one_error_that_names_the_file(content):
    with pytest.raises(DataError, match=r"\Ax: .+\Z"):
        read_picture(content, "x")


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n0 0 8 8 rectfill\nshowpage\n%%EOF\n"


def test_no_file_starts_a_program(monkeypatch):
    started = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *given, **_: started.append(given) or IMAGE.im)
    Image.open(io.BytesIO(POSTSCRIPT)).load()
    assert len(started) == 1
    with pytest.raises(DataError, match=r"x: not a picture that mho or Pillow can read, without another program"):
        read_picture(POSTSCRIPT, "x")
    assert len(started) == 1


def test_what_pillow_decodes_itself_is_still_opened():
    for form in ("BMP", "GIF", "PCX", "PPM", "SGI", "TGA", "TIFF", "WEBP"):
        assert read_picture(_saved(IMAGE, form), "x")[0].pixels.shape == PIXELS.shape
