"""Topics of texts: planted ones are found on any engine, coherence by hand, seeds, new documents, bad input."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import adjusted_rand_score

import mho
from mho.chip import preset
from mho.topics import Topics, c_v, diversity, npmi

CHIP = preset("pku-2025-4bit")
SUBJECTS = {
    "sea": "ship sail harbour wave captain anchor tide coast island storm".split(),
    "kitchen": "flour butter oven recipe sugar knife stew onion pepper roast".split(),
    "court": "judge jury verdict lawyer trial witness appeal crime prison sentence".split(),
}
COMMON = "people time year thing world place".split()


def _corpus(documents, seed):
    """Documents of one subject each: 12 words of it, 3 of others, 5 that all have."""
    rng = np.random.default_rng(seed)
    subject = rng.integers(len(SUBJECTS), size=documents)
    words, every = list(SUBJECTS.values()), [word for words in SUBJECTS.values() for word in words]
    texts = [
        " ".join(rng.permutation([*rng.choice(words[j], 12), *rng.choice(every, 3), *rng.choice(COMMON, 5)]))
        for j in subject
    ]
    return texts, subject


TEXTS, SUBJECT = _corpus(90, 0)


@pytest.mark.parametrize(
    "engine", ["digital", mho.Analog(CHIP, seed=0), mho.Hybrid(CHIP, seed=0)], ids=["digital", "analog", "hybrid"]
)
def test_planted_topics_are_found_on_any_engine(engine):
    model = Topics(3, engine=engine, starts=2, max_share=0.9, random_state=0).fit(TEXTS)
    new, subject = _corpus(60, 1)
    assert adjusted_rand_score(subject, model.predict(new)) == 1
    assert {frozenset(words) for words in model.top_words(10)} == {frozenset(words) for words in SUBJECTS.values()}
    np.testing.assert_allclose(model.transform(TEXTS), model.mixtures_)
    assert all(label == " ".join(words) for label, words in zip(model.labels_, model.top_words(3), strict=True))


def test_topics_are_not_sought_on_a_compression(monkeypatch):
    monkeypatch.setattr("mho.nmf.starts._SMALL", 100)
    monkeypatch.setattr("mho.nmf.starts._THIN", 1)
    monkeypatch.setattr("mho.nmf.starts._on_compression", lambda *_: pytest.fail("compressed"))
    model = Topics(3, starts=2, max_share=0.9, random_state=0).fit(TEXTS)
    assert adjusted_rand_score(SUBJECT, model.predict(TEXTS)) == 1
    with pytest.raises(pytest.fail.Exception, match="compressed"):
        mho.many_starts(model._vectorizer.transform(TEXTS), 3, 2)


def test_seeds_name_their_topics():
    seeds = {"law": ["judge", "prison"], "food": ["Flour", "unheard"]}
    model = Topics(3, seeds=seeds, max_share=0.9, random_state=0).fit(TEXTS)
    assert model.labels_[:2] == ["law", "food"]
    assert set(model.top_words(5)[0]) <= set(SUBJECTS["court"])
    assert set(model.top_words(5)[1]) <= set(SUBJECTS["kitchen"])
    assert set(model.top_words(5)[2]) <= set(SUBJECTS["sea"])


def test_weights_counted_elsewhere_give_the_same_topics():
    model = Topics(3, starts=2, max_share=0.9, random_state=0).fit(TEXTS)
    weights = model._vectorizer.transform(TEXTS)
    other = Topics(3, starts=2, random_state=0).fit(weights)
    np.testing.assert_allclose(other.components_, model.components_)
    with pytest.raises(TypeError, match="X must be a matrix, as fit was given"):
        other.transform(TEXTS)


def test_a_document_without_a_counted_word_has_no_topic():
    with pytest.warns(UserWarning, match="X has 1 documents without a word that is counted"):
        model = Topics(3, starts=2, max_share=0.9, random_state=0).fit([*TEXTS, "the of 17"])
    assert not model.mixtures_[-1].any()
    assert model.predict(["", TEXTS[0]]).tolist() == [-1, model.predict(TEXTS[:1])[0]]


def test_npmi_is_that_of_the_formula():
    texts = ["cat dog", "cat dog sun", "cat", "dog", "sun moon", "moon cat"]
    p = {"cat": 4 / 6, "dog": 3 / 6, "sun": 2 / 6}
    joint = {("cat", "dog"): 2 / 6, ("cat", "sun"): 1 / 6, ("dog", "sun"): 1 / 6}
    expected = np.mean([np.log(q / (p[a] * p[b])) / -np.log(q) for (a, b), q in joint.items()])
    assert npmi([["cat", "dog", "sun"]], texts)[0] == pytest.approx(expected, abs=1e-6)


def test_c_v_counts_windows():
    """Against windows listed one by one, for a text longer than a window."""
    rng = np.random.default_rng(2)
    tokens = rng.choice(["aa", "bb", "cc", *(f"x{i}" for i in range(60))], 300).tolist()
    windows = [set(tokens[i : i + 110]) for i in range(len(tokens) - 109)]
    topic = ["aa", "bb", "cc"]
    share = np.array([[np.mean([{a, b} <= window for window in windows]) for b in topic] for a in topic])
    vectors = np.log((share + 1e-12) / np.outer(share.diagonal(), share.diagonal())) / -np.log(
        np.minimum(share + 1e-12, 1 - 1e-12)
    )
    whole = vectors.sum(axis=0)
    expected = np.mean(vectors @ whole / np.linalg.norm(vectors, axis=1) / np.linalg.norm(whole))
    assert 0 < share.min() < share.max()
    assert c_v([topic], [" ".join(tokens)])[0] == pytest.approx(expected, abs=1e-9)


def test_diversity_is_the_share_of_different_words():
    assert diversity([["a", "b"], ["a", "c"]]) == 0.75


@pytest.mark.parametrize(
    ("settings", "X", "says"),
    [
        ({}, ["", " ", "17"], "no word is left to count in 3 documents"),
        ({"min_documents": 200}, TEXTS, "no word is left to count in 90 documents with min_documents=200"),
        ({"n_topics": 91}, TEXTS, "n_topics must be at least 1 and at most 90"),
        ({"starts": 0}, TEXTS, "starts must be at least 1"),
        ({"seeds": {"a": ["unheard"]}}, TEXTS, "seeds of 'a': none of unheard is among the words"),
        ({"seeds": {c: ["ship"] for c in "abcd"}}, TEXTS, "seeds must be at most n_topics = 3, got 4"),
        ({"seeds": {"a": ["ship"]}}, sp.csr_array(np.eye(4)), "seeds are words: give texts, not a matrix"),
        ({}, -np.eye(4), "X contains a negative entry|X must"),
        ({"n_topics": 1, "max_share": 1.0}, ["ship sea"] * 6, "its documents with words, 6, have all the same"),
        ({"engine": "quantum"}, TEXTS, "engine must be one of"),
    ],
)
def test_bad_input_is_one_sentence(settings, X, says):
    with pytest.raises(ValueError, match=says):
        Topics(**{"n_topics": 3, "max_share": 0.9, **settings}).fit(X)


def test_one_text_is_not_a_list_of_them():
    with pytest.raises(TypeError, match="X must be a sequence of texts, got one text; put it in a list"):
        Topics(2).fit("a text")


def test_coherence_needs_words_and_texts():
    with pytest.raises(ValueError, match="topics must have at least two words each"):
        npmi([["a"]], ["a"])
    with pytest.raises(ValueError, match="texts must have at least one document"):
        c_v([["a", "b"]], [])


def test_texts_may_be_a_part_of_a_pandas_series():
    pd = pytest.importorskip("pandas")
    part = pd.Series(TEXTS)[30:]
    ours, same = (Topics(3, starts=1, max_share=0.9, random_state=0).fit(texts) for texts in (part, list(part)))
    np.testing.assert_array_equal(ours.mixtures_, same.mixtures_)
    assert ours.labels_ == same.labels_
