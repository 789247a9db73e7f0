"""The page of pictures in headless Chromium: a file opened, a megapixel denoised, scratches filled in; beside Python.

Usage: pictures.py [--smoke]    writes docs/measured/pictures.json and the table of docs/do/pictures.md
"""

from __future__ import annotations

import gzip
import json
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright
from skimage.data import astronaut

from mho.image.cleanup import denoise, inpaint
from mho.image.codec import Picture, decode, encode
from mho.lab.page import PICTURES, export_page, pages

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))
from measure import machine, seconds, smoke, write, write_measured  # noqa: E402 -- found by the path above

RESULT, DOCS = ROOT / "docs" / "measured" / "pictures.json", ROOT / "docs" / "do" / "pictures.md"
CHROMIUM = next(p for p in map(Path, ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")) if p.exists())
SIGMA = 10.0
"""Of the noise, grey levels."""

ASKED = """async ([method, m, n, text, more, rounds]) => {
  const bytes = (t) => Uint8Array.from(atob(t), (c) => c.charCodeAt(0));
  const picture = { m, n, planes: 3, pixels: bytes(text), alpha: null };
  const took = [];
  let pixels;
  for (let i = 0; i < rounds; i++) {
    const begun = performance.now();
    if (method === "open") pixels = (await mhoPictures.ask("open", { data: bytes(text) })).pixels;
    else pixels = await mhoPictures[method](picture, method === "fill" ? bytes(more) : more);
    took.push(performance.now() - begun);
  }
  let out = "";
  for (let i = 0; i < pixels.length; i += 32768) out += String.fromCharCode(...pixels.subarray(i, i + 32768));
  return [took, btoa(out), mhoPictures.count];
}"""


def photo(m: int, n: int) -> np.ndarray:
    """Return a photo of any size in colour: one that comes with scikit-image, and its mirror images beside it."""
    whole = astronaut()
    both = np.concatenate([whole, whole[:, ::-1]], axis=1)
    return np.ascontiguousarray(np.concatenate([both, both[::-1]], axis=0)[:m, :n])


def asked(page: Any, method: str, pixels: np.ndarray, data: bytes, more: Any, rounds: int) -> dict[str, float]:
    """Return the least of the page's times, and what its pixels are off by from Python's `pixels`, at the most."""
    more = _text(more) if isinstance(more, bytes) else more
    took, found, hands = page.evaluate(ASKED, [method, *pixels.shape[:2], _text(data), more, rounds])
    off = np.abs(np.frombuffer(b64decode(found), np.uint8).reshape(pixels.shape).astype(int) - pixels)
    return {"seconds": min(took) / 1e3, "largest_difference": int(off.max()), "workers": hands}


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def measured(scale: float, rounds: int) -> dict[str, Any]:
    """Return every figure; sides of the pictures are `scale` times those of the table."""
    small, large = photo(int(512 * scale), int(768 * scale)), photo(int(1000 * scale), int(1000 * scale))
    rng = np.random.default_rng(0)
    noisy = np.clip(np.rint(large + SIGMA * rng.standard_normal(large.shape)), 0, 255).astype(np.uint8)
    file = encode(Picture(small), quality=60)
    mask = np.zeros(small.shape[:2], bool)
    for row in range(4, len(mask), 60):
        mask[row : row + 3] = True
    noise = {"gain": 0, "sigma": SIGMA}
    with TemporaryDirectory() as folder, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(export_page(folder).with_name(PICTURES).as_uri())
        page.wait_for_function("window.mhoPictures")
        found = {
            "open": asked(page, "open", decode(file).pixels, file, None, 4 * rounds),
            "denoise": asked(page, "denoise", denoise(noisy, SIGMA), noisy.tobytes(), noise, rounds),
            "fill": asked(page, "fill", inpaint(small, mask), small.tobytes(), mask.tobytes(), rounds),
        }
        browser.close()
    found["open"]["python_seconds"] = seconds(lambda: decode(file), rounds)
    found["denoise"]["python_seconds"] = seconds(lambda: denoise(noisy, SIGMA), 1)
    found["fill"]["python_seconds"] = seconds(lambda: inpaint(small, mask), 1)
    return {**found, "gzipped_bytes": len(gzip.compress(pages()[PICTURES], 9))}


def table(result: dict) -> list[str]:
    """Return the table of the page in the docs."""
    f, m = result["figures"], result["machine"]
    rows = (
        ("a file of .39 megapixels in colour opened, quality 60", "open"),
        ("noise of a megapixel in colour taken away", "denoise"),
        ("scratches over 5 % of .39 megapixels filled in", "fill"),
    )
    lines = [
        "| what | in the page | in Python | largest difference |",
        "|---|---|---|---|",
        *(
            f"| {what} | {_time(f[name]['seconds'])} | {_time(f[name]['python_seconds'])} | "
            f"{f[name]['largest_difference']} grey levels |"
            for what, name in rows
        ),
    ]
    where = f"{m['cores']} cores with {m['isa']}, {m['date']}, commit {m['commit']}"
    told = (
        f"`python benchmarks/lab/pictures.py`, headless Chromium with {f['denoise']['workers']} workers, {where}. "
        f"The page is {f['gzipped_bytes'] / 1e3:.0f} kB, gzipped."
    )
    return [*lines, "", told]


def _time(seconds: float) -> str:
    return f"{1e3 * seconds:.0f} ms" if seconds < 0.95 else f"{seconds:.1f} s"


def main() -> None:
    """Measure, and write the result and the table; with --smoke print alone."""
    small = smoke()
    result = {"machine": machine(), "figures": measured(0.2 if small else 1.0, 1 if small else 3)}
    print(json.dumps(result, indent=1))
    write(RESULT, json.dumps(result, indent=1) + "\n")
    write_measured(DOCS, table(result))


if __name__ == "__main__":
    main()
