"""The app in headless Chromium, at the size of a phone."""

import os
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import nnls

from mho import Recommender
from mho.data import movielens
from mho.recommend import MixedModel, RatingModel
from mho.recommend.phone import Catalogue, ChoiceRule, catalogue_of, write_app
from mho.recommend.phone.catalogue import quantised

from .conftest import HOSTILE, RULES, N, films

pytestmark = pytest.mark.browser
CHOICES = ("implicit", "neighbours", "mixed")
PHONE = {"width": 390, "height": 844}
UPDATED = """async () => {
  const registration = await navigator.serviceWorker.ready;
  const activated = new Promise((done) => registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker.addEventListener("statechange", () => { if (worker.state === "activated") done(); });
  }));
  await registration.update();
  await activated;
}"""
FOLD = """async ([given, item]) => {
  const [{ load }, { foldIn, recommend, because }] =
    await Promise.all([import("./catalogue.js"), import("./visitor.js")]);
  const catalogue = await load("./catalogue.bin");
  const visitor = foldIn(catalogue, new Map(given));
  return { x: [...visitor.x], best: recommend(visitor, 10), why: because(visitor, item) };
}"""


@pytest.fixture
def visit(browser, serve, tmp_path):
    """Write and serve an app and open it: the page, the server, complaints and requests."""
    contexts = []

    def begin(kind="ratings", *, catalogue=None, viewport=PHONE, scheme="light"):
        write_app(tmp_path, catalogue or films(RULES[kind]), name="Films")
        server = serve(tmp_path)
        context = browser.new_context(viewport=viewport, color_scheme=scheme, has_touch=True)
        contexts.append(context)
        page = context.new_page()
        heard = []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda asked: heard.append(asked.url) if server.address not in asked.url else None)
        page.goto(server.address)
        page.wait_for_selector("body[data-ready]")
        return page, server, heard

    yield begin
    for context in contexts:
        context.close()


def in_order(catalogue):
    """Rows as the page has them: in the order of titles, quantised."""
    clean = [" ".join(t.encode("utf-8", "replace").decode().split()).casefold() for t in catalogue.titles]
    rows = catalogue.rows[sorted(range(N), key=lambda i: (clean[i], i))]
    levels, steps = quantised(rows)
    return levels * steps, rows


def rated(rule, rows, given):
    """Offset and factors of a visitor, by scipy, as a problem of plain least squares."""
    items, stars = np.array(list(given)), np.array(list(given.values()))
    A = np.column_stack([np.ones(len(items)), rows[items, 1:]])
    ridge = np.sqrt(rule.l2)
    x, _ = nnls(
        np.vstack([A, np.diag(ridge)]), np.append(stars / rule.unit - rows[items, 0], ridge * np.array(rule.prior))
    )
    return x, np.clip(rule.unit * (x[0] + rows[:, 0] + rows[:, 1:] @ x[1:]), rule.lowest, rule.highest)


def liked(rule, rows, given):
    """Factors of a visitor, by scipy, with every item in the problem."""
    chosen = np.isin(np.arange(len(rows)), list(given))
    weight = np.sqrt(1 + rule.confidence * chosen)
    offsets, factors = rows[:, 0], rows[:, 1:]
    ridge = np.sqrt(rule.l2) * np.eye(factors.shape[1])
    x, _ = nnls(np.vstack([weight[:, None] * factors, ridge]), np.append(weight * chosen, np.zeros(factors.shape[1])))
    return x, offsets + factors @ x


@pytest.mark.parametrize(("kind", "reference"), [("ratings", rated), ("choices", liked)])
def test_the_page_folds_in_as_scipy_does(visit, kind, reference):
    page, *_ = visit(kind)
    rows, exact = in_order(films(RULES[kind]))
    rng = np.random.default_rng(1)
    some_zero = False
    for size in (1, 3, 40):
        items = rng.choice(N, size, replace=False)
        values = rng.integers(1, 6, size) if kind == "ratings" else np.ones(size)
        given = {int(i): float(v) for i, v in zip(items, values, strict=True)}
        answer = page.evaluate(FOLD, [list(map(list, given.items())), 5])
        x, scores = reference(RULES[kind], rows, given)
        some_zero |= bool((x == 0).any())
        assert np.allclose(answer["x"], x, atol=1e-10)
        found = np.array([best["item"] for best in answer["best"]])
        shown = np.array([best["score"] for best in answer["best"]])
        assert np.allclose(shown, scores[found], rtol=1e-5)  # scores are float32
        unseen = np.setdiff1d(np.arange(N), items)
        assert np.allclose(shown, np.sort(scores[unseen])[::-1][:10], rtol=1e-5)
        _, unquantised = reference(RULES[kind], exact, given)
        assert np.allclose(shown, unquantised[found], rtol=0.02)
    assert some_zero  # or the constraint was not tried


