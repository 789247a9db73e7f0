"""`mho image`, as a user calls it."""

import io
import os
import re
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from skimage import data

from mho.cli import main
from mho.image.codec import Picture, decode, encode
from mho.image.codec.container import unpack
from mho.image.quality import psnr_of_pixels

PIXELS = data.astronaut()[100:180, 200:312]


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(PIXELS).save(path)
    return path


def test_there_and_back(photo, tmp_path, capsys):
    small, back = tmp_path / "photo.mho", tmp_path / "back.webp"
    assert main(["image", "compress", str(photo), "-o", str(small), "--report"]) == 0
    report = capsys.readouterr().out
    assert f"{small.stat().st_size:,} bytes" in report
    assert main(["image", "decompress", str(small), "-o", str(back)]) == 0
    pixels = np.asarray(Image.open(back))
    np.testing.assert_array_equal(pixels, decode(small.read_bytes()).pixels)
    assert float(re.search(r"PSNR ([\d.]+) dB", report)[1]) == pytest.approx(psnr_of_pixels(PIXELS, pixels), abs=0.005)
    capsys.readouterr()
    assert main(["image", "info", str(small)]) == 0
    assert "112 x 80, colour" in capsys.readouterr().out


def test_without_loss_as_asked_and_larger_than_the_input_as_told(tmp_path, capsys):
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.jpg", quality=5)
    opened = np.asarray(Image.open(tmp_path / "noise.jpg"))
    small, back = str(tmp_path / "noise.mho"), str(tmp_path / "back.png")
    assert main(["image", "compress", str(tmp_path / "noise.jpg"), "-o", small, "--lossless"]) == 0
    size = (tmp_path / "noise.jpg").stat().st_size
    assert f"larger than the input of {size:,} bytes" in capsys.readouterr().err
    assert main(["image", "decompress", small, "-o", back]) == 0
    np.testing.assert_array_equal(np.asarray(Image.open(back)), opened)
    assert main(["image", "compress", str(tmp_path / "noise.jpg"), "-o", small, "--lossless", "--quality", "9"]) == 2
    assert "--lossless takes no quality" in capsys.readouterr().err


def test_chroma_as_asked(photo, tmp_path):
    coded = str(tmp_path / "photo.mho")
    for chroma, halved in (("420", True), ("444", False)):
        assert main(["image", "compress", str(photo), "-o", coded, "--chroma", chroma]) == 0
        assert unpack(Path(coded).read_bytes())[0].halved == halved


def test_a_hatched_picture_learns_a_dictionary(tmp_path, capsys):
    i, j = np.indices((160, 160))
    noise = np.random.default_rng(0).normal(0, 2, i.shape)
    hatched = np.rint(128 + 90 * np.sin(0.9 * j + 0.6 * i) + noise).astype(np.uint8)
    Image.fromarray(hatched).save(tmp_path / "hatched.png")
    small = str(tmp_path / "hatched.mho")
    assert main(["image", "compress", str(tmp_path / "hatched.png"), "-o", small, "--learn"]) == 0
    capsys.readouterr()
    assert main(["image", "info", small]) == 0
    assert "dictionary of its own" in capsys.readouterr().out


def test_through_pipes(photo, capsysbinary, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(photo.read_bytes())))
    assert main(["image", "compress", "-", "-o", "-", "--target-size", "2000"]) == 0
    small = capsysbinary.readouterr().out
    assert 1900 < len(small) <= 2000
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(small)))
    assert main(["image", "decompress", "-", "-o", "-", "--format", "ppm", "-q"]) == 0
    piped = capsysbinary.readouterr()
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(piped.out))), decode(small).pixels)
    assert piped.err == b""


def test_many_of_which_one_fails(photo, tmp_path, capsys):
    (tmp_path / "bad.png").write_bytes(b"nothing")
    folder = tmp_path / "out"
    folder.mkdir()
    sources = [str(tmp_path / "bad.png"), str(photo)]
    assert main(["image", "compress", *sources, "-o", str(folder), "--quality", "30"]) == 1
    assert decode((folder / "photo.mho").read_bytes()).shape == (80, 112)
    errors = capsys.readouterr().err
    assert "bad.png: not a picture" in errors
    assert "1 of 2 pictures failed" in errors


