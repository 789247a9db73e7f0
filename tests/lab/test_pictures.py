"""The page of pictures: files decoded as in Python, hostile ones refused, and the page walked as a visitor would."""

import base64
import io
import json
import random
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mho.cli import main
from mho.data import DataError
from mho.image.cleanup import denoise, estimate_noise, inpaint
from mho.image.codec import Picture, decode, encode
from mho.image.quality import psnr_of_pixels

sys.path.insert(0, str(Path(__file__).parents[1] / "faults"))
from mutate import damaged

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]
FILES = Path(__file__).parents[1] / "image" / "codec"
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def in_page(browser, pictures):
    """Ask the page's own workers by a function of `mhoPictures` and arguments; bytes go and come as base64."""
    page = browser.new_page()
    page.set_default_timeout(180_000)
    page.goto(pictures)
    page.wait_for_function("window.mhoPictures")
    yield lambda body, *arguments: page.evaluate(f"async (given) => {{ {TEXT} {body} }}", arguments)
    page.close()


@pytest.fixture
def shown(visit, pictures):
    return lambda view, **how: visit(view, address=pictures, **how)


TEXT = """
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const text = (a) => {
  let out = "";
  for (let i = 0; i < a.length; i += 32768) out += String.fromCharCode(...a.subarray(i, i + 32768));
  return btoa(out);
};
"""
OPEN = """
const answers = [];
for (const file of given[0]) {
  try {
    const p = await mhoPictures.ask("open", { data: bytes(file), mostPixels: 1 << 20 });
    answers.push({ shape: [p.m, p.n, p.planes], pixels: text(p.pixels), alpha: p.alpha && text(p.alpha) });
  } catch (error) {
    answers.push({ error: error.message });
  }
}
return answers;
"""


def textual(data):
    return base64.b64encode(bytes(data)).decode()


def opened(in_page, files):
    return in_page(OPEN, [textual(data) for data in files])


def photo():
    from skimage.data import astronaut

    return np.ascontiguousarray(astronaut()[:200, 100:420])


def drawing(rng, m, n):
    pixels = np.full((m, n, 3), 255, np.uint8)
    for colour in rng.integers(0, 256, (6, 3)):
        i, j = rng.integers(m), rng.integers(n)
        pixels[i : i + 1 + m // 3, j : j + 1 + n // 3] = colour
    return pixels


def pictures():
    """Fifty files: of version 1 and 2 as they are kept, and made: sizes, qualities, chroma, alpha, without loss."""
    yield from (path.read_bytes() for path in sorted(FILES.glob("*/*.mho")))
    rng, whole = np.random.default_rng(30), photo()
    sizes = [(1, 1), (7, 9), (8, 8), (16, 17), (33, 64), (64, 33), (120, 151), (200, 320)]
    for number, (m, n) in enumerate(sizes):
        pixels = whole[:m, :n]
        yield encode(Picture(pixels), quality=10 + 12 * number, chroma="420")
        yield encode(Picture(pixels), quality=100 - 14 * number, chroma="444")
        yield encode(Picture(np.ascontiguousarray(pixels[..., 1])), quality=30 + 10 * number)
    alpha = np.add.outer(np.arange(60), np.arange(90)).astype(np.uint8)
    clear = rng.integers(0, 2, (60, 90), dtype=np.uint8) * 255
    for opacity in (alpha, clear):
        yield encode(Picture(np.ascontiguousarray(whole[:60, :90]), opacity), quality=70)
    yield encode(Picture(whole[:40, :50]), lossless=True)
    yield encode(Picture(drawing(rng, 90, 110)), lossless=True)
    yield encode(Picture(np.tile(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8), (12, 20, 1))), lossless=True)


def test_fifty_pictures_are_those_of_python_bit_for_bit(in_page):
    files = list(pictures())
    assert len(files) >= 50
    versions = {data[4] for data in files}
    assert versions == {1, 2}
    for data, found in zip(files, opened(in_page, files), strict=True):
        expected = decode(data)
        planes = 1 if expected.pixels.ndim == 2 else 3
        assert found["shape"] == [*expected.shape, planes]
        assert base64.b64decode(found["pixels"]) == expected.pixels.tobytes()
        assert (found["alpha"] and base64.b64decode(found["alpha"])) == (
            None if expected.alpha is None else expected.alpha.tobytes()
        )


def test_a_picture_of_two_bands_of_tiles(in_page):
    """Rows that one band hands on to the next."""
    y, x = np.mgrid[:1040, :40]
    data = encode(Picture(((x * y) % 199 + 30 * np.sin(y / 9)).astype(np.uint8)), quality=40)
    (found,) = opened(in_page, [data])
    assert base64.b64decode(found["pixels"]) == decode(data).pixels.tobytes()