def movies(items):
    table = movielens()
    popular = table.items < items
    return table.users[popular], table.items[popular]


@pytest.mark.parametrize("model", ["ratings", *CHOICES, MixedModel(starts=3), RatingModel(popularity=0.3)])
def test_the_page_says_what_the_recommender_says(visit, model):
    table = movielens()
    popular = table.items < 400
    users, items, stars = (x[popular] for x in (table.users, table.items, table.ratings))
    chosen = model in CHOICES or isinstance(model, MixedModel)
    recommender = Recommender(8, model=model, max_iter=5).fit(users, items, None if chosen else stars)
    titles = [f"{table.titles[i]} {i:03}" for i in recommender.item_ids_]
    catalogue = catalogue_of(recommender, titles)
    page, *_ = visit(catalogue=catalogue)
    order = sorted(range(len(titles)), key=lambda i: (titles[i].casefold(), i))
    visitor = {5: 5.0, 60: 1.0, 133: 4.0, 250: 3.0}
    answer = page.evaluate(FOLD, [list(map(list, visitor.items())), 7])
    named = recommender.item_ids_[[order[i] for i in visitor]]
    wanted = recommender.recommend_for(named, None if chosen else list(visitor.values()), n=400)
    scores = dict(zip(wanted.items.tolist(), wanted.scores.tolist(), strict=True))
    shown = [(recommender.item_ids_[order[best["item"]]], best["score"]) for best in answer["best"]]
    highest = np.inf if chosen else stars.max()
    assert [score for _, score in shown] == pytest.approx([min(highest, scores[i]) for i, _ in shown], rel=0.01)
    ahead = dict(zip(recommender.item_ids_.tolist(), recommender.list_offsets_.tolist(), strict=True))
    best = [scores[i] + ahead[i] for i in wanted.items.tolist()[:10]]
    assert [scores[i] + ahead[i] for i, _ in shown] == pytest.approx(best, rel=0.01)


def test_the_reasons_of_a_like_add_up_to_the_score(visit):
    page, *_ = visit("choices")
    given = {20: 1.0, 90: 1.0}
    rows, _ = in_order(films(RULES["choices"]))
    _, scores = liked(RULES["choices"], rows, given)
    added = 0
    for item in range(N):
        why = page.evaluate(FOLD, [[[20, 1], [90, 1]], item])["why"] if item % 50 == 7 else []
        if len(why) == len(given):
            added += 1
            assert sum(reason["share"] for reason in why) == pytest.approx(scores[item] - rows[item, 0])
            assert why[0]["share"] >= why[1]["share"]
    assert added > 0


def test_the_reasons_of_neighbours_are_their_weights(visit):
    recommender = Recommender(model="neighbours").fit(*movies(400))
    titles = [f"Film {i:04}" for i in range(len(recommender.item_ids_))]
    page, *_ = visit(catalogue=catalogue_of(recommender, titles))
    B = recommender.item_weights_.toarray()
    item = int(np.argmax((B > 0).sum(axis=0)))
    named = np.flatnonzero(B[:, item])[:4]
    why = page.evaluate(FOLD, [[[int(i), 1] for i in named], item])["why"]
    shares = {reason["item"]: reason["share"] for reason in why}
    assert [shares[int(i)] for i in named] == pytest.approx(B[named, item], abs=0.01 * float(B.max()))


def test_without_a_server_everything_goes_on(visit):
    page, server, heard = visit()
    page.get_by_text("Works without a network.").wait_for()
    server.stop()
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.get_by_role("group", name="Rate Amélie").get_by_role("button", name="5 stars").tap()
    page.get_by_role("button", name="For you").tap()
    assert page.locator("#best > li").count() == 20
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.locator("#best > li").count() == 20
    assert heard == []


