"""Topics of 20 Newsgroups: agreement of unseen documents with their groups, coherence and variety of ten words each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.decomposition import NMF, LatentDirichletAllocation, MiniBatchNMF, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import normalized_mutual_info_score as agreement
from sklearn.preprocessing import normalize
from units import Row, Unit, chips, seeded, timed

import mho
from mho.topics import Topics, c_v, diversity, npmi

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized

TOPICS, WORDS, PASSES, DIMENSIONS = sized((20, 10, 10, 100), (3, 5, 1, 5))
START: Any = "nndsvda"
SIZE: Any = (TOPICS,)
Methods = dict[str, tuple[Callable[[int], Any], int]]
"""Fits from a seed, and from how many seeds."""

Fitted = tuple[list[list[str]], Callable[[], np.ndarray]]
"""First words of each topic, and the largest topic of each unseen document."""


class _Exact(mho.Digital):
    """A chip without any error: each half-step is solved to its end, and the next begins where it ended."""

    def swept(self, sweeps: int) -> None:
        """See `Engine.swept`."""

    def extrapolates(self) -> bool:
        """See `Engine.extrapolates`."""
        return False


class _Striding(_Exact):
    """A chip without any error that is read back: the loop strides ahead."""

    def extrapolates(self) -> bool:
        """See `Engine.extrapolates`."""
        return True


class Texts:
    """The documents of the fit, the unseen ones, and their words counted once for everybody."""

    def __init__(self, folder: str) -> None:
        parts = [Path(folder) / f"20newsgroups-{part}.tab" for part in ("train", "test")]
        self.train, self.test = (pd.read_csv(path, sep="\t", skiprows=[1, 2]).dropna() for path in parts)

    @cached_property
    def weights(self) -> tuple[Any, Any]:
        """Tf-idf of the documents and of the unseen ones, as `mho.Topics` counts them."""
        model: Any = Topics(TOPICS)
        own = model._counted(self.train.Text)
        self.words = model.words_
        return own, model._vectorizer.transform(self.test.Text)

    @cached_property
    def counts(self) -> tuple[Any, Any]:
        """Counts of the same words."""
        counter = CountVectorizer(vocabulary=self.words)
        own, unseen = (sp.csr_matrix(counter.transform(part.Text)) for part in (self.train, self.test))
        return own, unseen

    @cached_property
    def embeddings(self) -> tuple[np.ndarray, np.ndarray]:
        """Tf-idf in its leading directions, of length one."""
        X, unseen = self.weights
        svd = TruncatedSVD(DIMENSIONS, random_state=0).fit(X)
        return np.asarray(normalize(svd.transform(X))), np.asarray(normalize(svd.transform(unseen)))

    def prepare(self) -> None:
        """Count before the time is taken."""
        for name in ("weights", "counts", "embeddings"):
            getattr(self, name)

    def first(self, H: np.ndarray) -> list[list[str]]:
        """Return the heaviest words of each row."""
        return [[str(word) for word in self.words[row]] for row in np.argsort(-H, axis=1)[:, :WORDS]]


def topics(folder: str) -> Iterator[Unit]:
    """Yield the units of every method."""
    texts = Texts(folder)
    for method, (fit, seeds) in {**_ours(texts), **_peers(texts)}.items():
        counted = not method.startswith("mho.Topics")
        yield from seeded(
            {"method": method}, seeds, lambda seed, fit=fit, counted=counted: _measured(fit, texts, seed, counted)
        )


def _measured(fit: Callable[[int], Fitted], texts: Texts, seed: int, counted: bool) -> Row:
    if counted:
        texts.prepare()
    (first, largest), times = timed(lambda: fit(seed))
    coherence = {"npmi": float(npmi(first, texts.train.Text).mean()), "c_v": float(c_v(first, texts.train.Text).mean())}
    nmi = float(agreement(texts.test.Category, largest()))
    return {"nmi": nmi, **coherence, "diversity": diversity(first), **times}


def _ours(texts: Texts) -> Methods:
    def fit(seed: int, engine: Any = "digital", **settings: Any) -> Fitted:
        model = Topics(TOPICS, engine=engine, random_state=seed, **settings).fit(texts.train.Text)
        return model.top_words(WORDS), lambda: model.predict(texts.test.Text)

    on_chip, once = chips(), {name: chips()[name][0] for name in ("chip", "chip, exact cells")}
    once["chip, read back"] = chips(readback=True)["chip"][0]
    return {
        "mho.Topics, CPU": (fit, 5),
        **{
            f"mho.Topics, {name}": (lambda seed, make=make: fit(seed, make(seed)), seeds)
            for name, (make, seeds) in on_chip.items()
        },
        **{
            f"mho.Topics, one start, {name}": (lambda seed, make=make: fit(seed, make(seed), starts=1), 5)
            for name, make in once.items()
        },
        "mho.Topics, exact half-steps, CPU": (lambda seed: fit(seed, _Exact()), 5),
        "mho.Topics, exact half-steps with strides, CPU": (lambda seed: fit(seed, _Striding()), 5),
        "mho.Topics, one start, CPU": (lambda seed: fit(seed, starts=1), 5),
        "mho.NMF": (lambda seed: _factors(texts, mho.NMF(TOPICS, random_state=seed)), 5),
    }


def _peers(texts: Texts) -> Methods:
    return {
        "scikit-learn NMF": (lambda seed: _factors(texts, NMF(*SIZE, init=START, random_state=seed)), 5),
        "scikit-learn MiniBatchNMF": (lambda seed: _factors(texts, MiniBatchNMF(*SIZE, random_state=seed)), 5),
        "gensim NMF": (lambda seed: _gensim(texts, "Nmf", texts.weights, seed), 5),
        "gensim LDA": (lambda seed: _gensim(texts, "LdaModel", texts.counts, seed), 5),
        "scikit-learn LDA": (lambda seed: _lda(texts, seed), 5),
        "BERTopic of tf-idf and SVD": (lambda seed: _bertopic(texts, seed), 5),
    }


def _factors(texts: Texts, model: Any) -> Fitted:
    X, unseen = texts.weights
    H = np.asarray(model.fit(X).components_)
    return texts.first(H), lambda: (model.transform(unseen) * np.linalg.norm(H, axis=1)).argmax(axis=1)


def _lda(texts: Texts, seed: int) -> Fitted:
    X, unseen = texts.counts
    model = LatentDirichletAllocation(TOPICS, random_state=seed).fit(X)
    return texts.first(model.components_), lambda: model.transform(unseen).argmax(axis=1)


def _gensim(texts: Texts, name: str, weights: tuple[Any, Any], seed: int) -> Fitted:
    import gensim

    X, unseen = (gensim.matutils.Sparse2Corpus(sp.csr_matrix(part), documents_columns=False) for part in weights)
    words = dict(enumerate(texts.words))
    given = {"num_topics": TOPICS, "id2word": words, "passes": PASSES, "random_state": seed}
    model = getattr(gensim.models, name)(corpus=X, **given)
    return texts.first(model.get_topics()), lambda: np.array([_largest(model[one]) for one in unseen])


def _largest(mixture: list[tuple[int, float]]) -> int:
    return max(mixture, key=lambda topic: topic[1])[0] if mixture else -1


def _bertopic(texts: Texts, seed: int) -> Fitted:
    from bertopic import BERTopic
    from umap import UMAP

    own, unseen = texts.embeddings
    nearby = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
    counter = CountVectorizer(vocabulary=texts.words)
    model = BERTopic(umap_model=nearby, vectorizer_model=counter, nr_topics=TOPICS + 1, embedding_model=None)
    model.fit(texts.train.Text.tolist(), own)
    first = [[word for word, _ in model.get_topic(topic)][:WORDS] for topic in model.get_topics() if topic >= 0]
    return first, lambda: np.array(model.transform(texts.test.Text.tolist(), unseen)[0])
