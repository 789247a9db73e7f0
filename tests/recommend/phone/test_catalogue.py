import string
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from mho.data import movielens
from mho.recommend.phone import Catalogue, ChoiceRule, RatingRule, write_app
from mho.recommend.phone.catalogue import quantised
from mho.recommend.phone.fitted import scale_of

from .conftest import HOSTILE, RULES, K, N, films
from .reading import opened

TWO = {"rows": np.ones((2, 3)), "titles": ["a", "b"], "rule": ChoiceRule(confidence=1.0, l2=1.0)}


def test_eight_bits_are_half_a_step_from_the_truth():
    rows = np.random.default_rng(0).gamma(0.5, 1.0, (500, 5)) * [1, 1e-3, 1e3, 0, 1]
    levels, steps = quantised(rows)
    assert np.all(np.abs(levels * steps - rows) <= steps / 2 * (1 + 1e-12))
    assert np.allclose(levels * steps, np.rint(rows / np.where(steps, steps, 1)) * steps, rtol=0)
    assert levels.max(axis=0).tolist() == [255, 255, 255, 0, 255]


def test_the_file_holds_every_row_beside_its_title():
    catalogue = films(RULES["ratings"])
    head, levels = opened(catalogue.packed())
    of = {title: i for i, title in enumerate(catalogue.titles)}
    for position in (40, 150, 299):
        i = of[head["titles"][position]]
        assert np.abs(levels[position] * head["steps"] - catalogue.rows[i]).max() <= max(head["steps"]) / 2 * 1.001
        assert head["details"][position] == catalogue.details[i]
    assert head["titles"][head["known"][0]] == "Amélie"  # the most popular
    assert len(head["titles"]) == N
    assert levels.shape == (N, 1 + K)


def test_the_file_holds_what_neighbours_say():
    rng = np.random.default_rng(5)
    weights = sp.random_array((N, N), density=0.05, rng=rng, data_sampler=lambda size: rng.gamma(0.5, 0.1, size))
    weights = sp.csr_array(weights.toarray() * (np.arange(N) % 7 > 0)[:, None])  # some rows say nothing
    catalogue = replace(films(RULES["choices"]), neighbours=weights)
    head, _ = opened(catalogue.packed())
    of = {title: i for i, title in enumerate(catalogue.titles)}
    place = [of.get(title, -1) for title in head["titles"]]  # titles from hell are cleaned
    known = [p for p, i in enumerate(place) if i >= 0]
    found = np.zeros((N, N))
    for (row, column), weight in head["neighbours"].items():
        found[row, column] = weight
    wanted = weights.toarray()[np.ix_([place[p] for p in known], [place[p] for p in known])]
    half_a_level = weights.data.max() * (np.sqrt(wanted / weights.data.max()) / 255 + 0.25 / 255**2)
    assert np.all(np.abs(found[np.ix_(known, known)] - wanted) <= half_a_level * (1 + 1e-9))


def test_the_same_catalogue_gives_the_same_file():
    assert films(RULES["choices"]).packed() == films(RULES["choices"]).packed()


