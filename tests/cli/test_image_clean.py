"""`mho image clean`, as a user calls it."""

import numpy as np
import pytest
from PIL import Image
from skimage import data

from mho.cli import main
from mho.image.cleanup import denoise, estimate_noise, inpaint

PIXELS = np.ascontiguousarray(data.astronaut()[100:148, 200:248])
MASK = np.random.default_rng(0).random(PIXELS.shape[:2]) < 0.2


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    alpha = np.full((*PIXELS.shape[:2], 1), 200, np.uint8)
    Image.fromarray(np.concatenate([PIXELS, alpha], axis=2)).save("photo.png")
    Image.fromarray(np.where(MASK, 255, 0).astype(np.uint8)).save("mask.png")
    return tmp_path


def test_lost_pixels_are_filled_in_and_alpha_stays(folder, capsys):
    assert main(["image", "clean", "photo.png", "-o", "out.png", "--mask", "mask.png"]) == 0
    assert f"{MASK.sum()} pixels filled in" in capsys.readouterr().out
    out = np.asarray(Image.open("out.png"))
    np.testing.assert_array_equal(out[..., :3], inpaint(PIXELS, MASK))
    assert (out[..., 3] == 200).all()


def test_noise_is_taken_away_last(folder, capsys):
    assert main(["image", "clean", "photo.png", "-o", "out.ppm", "--mask", "mask.png", "--noise", "9"]) == 0
    assert "noise of 9 grey levels reduced" in capsys.readouterr().out
    np.testing.assert_array_equal(np.asarray(Image.open("out.ppm")), denoise(inpaint(PIXELS, MASK), 9))


def test_noise_is_estimated_or_told_with_its_gain(folder, capsys):
    assert main(["image", "clean", "photo.png", "-o", "out.ppm", "--noise", "auto"]) == 0
    assert f"estimated noise {estimate_noise(PIXELS)} reduced" in capsys.readouterr().out
    np.testing.assert_array_equal(np.asarray(Image.open("out.ppm")), denoise(PIXELS))
    assert main(["image", "clean", "photo.png", "-o", "out.ppm", "--noise", "4", "--gain", "0.5"]) == 0
    assert "of 4 grey levels, its variance 0.5 more for each grey level" in capsys.readouterr().out
    np.testing.assert_array_equal(np.asarray(Image.open("out.ppm")), denoise(PIXELS, 4, gain=0.5))


def test_scratches_are_found_and_filled_in_by_a_chip(folder, capsys):
    pixels = np.full((96, 24), 90, np.uint8)
    pixels[:, 11] = 240
    Image.fromarray(pixels).save("film.png")
    chosen = ["--scratches", "bright", "--engine", "hybrid"]
    assert main(["image", "clean", "film.png", "-o", "out.png", *chosen]) == 0
    assert "96 pixels filled in" in capsys.readouterr().out
    assert np.abs(np.asarray(Image.open("out.png")).astype(int) - 90).max() <= 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["photo.png", "-o", "x.png"], 2, "--scratches"),
        (["photo.png", "-o", "x.png", "--noise", "auto", "--gain", "2"], 2, "--noise must be a number where --gain is"),
        (["photo.png", "-o", "x.png", "--noise", "4", "--gain", "-2"], 2, "--gain"),
        (["photo.png", "-o", "x.png", "--noise", "much"], 2, "--noise"),
        (["photo.png", "-o", "x.tga", "--mask", "mask.png"], 2, "must end in .png"),
        (["photo.png", "-o", "x.png", "--mask", "nothing.png"], 1, "No such file"),
        (["photo.png", "-o", "small.png", "--mask", "mask.png", "--no-overwrite"], 1, "is there already"),
        (
            ["photo.png", "-o", "x.png", "--mask", "small.png"],
            2,
            "--mask must be as large as the picture, 48 x 48 pixels",
        ),
        (["photo.png", "-o", "x.png", "--mask", "white.png"], 2, "--mask white.png must be black where the picture"),
        (["photo.png", "-o", "x.png", "--noise", "nan"], 2, "--noise must be finite and at least 0, got nan"),
        (["tiny.png", "-o", "x.png", "--noise", "9"], 2, "tiny.png: pixels must be at least 8 x 8, got 7 x 9"),
    ],
)
def test_a_user_s_mistake_is_one_line(folder, capsys, arguments, code, message):
    Image.fromarray(MASK[:9]).save("small.png")
    Image.new("L", (48, 48), 255).save("white.png")
    Image.new("L", (9, 7)).save("tiny.png")
    assert main(["image", "clean", *arguments]) == code
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1
    assert not (folder / "x.png").exists()


@pytest.mark.parametrize("level", [0, 90, 255])
@pytest.mark.parametrize("damage", [["--noise", "5"], ["--mask", "mask.png"], ["--scratches", "dark"]])
def test_a_flat_picture_stays_flat(folder, capsys, level, damage):
    Image.new("RGB", (48, 48), (level, level, level)).save("flat.png")
    assert main(["image", "clean", "flat.png", "-o", "out.png", *damage]) == 0
    assert capsys.readouterr().err == ""
    assert np.abs(np.asarray(Image.open("out.png")).astype(int) - level).max() <= 1