def test_damaged_files_are_refused_where_python_refuses_them(in_page):
    rng = random.Random(31)
    sound = [path.read_bytes() for path in sorted(FILES.glob("second/*.mho")) if path.name != "two-tiles.mho"]
    files = [damaged("x.mho", sound[i % len(sound)], sound, rng) for i in range(240)]
    refused = 0
    for data, found in zip(files, opened(in_page, files), strict=True):
        try:
            expected = decode(data, max_pixels=1 << 20)
        except DataError:
            expected = None
        if expected is None:
            refused += 1
            assert len(found.get("error", "")) > 10 or "pixels" in found  # metadata are not looked at in the page
        elif "error" not in found:
            assert base64.b64decode(found["pixels"]) == expected.pixels.tobytes()
    assert 100 < refused < len(files)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n", "not a .mho picture"),
        (b"\x8bMHO\x03" + bytes(50), "version 3; this page reads versions 1 and 2: a newer mho may read it"),
        (b"\x8bMHO\x02" + bytes(50), "its checksum is wrong"),
    ],
)
def test_what_is_wrong_is_said(shown, tmp_path, data, sentence):
    (tmp_path / "x.mho").write_bytes(data)
    seen = shown("#open")
    seen.page.set_input_files("input[type=file]", tmp_path / "x.mho")
    seen.page.wait_for_selector(f"text={sentence}")
    assert seen.heard == []


def test_a_file_is_seen_and_saved_as_png(shown, tmp_path):
    rng = np.random.default_rng(32)
    alpha = rng.integers(0, 256, (60, 90), dtype=np.uint8)
    data = encode(Picture(photo()[:60, :90].copy(), alpha), quality=80)
    (tmp_path / "p.mho").write_bytes(data)
    seen = shown("#open")
    seen.page.set_input_files("input[type=file]", tmp_path / "p.mho")
    seen.page.wait_for_selector("canvas.shown")
    assert seen.fact("pixels") == "90 × 60"
    assert float(seen.fact("bits a pixel")) == pytest.approx(8 * len(data) / 5400, rel=5e-3)
    saved, expected = np.asarray(Image.open(io.BytesIO(seen.save("PNG")))), decode(data)
    assert np.array_equal(saved, np.dstack([expected.pixels, expected.alpha]))
    assert seen.heard == []


CLEAN = """
const [method, m, n, planes, pixels, more] = given;
const picture = { m, n, planes, pixels: bytes(pixels), alpha: null };
if (method === "noise") return await mhoPictures.ask("noise", picture);
return text(await mhoPictures[method](picture, method === "fill" ? bytes(more) : more));
"""


def cleaned(in_page, method, pixels, more=None):
    planes = 1 if pixels.ndim == 2 else 3
    found = in_page(CLEAN, method, *pixels.shape[:2], planes, textual(pixels.tobytes()), more)
    return found if method == "noise" else np.frombuffer(base64.b64decode(found), np.uint8).reshape(pixels.shape)