def test_titles_are_one_line_of_text_that_utf_8_can_write():
    head, _ = opened(films(RULES["choices"]).packed())
    assert not any("\n" in title or "\ud800" in title for title in head["titles"])
    assert HOSTILE[0] in head["titles"]


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.float32, list])
def test_the_most_popular_are_shown_first_whatever_type_counts_have(kind):
    counts = [3, 0, 9, 5]
    made = Catalogue(
        rows=np.ones((4, 3)),
        titles=["a", "b", "c", "d"],
        rule=RULES["choices"],
        popularity=counts if kind is list else np.array(counts, kind),
    )
    assert opened(made.packed())[0]["known"] == [2, 3, 0, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"titles": ["a"]}, "titles must have one entry for each of 2 rows, got 1"),
        ({"details": ["a"]}, "details must have one entry"),
        ({"popularity": np.ones(3)}, "popularity must have one entry"),
        ({"rows": -np.ones((2, 3))}, "rows contains a negative entry"),
        ({"rows": np.full((2, 3), np.nan)}, "rows contains NaN"),
        ({"rule": RULES["ratings"]}, "l2 must have a number for each of 3 columns"),
        ({"rows": np.ones((2, 1))}, "rows must have a factor"),
        ({"neighbours": sp.eye_array(3, format="csr")}, r"neighbours must be \(2, 2\), none below zero, got \(3, 3\)"),
        ({"neighbours": -sp.eye_array(2, format="csr")}, "none below zero"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Catalogue(**(TWO | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit": 0.0}, "unit must be above 0"),
        ({"highest": 0.5}, "highest must be above 0.5"),
        ({"l2": (0.0,) * 7}, "l2 must be above 0"),
        ({"prior": (-1.0,) * 7}, "prior must be finite and at least 0"),
    ],
)
def test_a_rule_that_has_no_answer_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(RULES["ratings"], **change)


def test_a_like_must_weigh_something():
    with pytest.raises(ValueError, match="confidence must be above 0"):
        ChoiceRule(confidence=0, l2=1.0)


def test_the_worker_knows_every_file_and_changes_with_them(tmp_path):
    catalogue = Catalogue(**TWO)
    size = write_app(tmp_path / "new" / "app", catalogue, name="Tea & <b>milk</b>")
    files = {path.name: path.read_text("latin-1") for path in (tmp_path / "new" / "app").iterdir()}
    assert size == sum(map(len, files.values()))
    assert all(f'"{name}"' in files["worker.js"] for name in files if name != "worker.js")
    assert "<h1>Tea &amp; &lt;b&gt;milk&lt;/b&gt;</h1>" in files["index.html"]
    write_app(tmp_path, replace(catalogue, titles=["a", "c"]), name="Tea & <b>milk</b>")
    assert (tmp_path / "worker.js").read_text() != files["worker.js"]


def test_an_app_needs_a_name(tmp_path):
    with pytest.raises(ValueError, match="name must not be empty"):
        write_app(tmp_path / "app", Catalogue(**TWO), name=" ")
    assert not (tmp_path / "app").exists()


def made_of_films(n, rng):
    """Titles of n films, each half of one title and half of another with its year, and genres."""
    films = movielens()
    words = [title.split() for title in films.titles]
    heads = [parts[: max(1, len(parts) // 2 - 1)] for parts in words]
    tails = [parts[max(1, len(parts) // 2 - 1) :] for parts in words]
    pairs = rng.integers(0, len(words), (n, 3))
    return (
        [" ".join(heads[i] + tails[j]) for i, j, _ in pairs],
        [", ".join(films.genres[i]) for _, _, i in pairs],
    )


def names_of_goods(n, rng):
    """Twelve letters or digits drawn at random: nothing in them repeats."""
    letters = np.array(list(string.ascii_uppercase + string.digits))
    return ["".join(name) for name in letters[rng.integers(0, len(letters), (n, 12))]], ()


@pytest.mark.parametrize("text", [made_of_films, names_of_goods])
def test_fifty_thousand_items_at_32_components_fit_in_two_mebibytes(tmp_path, text):
    """With uniformly random factors, which no compression makes smaller."""
    rng = np.random.default_rng(0)
    n, columns = 50_000, 1 + 32
    titles, details = text(n, rng)
    rule = RatingRule(unit=1.0, lowest=0.0, highest=5.0, l2=(1.0,) * columns, prior=(0.1,) * columns)
    catalogue = Catalogue(rows=rng.uniform(size=(n, columns)), titles=titles, details=details, rule=rule)
    assert n * columns < write_app(tmp_path, catalogue) < 2 * 2**20


@pytest.mark.parametrize(
    ("ratings", "values"),
    [
        ([1, 2, 4, 5], [1, 2, 3, 4, 5]),
        ([0.5, 4, 5], np.arange(0.5, 5.5, 0.5)),
        (range(11), range(1, 11)),
        ([0.1, 0.25, 7.3], [0.1, 0.25, 7.3]),
        (range(1, 101), [11, 21, 31, 41, 51, 60, 70, 80, 90, 100]),
        (np.linspace(-10, 10, 33) / 3, -10 / 3 + 2 / 3 * np.arange(1, 11)),
    ],
)
def test_a_scale_is_the_table_s_own(ratings, values):
    assert scale_of(np.array(ratings, float)) == pytest.approx(list(values), abs=1e-5)


@pytest.mark.parametrize("values", [(0.4, 2), (1, 6), (2, 1), (1, 1, 2), tuple(np.linspace(1, 5, 11))])
def test_values_out_of_the_scale_are_refused(values):
    with pytest.raises(ValueError, match="values must be at most 10 of the scale, ascending"):
        RatingRule(unit=1.0, lowest=0.5, highest=5.0, l2=(1.0,), prior=(0.1,), values=values)
