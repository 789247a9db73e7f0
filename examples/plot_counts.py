"""
Counts, and a stream of them
============================

Counts want the Kullback-Leibler divergence instead of squares. Words of SciPy's documentation, counted; the divergence
that mho and scikit-learn's multiplicative updates reach, and a fit that takes the documents a part at a time.
"""

import inspect
import time

import numpy as np
import scipy.linalg
import scipy.special
import scipy.stats
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import CountVectorizer

import mho

modules = (scipy.linalg, scipy.special, scipy.stats)
texts = sorted({inspect.getdoc(getattr(m, name)) or "" for m in modules for name in dir(m) if name.islower()})
X = CountVectorizer(stop_words="english", min_df=5, token_pattern="[a-z]{3,}").fit_transform(texts).astype(float)
X = X[np.asarray(X.sum(axis=1)).ravel() > 0]


def divergence(W, H):
    Y, stored = W @ H, X.tocoo()
    ratio = stored.data / np.maximum(Y[stored.coords], 1e-300)
    return float((stored.data * np.log(ratio)).sum() - stored.sum() + Y.sum())


# %%
# Random starts of the same kind; 100 iterations of either.

models = {
    "scikit-learn, multiplicative": NMF(
        6, beta_loss="kullback-leibler", solver="mu", init="random", max_iter=100, tol=0
    ),
    "mho": mho.NMF(6, loss="kullback-leibler", init="random", max_iter=100, tol=0),
}
for name, model in models.items():
    model.set_params(random_state=0)
    begun = time.perf_counter()
    W = model.fit_transform(X)
    print(f"{name:28}  divergence {divergence(W, model.components_):,.0f}  {time.perf_counter() - begun:.2f} s")

# %%
# A part at a time, five times over, with squares.

stream = mho.NMF(6, random_state=0)
for _ in range(5):
    for part in np.array_split(np.random.default_rng(0).permutation(X.shape[0]), 8):
        stream.partial_fit(X[np.sort(part)])
at_once = mho.NMF(6, random_state=0).fit(X)
for name, model in (("in parts", stream), ("at once", at_once)):
    W = model.transform(X)
    print(f"{name:10}  relative error {np.linalg.norm(X - W @ model.components_) / np.sqrt(X.multiply(X).sum()):.4f}")
