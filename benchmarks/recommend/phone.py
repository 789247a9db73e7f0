"""The phone app at 50,000 items and k = 32: its size, what 8 bits cost, and how long a visitor waits.

    python benchmarks/recommend/phone.py [--smoke]
    python benchmarks/recommend/phone.py --items 100000

The size is given by part, for factors of a fit and for the worst ones. What 8 bits cost is measured with users of
MovieLens, folded in beside factors of 8 bits and beside those that were fitted. Milliseconds from a tap to ten items
are those of headless Chromium: rows have the spread of a fit's, a visitor has rated or liked 100 items, and each time
is the median (and the worst) of 50. `--slow 4` makes the processor four times slower, as Chromium's developer tools do
for a phone.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from playwright.sync_api import sync_playwright

from mho import Recommender
from mho.data import movielens
from mho.engines import Digital
from mho.recommend.model import Side
from mho.recommend.phone import Catalogue, ChoiceRule, RatingRule, catalogue_of, write_app
from mho.recommend.phone.catalogue import quantised

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import parser, sized

N, K, GIVEN, NEAR = sized((50_000, 32, 100, 50), (500, 4, 20, 5))
STARS = RatingRule(unit=3.5, lowest=0.5, highest=5.0, l2=(3.5,) * (1 + K), prior=(0.2,) + (0.14,) * K)
SHELL = "/usr/bin/chromium-headless-shell"
LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
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

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def halves(n: int, rng: np.random.Generator) -> list[str]:
    """Titles of n films that never were: half of one title, half of another with its year."""
    words = [title.split() for title in movielens().titles]
    heads = [parts[: max(1, len(parts) // 2 - 1)] for parts in words]
    tails = [parts[max(1, len(parts) // 2 - 1) :] for parts in words]
    return [" ".join(heads[i] + tails[j]) for i, j in rng.integers(0, len(words), (n, 2))]


def genres(n: int, rng: np.random.Generator) -> list[str]:
    """Genres of films that were."""
    films = movielens().genres
    return [", ".join(films[i]) for i in rng.integers(0, len(films), n)]


@cache
def fitted(model: Any) -> tuple[Recommender, Catalogue]:
    """A fit of the films that come with mho, with their titles and genres."""
    films = movielens()
    recommender = Recommender(K, model=model).fit(
        films.users, films.items, films.ratings if model == "ratings" else None
    )
    titles = [films.titles[i] for i in recommender.item_ids_]
    return recommender, catalogue_of(recommender, titles, [", ".join(films.genres[i]) for i in recommender.item_ids_])


def catalogues() -> Iterator[tuple[str, Catalogue]]:
    """Catalogues whose size is told."""
    rng = np.random.default_rng(0)
    worst = rng.uniform(size=(N, 1 + K))
    made, kinds = halves(N, rng), genres(N, rng)
    coded = ["".join(name) for name in LETTERS[rng.integers(0, len(LETTERS), (N, 12))]]
    for model in ("ratings", "implicit"):
        small = fitted(model)[1]
        yield f"{model}: {len(small.titles):,} films, fitted", small
        rows = np.asarray(small.rows)[rng.integers(0, len(small.rows), N)]
        rows = rows * rng.uniform(0.9, 1.1, rows.shape)
        yield (
            f"{model}: titles of two halves, rows of the fit, 10 % changed",
            replace(small, rows=rows, titles=made, details=kinds, popularity=None),
        )
    yield "worst rows, titles of two halves", Catalogue(rows=worst, titles=made, details=kinds, rule=STARS)
    yield "worst rows, 12 random letters", Catalogue(rows=worst, titles=coded, rule=STARS)


def sizes() -> None:
    """Print a table of sizes by part."""
    print("| | page | titles | factors | folder, MiB |\n| --- | --- | --- | --- | --- |")
    for name, items in catalogues():
        with tempfile.TemporaryDirectory() as folder:
            total = write_app(folder, items)
        packed = len(items.packed())
        text = len(replace(items, rows=np.ones_like(items.rows)).packed())
        n = len(items.titles)
        print(
            f"| {name} | {total - packed:,} B | {text / n:.1f} B an item | {(packed - text) / n:.1f} B an item | "
            f"{total / 2**20:.2f} |",
            flush=True,
        )


def accuracy(model: str) -> str:
    """Return how much of users' lists of ten is left when the items have 8 bits, and how far orders change."""
    recommender, items = fitted(model)
    levels, steps = quantised(np.asarray(items.rows))
    known = recommender.known_[np.random.default_rng(2).choice(recommender.known_.shape[0], 300, replace=False)]
    exact, rounded = (scores(recommender, known, rows) for rows in (np.asarray(items.rows), levels * steps))
    seen = known.toarray() > 0
    best, found = (np.argsort(-np.where(seen, -np.inf, x), axis=1)[:, :10] for x in (exact, rounded))
    shared = np.mean([len(np.intersect1d(*pair)) for pair in zip(best, found, strict=True)])
    error = np.sqrt(np.mean((rounded - exact) ** 2)) / np.sqrt(np.mean(exact**2))
    return f"{model}: {shared:.2f} of the best ten are the same with 8 bits, what orders differs by {100 * error:.2f} %"


