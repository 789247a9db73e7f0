"""Picture files in and out, Pillow being the other side."""

import io

import numpy as np
import PIL
import pytest
from PIL import Image
from skimage import data

import mho.image.pillow_plugin  # noqa: F401
from mho.data import DataError
from mho.image.codec import Picture, decode, encode, encode_to_psnr, encode_to_size, picture_bytes, read_picture
from mho.image.quality import psnr_of_pixels

PIXELS = data.astronaut()[100:160, 200:290]
NEEDS_YCBCR = pytest.mark.skipif(int(PIL.__version__.split(".")[0]) < 13, reason="Pillow 12 cannot read its own")


def _saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize("form", ["PNG", "WEBP", "PPM"])
def test_lossless_formats_come_in_and_go_out_unchanged(form):
    coming = _saved(Image.fromarray(PIXELS), form, **({"lossless": True} if form == "WEBP" else {}))
    picture, dropped = read_picture(coming, "x")
    np.testing.assert_array_equal(picture.pixels, PIXELS)
    assert dropped == ()
    going, _ = picture_bytes(picture, form)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(going))), PIXELS)


def test_jpeg_comes_in_as_pillow_decodes_it_and_goes_out_close():
    coming = _saved(Image.fromarray(PIXELS), "JPEG", quality=60)
    picture, dropped = read_picture(coming, "x.jpg")
    np.testing.assert_array_equal(picture.pixels, np.asarray(Image.open(io.BytesIO(coming))))
    assert dropped == ()
    going = Image.open(io.BytesIO(picture_bytes(picture, "JPEG")[0]))
    assert going.format == "JPEG"
    assert psnr_of_pixels(picture.pixels, np.asarray(going)) > 34


def test_orientation_profile_and_alpha_survive_the_whole_way():
    exif = Image.Exif()
    exif[0x0112] = 6
    alpha = np.arange(60 * 90, dtype=np.uint8).reshape(60, 90)
    image = Image.fromarray(PIXELS)
    image.putalpha(Image.fromarray(alpha))
    picture, _ = read_picture(_saved(image, "PNG", exif=exif, icc_profile=b"colours"), "x.png")
    png, dropped = picture_bytes(decode(encode(picture)))
    back = Image.open(io.BytesIO(png))
    assert back.getexif()[0x0112] == 6
    assert back.info["icc_profile"] == b"colours"
    np.testing.assert_array_equal(np.asarray(back)[..., 3], alpha)
    assert dropped == ()
    assert picture_bytes(picture, "JPEG")[1] == ("dropped alpha",)


def test_what_is_dropped_is_named():
    frames = [Image.fromarray(PIXELS), Image.fromarray(PIXELS[::-1].copy())]
    animated = _saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_picture(animated, "x.gif")[1] == ("dropped all frames but the first",)
    commented = _saved(frames[0], "JPEG", extra=b"\xff\xef\x00\x04hm")
    assert read_picture(commented, "x.jpg")[1] == ("dropped JPEG segment APP15",)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "LA", "RGBA", pytest.param("YCbCr", marks=NEEDS_YCBCR)])
def test_every_8_bit_mode_is_what_pillow_makes_of_it(mode):
    image = Image.fromarray(PIXELS).convert(mode)
    form = "TIFF" if mode in ("CMYK", "YCbCr", "LA") else "PNG"
    picture, _ = read_picture(_saved(image, form), "x")
    grey = mode in ("1", "L", "LA")
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("L" if grey else "RGB")))
    assert (picture.alpha is not None) == (mode in ("LA", "RGBA"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no picture", "x.png: not a picture"),
        (_saved(Image.fromarray(PIXELS), "PNG")[:400], "x.png: "),
        (_saved(Image.fromarray(PIXELS.astype(np.uint16)[..., 0]), "PNG"), "16 bits a sample; at most 8"),
        (_saved(Image.new("1", (6000, 6000)), "PNG"), "more than max_pixels"),
        (encode(Picture(PIXELS))[:-7], "x.png: a damaged or cut .mho picture"),
    ],
)
def test_what_cannot_be_read_is_one_error(content, message):
    with pytest.raises(DataError, match=message):
        read_picture(content, "x.png")


def test_pillow_opens_and_saves():
    image = Image.fromarray(PIXELS)
    image.putalpha(200)
    data = _saved(image, "MHO", quality=80)
    opened = Image.open(io.BytesIO(data))
    assert (opened.format, opened.mode, opened.size) == ("MHO", "RGBA", (90, 60))
    picture = decode(data)
    np.testing.assert_array_equal(np.asarray(opened), np.dstack([picture.pixels, picture.alpha]))
    grey = Image.open(io.BytesIO(_saved(Image.fromarray(PIXELS).convert("L"), "MHO")))
    assert grey.mode == "L"
    assert grey.resize((9, 6)).size == (9, 6)


def test_pillow_passes_quality_and_effort_on():
    picture = Picture(PIXELS)
    assert _saved(Image.fromarray(PIXELS), "MHO") == encode(picture)
    for options in ({"quality": 30}, {"effort": 3}, {"quality": 80, "effort": 2}):
        assert _saved(Image.fromarray(PIXELS), "MHO", **options) == encode(picture, **options)


def test_pillow_says_what_is_no_picture():
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(io.BytesIO(encode(Picture(PIXELS))[:-9]))


@pytest.mark.parametrize("size", [400, 1500, 3500])
def test_a_target_size_is_met_closely(size):
    found = len(encode_to_size(Picture(PIXELS), size))
    assert 0.96 * size < found <= size


@pytest.mark.parametrize("psnr", [22, 30, 37])
def test_a_target_psnr_is_met_closely(psnr):
    found = psnr_of_pixels(PIXELS, decode(encode_to_psnr(Picture(PIXELS), psnr)).pixels)
    assert psnr <= found < psnr + 0.25


def test_targets_out_of_reach():
    with pytest.raises(ValueError, match="size must be at least"):
        encode_to_size(Picture(PIXELS), 30)
    with pytest.raises(ValueError, match="psnr must be one that this picture reaches"):
        encode_to_psnr(Picture(PIXELS), 70)
    assert encode_to_size(Picture(PIXELS), 10**6) == encode(Picture(PIXELS), quality=100)