def noisy(pixels, gain, sigma, seed=33):
    rng = np.random.default_rng(seed)
    level = gain * rng.poisson(pixels / gain) if gain else pixels
    return np.clip(np.rint(level + sigma * rng.standard_normal(pixels.shape)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("gain", "sigma", "grey"), [(0.0, 12.0, False), (1.5, 6.0, True)])
def test_noise_goes_as_in_python_within_a_grey_level(in_page, gain, sigma, grey):
    pixels = noisy(photo()[:130, :151, 1] if grey else photo()[:130, :151], gain, sigma)
    expected = denoise(pixels, sigma, gain=gain)
    found = cleaned(in_page, "denoise", pixels, {"gain": gain, "sigma": sigma})
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert (found != pixels).mean() > 0.5


@pytest.mark.parametrize(("gain", "sigma"), [(0.0, 9.0), (2.0, 5.0)])
def test_noise_is_estimated_as_in_python(in_page, gain, sigma):
    pixels = noisy(photo(), gain, sigma)
    expected, found = estimate_noise(pixels), cleaned(in_page, "noise", pixels)
    assert found["sigma"] == pytest.approx(expected.sigma, rel=1e-6, abs=1e-6)
    assert found["gain"] == pytest.approx(expected.gain, rel=1e-6, abs=1e-6)


def test_lost_pixels_come_back_as_in_python(in_page):
    pixels = photo()[:150, :190].copy()
    mask = np.zeros(pixels.shape[:2], bool)
    mask[20:130, 90:93] = mask[70:72, 30:170] = mask[100:108, 40:48] = True
    expected = inpaint(pixels, mask)
    found = cleaned(in_page, "fill", np.where(mask[..., None], 0, pixels).astype(np.uint8), textual(mask.tobytes()))
    assert np.array_equal(found[~mask], pixels[~mask])
    differences = np.abs(found.astype(int) - expected)[mask]
    assert np.quantile(differences, 0.99) <= 1
    assert differences.max() <= 4
    assert psnr_of_pixels(pixels, found) > psnr_of_pixels(pixels, expected) - 0.05


def test_photo_set_see_export(shown, tmp_path, capsys):
    seen = shown("#photo?quality=70&bits=4&low=0.004&chip=3")
    seen.page.wait_for_selector("dt:text-is('PSNR')")
    before = seen.fact("PSNR")
    seen.slide("Sigma of writing", ArrowRight=20)
    seen.page.wait_for_function("before => document.querySelector('dl.facts dd').innerText !== before", arg=before)
    assert "sigma=0.04" in seen.page.evaluate("location.hash")
    seen.page.wait_for_selector("dl.facts[aria-busy=false]")
    record = json.loads(seen.save("JSON"))
    (tmp_path / "photo.json").write_text(json.dumps(record))
    assert main(["lab", "--answer", str(tmp_path / "photo.json")]) == 0
    answer, told = json.loads(capsys.readouterr().out), record["answer"]
    for one, other in ((answer, told), (answer["digital"], told["digital"])):
        assert one["psnr"] == pytest.approx(other["psnr"], abs=2e-3)
        assert one["bytes"] == pytest.approx(other["bytes"], rel=1e-3)
    typical = {part["name"]: part["joules"][1] for part in told["parts"]}
    assert typical == pytest.approx(answer["joules"], rel=1e-6)
    file = seen.save("File as .mho")
    assert len(file) == told["bytes"]
    pixels = np.asarray(Image.open(io.BytesIO(seen.save("Photo as PNG"))))
    assert psnr_of_pixels(pixels, decode(file).pixels) == pytest.approx(told["psnr"], abs=1e-9)
    header, *rows = seen.save("CSV").decode().splitlines()
    assert header.startswith('"time, ns"')
    assert len(rows) == 160
    assert seen.save("SVG").startswith(b"<svg")
    assert seen.save("PNG").startswith(b"\x89PNG")
    assert seen.heard == []


def test_a_photo_is_cleaned_up_painted_on_and_saved(shown, tmp_path):
    pixels = noisy(photo()[:96, :120], 0, 10)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    seen = shown("#clean?noise=told&sigma=10&brush=5")
    page = seen.page
    page.set_input_files("input[type=file]", tmp_path / "p.png")
    page.get_by_role("button", name="Take noise away").click()
    page.wait_for_selector("text=done in")
    calm = np.asarray(Image.open(io.BytesIO(seen.save("PNG"))))
    assert np.abs(calm.astype(int) - denoise(pixels, 10)).max() <= 1
    page.get_by_role("application").press("Space")
    page.get_by_role("application").press("ArrowRight")
    page.get_by_role("application").press("Space")
    lost = np.asarray(Image.open(io.BytesIO(seen.save("Marks as PNG")))) > 0
    assert lost[48, 60]
    assert lost[48, 62]
    assert 20 < lost.sum() < 50
    page.get_by_role("button", name="Fill in").click()
    page.wait_for_function("document.querySelector('.paint canvas:last-child') && !document.querySelector('progress')")
    page.wait_for_selector("button:text-is('Fill in'):disabled")
    whole = np.asarray(Image.open(io.BytesIO(seen.save("PNG"))))
    assert np.array_equal(whole[~lost], calm[~lost])
    assert not np.array_equal(whole[lost], calm[lost])
    page.get_by_role("button", name="Undo").click()
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(seen.save("PNG")))), calm)
    page.get_by_text("The same in Python").click()
    assert "mho image clean p.png -o clean.png --noise 10" in page.get_by_label("Command", exact=True).inner_text()
    assert seen.heard == []


def test_a_photo_of_forty_megapixels_is_refused(shown, tmp_path):
    Image.new("1", (8000, 5000)).save(tmp_path / "large.png")
    seen = shown("#clean")
    seen.page.set_input_files("input[type=file]", tmp_path / "large.png")
    seen.page.wait_for_selector("text=large.png: must be at most 12 megapixels, has 40.0")


@pytest.mark.parametrize("view", ["photo", "open", "clean"])
@pytest.mark.parametrize(("width", "height", "scheme"), [(1280, 900, "light"), (390, 844, "dark")])
def test_every_view_of_pictures_fits_and_axe_finds_nothing(shown, tmp_path, view, width, height, scheme):
    seen = shown(f"#{view}", width=width, height=height, scheme=scheme)
    if view != "photo":
        (tmp_path / "p.mho").write_bytes(encode(Picture(photo())))
        seen.page.set_input_files("input[type=file]", tmp_path / "p.mho")
    seen.page.wait_for_selector("text=Export")
    seen.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    if AXE.exists():
        seen.page.evaluate(AXE.read_text())
        found = seen.page.evaluate("axe.run()")["violations"]
        assert [(v["id"], [n["html"][:200] for n in v["nodes"]]) for v in found] == []
    assert seen.heard == []
