"""The phone app at 50,000 items and k = 32 in headless Chromium: its size, and milliseconds from a tap to ten items.

    python benchmarks/recommend/phone.py

Rows have the spread of a fit's, a visitor has rated or liked 100 items; each time is the median (and the worst) of 50.
`--slow 4` makes the processor four times slower, as Chromium's developer tools do for a phone.
"""

import argparse
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from mho.data import movielens
from mho.recommend.phone import Catalogue, ChoiceRule, RatingRule, write_app

N, K, GIVEN = 50_000, 32, 100
MEASURE = """async (given) => {
  const [{ load }, { foldIn, recommend }] = await Promise.all([import("./catalogue.js"), import("./visitor.js")]);
  const begun = performance.now();
  const catalogue = await load("./catalogue.bin");
  const opened = performance.now() - begun;
  const visitor = new Map(given);
  const took = [];
  for (let round = 0; round < 50; round++) {
    const start = performance.now();
    recommend(foldIn(catalogue, visitor), 10);
    took.push(performance.now() - start);
  }
  const first = took[0];
  took.sort((a, b) => a - b);
  return { opened, first, median: took[25], worst: took[49] };
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves without a word."""

    def log_message(self, *_):
        """Say nothing."""


def catalogue(kind: str) -> Catalogue:
    rng = np.random.default_rng(0)
    films = movielens().titles
    titles = [f"{films[i % len(films)][:-6]}({1900 + i // len(films)})" for i in range(N)]
    factors = rng.gamma(0.3, 0.5, (N, K))
    if kind == "choices":
        return Catalogue(rows=factors, titles=titles, rule=ChoiceRule(confidence=5.0, l2=5.0))
    rule = RatingRule(unit=3.5, lowest=0.5, highest=5.0, l2=(3.5,) * (1 + K), prior=(0.2,) + (0.14,) * K)
    return Catalogue(rows=np.column_stack([rng.uniform(0.1, 0.4, N), factors]), titles=titles, rule=rule)


def visitor(kind: str) -> list[list[float]]:
    rng = np.random.default_rng(1)
    values = rng.integers(1, 6, GIVEN) if kind == "ratings" else np.ones(GIVEN)
    items = rng.choice(N, GIVEN, replace=False)
    return [[int(i), float(v)] for i, v in zip(items, values, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", type=float, default=1.0)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=options.chromium, args=["--no-sandbox", "--disable-gpu"])
        for kind in ("ratings", "choices"):
            with tempfile.TemporaryDirectory() as folder:
                size = write_app(folder, catalogue(kind))
                took = measure(browser, Path(folder), visitor(kind), options.slow)
            sys.stdout.write(
                f"{kind}: {size / 2**20:.2f} MiB; opened in {took['opened']:.0f} ms; fold-in and top 10 in "
                f"{took['median']:.1f} ms, worst {took['worst']:.1f}, first {took['first']:.1f}\n"
            )
        browser.close()


def measure(browser, folder: Path, given: list[list[float]], slow: float) -> dict[str, float]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/")
    page.wait_for_selector("body[data-ready]")
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slow})
    took = page.evaluate(MEASURE, given)
    page.close()
    server.shutdown()
    server.server_close()
    return took


if __name__ == "__main__":
    main()