def test_a_page_to_compare(photo, tmp_path, capsys):
    small, page = tmp_path / "photo.mho", tmp_path / "page.html"
    assert main(["image", "compress", str(photo), "-o", str(small), "-q"]) == 0
    assert main(["image", "compare", str(photo), str(small), "-o", str(page)]) == 0
    assert "dB, SSIM" in capsys.readouterr().out
    text = page.read_text()
    assert text.count("data:image/png;base64,") == 2
    assert not re.search(r"https?://", text)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["compress", "PHOTO", "-o", "x.mho", "--quality", "101"], 2, "quality must be from 0 to 100"),
        (["compress", "PHOTO", "-o", "x.mho", "--quality", "9", "--target-size", "9"], 2, "exclude each other"),
        (["compress", "PHOTO", "-o", "x.mho", "--learn", "--target-size", "9"], 2, "it takes no target"),
        (["compress", "PHOTO", "-o", "x.mho", "--target-size", "9"], 2, "size must be at least"),
        (["compress", "PHOTO", "-o", "x.mho", "--effort", "0"], 2, "effort must be at least 1"),
        (["compress", "PHOTO", "PHOTO", "-o", "x.mho"], 2, "must be a folder"),
        (["compress", "nothing.png", "-o", "x.mho"], 1, "No such file"),
        (["compress", "PHOTO", "-o", "PHOTO"], 2, "must end in .mho"),
        (["compress", "PHOTO", "-o", "x.mho", "--max-pixels", "50"], 1, "more than --max-pixels = 50"),
        (["decompress", "PHOTO", "-o", "x.tga"], 2, "must end in .png"),
        (["info", "PHOTO"], 1, "not a .mho picture"),
    ],
)
def test_a_user_s_mistake_is_one_line(photo, tmp_path, monkeypatch, capsys, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    before = photo.read_bytes()
    assert main(["image", *(str(photo) if word == "PHOTO" else word for word in arguments)]) == code
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1
    assert photo.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


@pytest.mark.parametrize("engine", ["digital", "hybrid"])
def test_half_the_numbers(photo, tmp_path, capsys, engine):
    out = tmp_path / "half.png"
    assert main(["image", "halve", str(photo), "-o", str(out), "--engine", engine, "--max-iter", "8"]) == 0
    shown = capsys.readouterr().out
    psnr = psnr_of_pixels(PIXELS, np.asarray(Image.open(out)))
    assert psnr > 20
    assert f"PSNR {psnr:.2f} dB" in shown
    assert main(["image", "halve", str(photo), "-o", str(tmp_path / "half.txt")]) == 2
    assert "--out must end in .png" in capsys.readouterr().err


def test_half_the_numbers_keeps_what_belongs_to_the_picture(tmp_path):
    image = Image.fromarray(PIXELS[:24, :24])
    image.putalpha(77)
    exif = Image.Exif()
    exif[0x010E] = "a description"
    image.save(tmp_path / "x.png", exif=exif, icc_profile=b"colours")
    out = tmp_path / "half.png"
    assert main(["image", "halve", str(tmp_path / "x.png"), "-o", str(out), "-q"]) == 0
    half = Image.open(out)
    assert half.mode == "RGBA"
    assert half.getchannel("A").getextrema() == (77, 77)
    assert half.getexif()[0x010E] == "a description"
    assert half.info["icc_profile"] == b"colours"


@pytest.mark.parametrize(
    ("command", "source", "message"),
    [
        ("compress", "/dev/zero", "/dev/zero: is a device, and must be a picture; - is standard input"),
        ("info", "/dev/zero", "/dev/zero: is a device"),
        ("compress", ".", ".: Is a directory"),
        ("compress", "empty.png", "empty.png: is empty, and must be a picture"),
        ("compress", "-", "standard input: has more than 67,108,872 bytes, too many for a picture of --max-pixels 1"),
    ],
)
def test_what_has_no_end_is_no_picture(tmp_path, monkeypatch, capsys, command, source, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.png").touch()
    with open("/dev/zero") as endless:
        monkeypatch.setattr("sys.stdin", endless)
        options = [] if command == "info" else ["-o", "x.mho", "--max-pixels", "1"]
        assert main(["image", command, source, *options]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"mho: error: {message}")
    assert told.count("\n") == 1


def test_a_pipe_with_a_name_is_waited_for(photo, tmp_path, capsys):
    pipe, out = tmp_path / "pipe", tmp_path / "x.mho"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(photo.read_bytes()), daemon=True)
    writer.start()
    assert main(["image", "compress", str(pipe), "-o", str(out), "-q"]) == 0
    writer.join()
    assert "waiting for what is written to it" in capsys.readouterr().err
    assert decode(out.read_bytes()).shape == (80, 112)


def _compare(capsys, *files):
    code = main(["image", "compare", *map(str, files)])
    return code, *capsys.readouterr()


@pytest.mark.parametrize("orientation", range(2, 9))
def test_pictures_are_compared_as_they_are_seen(tmp_path, capsys, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned, as_seen, as_stored = (tmp_path / name for name in ("turned.png", "seen.png", "stored.png"))
    Image.fromarray(PIXELS).save(turned, exif=exif)
    Image.fromarray(PIXELS).save(as_stored)
    ImageOps.exif_transpose(Image.open(turned)).save(as_seen)
    code, told, warned = _compare(capsys, turned, as_seen)
    assert code == 0
    assert told.startswith("PSNR inf dB (every sample equal)")
    assert f"turned upright (Exif orientation {orientation} and 1)" in warned
    code, told, warned = _compare(capsys, turned, as_stored)
    if orientation > 4:
        assert (code, told) == (2, "")
        sizes = f"80 x 112 pixels, got 112 x 80 (Exif orientation {orientation} and 1)"
        assert warned == f"mho: error: {as_stored}: must have the size of {turned}, {sizes}\n"
    else:
        other = np.asarray(ImageOps.exif_transpose(Image.open(turned)))
        assert told.startswith(f"PSNR {psnr_of_pixels(other, PIXELS):.2f} dB")
        assert "every sample equal" not in told


def test_grey_alpha_and_colour_spaces_are_told_apart(tmp_path, capsys):
    paths = {name: tmp_path / f"{name}.png" for name in ("colour", "grey", "alpha", "profile")}
    image, grey = Image.fromarray(PIXELS), Image.fromarray(PIXELS).convert("L")
    image.save(paths["colour"])
    grey.save(paths["grey"])
    image.save(paths["profile"], icc_profile=b"colours")
    image.putalpha(155)
    image.save(paths["alpha"])
    code, told, warned = _compare(capsys, paths["colour"], paths["grey"])
    assert (code, "only one is grey" in warned) == (0, True)
    assert told.startswith(f"PSNR {psnr_of_pixels(PIXELS, np.asarray(grey.convert('RGB'))):.2f} dB")
    _, told, warned = _compare(capsys, paths["colour"], paths["alpha"])
    assert "only one has alpha, the other is taken as opaque" in warned
    assert "alpha PSNR 8.13 dB" in told  # 20 log10(255 / 100)
    assert "their colour tags differ (none and ICC profile)" in _compare(capsys, paths["colour"], paths["profile"])[2]
    assert _compare(capsys, paths["alpha"], paths["alpha"])[2] == ""


def test_without_pillow_the_extra_is_named(photo, tmp_path, monkeypatch, capsys):
    (tmp_path / "x.mho").write_bytes(encode(Picture(PIXELS)))
    monkeypatch.setitem(sys.modules, "PIL", None)
    for line in (["compress", str(photo), "-o", str(tmp_path / "y.mho")], ["decompress", "x.mho", "-o", "-"]):
        monkeypatch.chdir(tmp_path)
        assert main(["image", *line]) == 1
        told = capsys.readouterr().err
        assert told == "mho: error: pictures of other formats than .mho need Pillow: pip install 'mho[image]'\n"