def test_a_new_catalogue_comes_and_what_was_given_stays(visit, tmp_path):
    page, *_ = visit("choices")
    page.get_by_text("Works without a network.").wait_for()
    page.get_by_role("group", name="Like Amélie").get_by_role("button").tap()
    catalogue = films(RULES["choices"])
    write_app(tmp_path, replace(catalogue, titles=["A new one", *catalogue.titles[1:]]), name="Films anew")
    os.utime(tmp_path / "worker.js", (2e9, 2e9))  # servers tell a change by the second
    page.evaluate(UPDATED)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.get_by_role("heading", level=1).text_content() == "Films anew"
    page.get_by_role("button", name="Find").tap()
    page.get_by_role("searchbox").fill("a new one")
    assert page.locator("#found > li").count() == 1
    page.get_by_role("button", name="Yours").tap()
    assert page.locator("#yours .title").all_text_contents() == ["Amélie"]


def test_a_rating_is_taken_changed_kept_and_taken_back(visit):
    page, *_ = visit()
    amelie = page.locator("#found").get_by_role("group", name="Rate Amélie")
    amelie.get_by_role("button", name="2 stars").tap()
    amelie.get_by_role("button", name="4 stars").tap()
    assert page.locator("#count").text_content() == "1"
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.get_by_role("button", name="Yours").tap()
    kept = page.locator("#yours").get_by_role("group", name="Rate Amélie")
    assert kept.get_by_role("button", pressed=True).get_attribute("aria-label") == "4 stars"
    kept.get_by_role("button", name="4 stars").tap()
    assert page.locator("#yours > li").count() == 0
    assert page.locator("#best > li").count() == 0
    assert page.locator("[role=status]").text_content() == "Amélie: taken back."


def test_a_liked_title_brings_others_and_says_why(visit):
    page, *_ = visit("choices")
    page.get_by_role("group", name="Like Amélie").get_by_role("button").tap()
    page.get_by_role("button", name="For you").tap()
    assert page.locator("#best .why").first.text_content() == "Because of Amélie"
    assert page.get_by_role("group", name="Like Amélie").filter(visible=True).count() == 0


@pytest.mark.parametrize(
    ("query", "numbers"),
    [("amelie", ["Amélie"]), ("  FILM 04 ", range(40, 50)), ("film 1951 comedy", [71, 141, 211, 281])],
)
def test_the_search_finds_words_whatever_their_accents(visit, query, numbers):
    page, *_ = visit()
    page.get_by_role("searchbox", name="Search").fill(query)
    found = page.locator("#found .title").all_text_contents()
    assert sorted(found) == [i if isinstance(i, str) else f"Film {i:03}" for i in numbers]


def test_the_search_has_the_well_known_first_then_titles_that_begin_so(visit, monkeypatch):
    monkeypatch.setattr("mho.recommend.phone.catalogue._WELL_KNOWN", 2)
    titles = ["A Star", "B Star", "Star C", "Star D", "The Star", "Stars"]
    catalogue = Catalogue(
        rows=np.ones((6, 2)), titles=titles, popularity=np.arange(6), rule=ChoiceRule(confidence=1.0, l2=1.0)
    )
    page, *_ = visit(catalogue=catalogue)
    page.get_by_role("searchbox").fill("star")
    found = page.locator("#found .title").all_text_contents()
    assert found == ["Stars", "The Star", "Star C", "Star D", "A Star", "B Star"]


def test_a_page_that_cannot_open_says_so(browser, serve, tmp_path):
    write_app(tmp_path, films(RULES["choices"]), name="Films")
    (tmp_path / "catalogue.bin").unlink()
    page = browser.new_page()
    page.goto(serve(tmp_path).address)
    page.get_by_text("This page could not start: the catalogue is not there").wait_for()
    page.goto((tmp_path / "index.html").as_uri())
    page.get_by_text("has to come from a web server").wait_for()
    page.close()


def test_what_is_found_is_shown_from_the_first(visit):
    page, *_ = visit()
    titles = page.locator("#found .title")
    titles.last.scroll_into_view_if_needed()
    assert page.evaluate("window.scrollY") > 500
    page.get_by_role("searchbox").fill("film")
    assert titles.first.bounding_box()["y"] > page.get_by_role("searchbox").bounding_box()["y"]


def test_a_search_without_result_says_so(visit):
    page, *_ = visit()
    page.get_by_role("searchbox").fill("zzz")
    assert page.get_by_text("Nothing here has a name like that.").is_visible()


def test_hostile_titles_are_shown_and_not_run(visit):
    page, _, heard = visit()
    shown = page.evaluate("async () => (await (await import('./catalogue.js')).load('./catalogue.bin')).titles")
    assert set(HOSTILE[:5]) <= set(shown)
    for query in ("img", "script", "document", "yaw", "lt b", "half a pair", "w"):
        page.get_by_role("searchbox").fill(query)
        assert page.locator("#found > li").count() > 0
        for buttons in page.locator("#found .buttons").all():
            buttons.get_by_role("button", name="5 stars").tap()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Yours").tap()
    assert page.locator("main img, main script").count() == 0
    assert page.title() == "Films"
    assert heard == []