def scores(recommender: Recommender, known: sp.csr_array, rows: np.ndarray) -> np.ndarray:
    """Return what orders the items (users, items) of users who are folded in beside items with these `rows`."""
    model = recommender.model_
    first, last = 1 - model.offsets, 1 + K  # before and after these columns is what takes no part in the folding
    side, apart = (
        Side(np.ascontiguousarray(rows[:, first:last])),
        rows[:, :first].sum(axis=1) + rows[:, last:].sum(axis=1),
    )
    half = model.solve(Digital(), side, sp.csc_array(known.T), recommender.unit_)
    return model.scores(half.side.rows, side.rows) + apart


def timed(kind: str, n: int) -> Catalogue:
    """Rows with the spread of a fit's; neighbours with fifty items that speak for each."""
    rng = np.random.default_rng(0)
    factors, titles = rng.gamma(0.3, 0.5, (n, K)), halves(n, rng)
    rows = np.column_stack([rng.uniform(0.1, 0.4, n), factors])
    if kind == "neighbours":
        speaking = rng.integers(0, n, (n, NEAR)).ravel(), np.repeat(np.arange(n), NEAR)
        weights = sp.coo_array((rng.gamma(0.5, 0.05, n * NEAR).astype(np.float32), speaking), shape=(n, n)).tocsr()
        return Catalogue(rows=rows[:, :1], titles=titles, rule=ChoiceRule(confidence=5.0, l2=5.0), neighbours=weights)
    if kind == "choices":
        return Catalogue(rows=rows, titles=titles, rule=ChoiceRule(confidence=5.0, l2=5.0))
    return Catalogue(rows=np.column_stack([rows, rng.uniform(0, 3, n)]), titles=titles, rule=STARS)


def visitor(kind: str, n: int) -> list[list[float]]:
    rng = np.random.default_rng(1)
    values = rng.integers(1, 6, GIVEN) if kind == "ratings" else np.ones(GIVEN)
    items = rng.choice(n, GIVEN, replace=False)
    return [[int(i), float(v)] for i, v in zip(items, values, strict=True)]


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--slow", type=float, default=1.0)
    asked.add_argument("--chromium", default=sized("/usr/bin/chromium", SHELL))
    asked.add_argument("--items", type=int, default=N, help="take the times alone, with another number of items")
    options = asked.parse_args()
    if options.items == N:
        sizes()
        print(accuracy("ratings"), accuracy("implicit"), sep="\n", flush=True)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=options.chromium, args=["--no-sandbox", "--disable-gpu"])
        for kind in ("ratings", "choices", "neighbours"):
            with tempfile.TemporaryDirectory() as folder:
                size = write_app(folder, timed(kind, options.items))
                took = measure(browser, Path(folder), visitor(kind, options.items), options.slow)
            print(
                f"{kind}: {size / 2**20:.2f} MiB; opened in {took['opened']:.0f} ms; fold-in and top 10 in "
                f"{took['median']:.1f} ms, worst {took['worst']:.1f}, first {took['first']:.1f}"
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
