"""The lab's page in headless Chromium: first paint, slider to drawn, iterations a second; sizes, gzipped.

Usage: page.py [--smoke]    writes docs/measured/lab.json and the table of docs/do/lab.md
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

from mho.lab.page import HOME, export_page, pages

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, machine, sized, write, write_measured

RESULT, DOCS = ROOT / "docs" / "measured" / "lab.json", ROOT / "docs" / "do" / "lab.md"
CHROMIUM = next(p for p in map(Path, ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")) if p.exists())
SLIDE = """async ([name, times]) => {
  const slider = [...document.querySelectorAll("input[type=range]")]
    .find((one) => one.closest("label")?.innerText.includes(name) || one.labels?.[0]?.innerText.includes(name));
  const facts = () => document.querySelector("dl.facts").innerText;
  const took = [];
  for (let i = 0; i < times; i++) {
    const before = facts();
    const drawn = new Promise((done) => {
      const seen = new MutationObserver(() => {
        if (facts() === before) return;
        seen.disconnect();
        const after = new MessageChannel();  // a task right after the frame
        after.port1.onmessage = () => done(performance.now());
        requestAnimationFrame(() => after.port2.postMessage(0));
      });
      seen.observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const begun = performance.now();
    slider.value = String(+slider.value + (i % 2 ? -1 : 1) * (+slider.step || 1) * 3);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    took.push((await drawn) - begun);
    await new Promise((done) => setTimeout(done, 120));
  }
  return took;
}"""


def opened(page, home: str, state: str) -> None:
    """Open the page anew at a state and wait for its first answer."""
    page.goto("about:blank")
    page.goto(f"{home}#{state}")
    page.wait_for_selector("text=Export")


def first_paint(page, home: str) -> float:
    """Return the time from the request to the first content that is painted, seconds."""
    opened(page, home, "bench")
    entries = "performance.getEntriesByName('first-contentful-paint').map((e) => e.startTime)"
    page.wait_for_function(f"{entries}.length > 0")
    return page.evaluate(entries)[0] / 1e3


def slide(page, home: str, m: int, k: int, times: int) -> float:
    """Return the median time from a moved slider to the frame that shows its answer, seconds."""
    opened(page, home, f"bench?m={m}&k={k}")
    page.wait_for_timeout(500)
    return median(t for name in ("Bandwidth", "Cell error") for t in page.evaluate(SLIDE, [name, times])) / 1e3


def iterations(page, count: int) -> float:
    """Return digital iterations a second in the page's worker, 256x256 with 16 components."""
    page.wait_for_function("window.mhoLab")
    ask = """async (iterations) => {
      const uniform = (s) => () => ((s = (s * 1103515245 + 12345) % 2147483648) / 2147483648);
      const next = uniform(7);
      const matrix = Array.from({ length: 256 }, () => Array.from({ length: 256 }, next));
      const request = { matrix, rank: 16, engine: "digital", preset: "pku-2025", changes: {}, iterations, seed: 1 };
      return (await mhoLab.page.factorize(request, () => {})).seconds;
    }"""
    return count / page.evaluate(ask, count)


def measured(rounds: int, times: int) -> dict:
    """Return every figure."""
    with TemporaryDirectory() as folder, sync_playwright() as p:
        home = export_page(folder).as_uri()
        browser = p.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        found = {
            "first_paint_seconds": median(first_paint(page, home) for _ in range(rounds)),
            "slider_16x4_seconds": slide(page, home, 16, 4, times),
            "slider_128x16_seconds": slide(page, home, 128, 16, times),
            "iterations_per_second_256x256_16": iterations(page, 5 * rounds),
            "gzipped_bytes": len(gzip.compress(pages()[HOME], 9)),
        }
        browser.close()
    return found


def table(result: dict) -> list[str]:
    """Return the table of the page in the docs."""
    f, m = result["figures"], result["machine"]
    rows = (
        ("first paint, from a file", f"{f['first_paint_seconds']:.2f} s"),
        ("slider to drawn, 16x4", f"{1e3 * f['slider_16x4_seconds']:.0f} ms"),
        ("slider to drawn, 128x16", f"{1e3 * f['slider_128x16_seconds']:.0f} ms"),
        (
            "iterations of a factorization in the page, 256x256, k = 16",
            f"{f['iterations_per_second_256x256_16']:.0f} a second",
        ),
        ("all four views, gzipped", f"{f['gzipped_bytes'] / 1e3:.0f} kB"),
    )
    lines = ["| what | measured |", "|---|---|", *(f"| {what} | {value} |" for what, value in rows)]
    machine = f"{m['cores']} cores with {m['isa']}, {m['date']}, commit {m['commit']}"
    told = f"`python benchmarks/lab/page.py`, headless Chromium, {machine}."
    return [*lines, "", told]


def main() -> None:
    """Measure, and write the result and the table; with --smoke print alone."""
    result = {"machine": machine(), "figures": measured(*sized((5, 21), (1, 2)))}
    print(json.dumps(result, indent=1))
    write(RESULT, json.dumps(result, indent=1) + "\n")
    write_measured(DOCS, table(result))


if __name__ == "__main__":
    main()