def test_nothing_may_run_or_be_fetched_from_elsewhere(visit):
    page, *_ = visit()
    blocked = page.evaluate("""async () => {
      const said = new Promise((done) => document.addEventListener("securitypolicyviolation", done, { once: true }));
      document.body.append(Object.assign(document.createElement("script"), { textContent: "document.title = 'run'" }));
      const fetched = await fetch("https://example.org/").then(() => true, () => false);
      return [(await said).violatedDirective, fetched, document.title];
    }""")
    assert blocked == ["script-src-elem", False, "Films"]


@pytest.mark.parametrize("damage", ['"', "{}", '[["Amélie\\n1999, Comedy", "x"]]', "[[1, 2], 3]"])
def test_a_damaged_memory_is_an_empty_one(visit, damage):
    page, _, heard = visit()
    page.evaluate("text => localStorage.setItem('mho /', text)", damage)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.locator("#yours > li").count() == 0
    assert heard == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits_can_be_read_and_touched(visit, width, scheme):
    page, *_ = visit(viewport={"width": width, "height": 844}, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = page.locator("#found .star").first.bounding_box()
    assert min(box["width"], box["height"]) >= 44
    page.locator("#found .star").first.tap()
    if width < 832:
        page.get_by_role("button", name="For you").tap()
    for what in ("h1", ".soft", ".best .title", ".best .detail", ".best .guess"):
        assert contrast(page, what) >= 4.5, what


def contrast(page, what):
    """Contrast of WCAG 2 between the letters of an element and what is painted behind them."""
    pair = page.evaluate(
        """what => {
          let behind = document.querySelector(what);
          const letters = getComputedStyle(behind).color;
          while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
          return [letters, getComputedStyle(behind).backgroundColor];
        }""",
        what,
    )
    darker, lighter = sorted(map(luminance, pair))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(css):
    """Relative luminance of "rgb(r, g, b)"."""
    channels = [int(c) / 255 for c in css.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("ratings", "values", "label", "shown"),
    [
        (np.arange(0.5, 5.5, 0.5), np.arange(0.5, 5.5, 0.5), "3.5 stars", r"[0-5]\.[0-9] ★"),
        (np.arange(1, 6), np.arange(1, 6), "4 stars", r"[1-5]\.[0-9] ★"),
        (np.arange(1, 11), np.arange(1, 11), "7 of 10", r"[0-9.]+ of 10"),
        (np.arange(0, 11), np.arange(1, 11), "7 of 10", r"[0-9.]+ of 10"),
        (np.arange(0, 101), np.arange(10, 101, 10), "70 of 100", r"[0-9]+ of 100"),
        (np.array([0, 1]), np.array([0, 1]), "1 of 1", r"[01]\.[0-9] of 1"),
        (np.linspace(-10, 10, 81), np.arange(-8, 11, 2), "-2 (-10 to 10)", r"-?[0-9.]+ \(-10 to 10\)"),
    ],
)
def test_a_visitor_gives_what_the_table_gives_in_its_own_scale(visit, ratings, values, label, shown):
    rng = np.random.default_rng(2)
    users, items = np.divmod(rng.permutation(40 * 30)[:600], 30)
    stars = np.append(ratings, rng.choice(ratings, 600 - len(ratings)))
    recommender = Recommender(3, max_iter=3, model=RatingModel(lowest=min(0.0, ratings[0]))).fit(users, items, stars)
    titles = [f"Joke {i:02}" for i in recommender.item_ids_]
    page, *_ = visit(catalogue=catalogue_of(recommender, titles))
    group = page.get_by_role("group", name="Rate Joke 07")
    buttons = group.get_by_role("button")
    assert [float(button.get_attribute("value")) for button in buttons.all()] == pytest.approx(values.tolist())
    group.get_by_role("button", name=label, exact=True).tap()
    best = page.locator("#best > li")
    wanted = recommender.recommend_for([7], [float(label.split()[0])], n=20)
    page.get_by_role("button", name="For you").tap()
    assert best.count() == 20
    guesses = page.locator("#best .guess").all_text_contents()
    assert all(re.fullmatch(shown, text) for text in guesses)
    assert float(guesses[0].split()[0]) == pytest.approx(
        min(wanted.scores[0], ratings.max()), abs=0.01 * np.ptp(ratings) + 0.5
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
