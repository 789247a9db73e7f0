"""
Topics from text
================

807 descriptions of SciPy functions in eight topics, by mho on the CPU, by scikit-learn's coordinate descent, and on the
simulated chip. The guide is :doc:`/do/topics`.
"""

import inspect
import time

import matplotlib.pyplot as plt
import numpy as np
import scipy.fft
import scipy.linalg
import scipy.spatial.distance
import scipy.special
import scipy.stats
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import TfidfVectorizer

import mho
from mho.topics import Topics, c_v, npmi

# %%
# Documents x words, weighted and sparse.

modules = (scipy.fft, scipy.linalg, scipy.spatial.distance, scipy.special, scipy.stats)
texts = sorted({inspect.getdoc(getattr(m, name)) or "" for m in modules for name in dir(m) if name.islower()})
words = TfidfVectorizer(stop_words="english", min_df=5, max_df=0.5, token_pattern="[a-z]{3,}")
X = words.fit_transform([text for text in texts if len(text) > 400])
names = words.get_feature_names_out()
print(f"{X.shape[0]} documents x {X.shape[1]} words, {X.nnz} counted")

# %%
# The same number of topics from three solvers. The error of X is computed from the factors, for all alike.

models = {
    "scikit-learn": NMF(8, init="nndsvd", max_iter=300, random_state=0),
    "mho, CPU": mho.NMF(8, random_state=0),
    "mho, chip": mho.NMF(8, engine="analog", max_iter=10, random_state=0),
}
for name, model in models.items():
    begun = time.perf_counter()
    W = model.fit_transform(X)
    seconds = time.perf_counter() - begun
    error = np.linalg.norm(X - W @ model.components_) / np.sqrt(X.multiply(X).sum())
    print(f"{name:12}  relative error {error:.4f}  {seconds:.2f} s")

# %%
# Words of each topic on the CPU, and on the chip.

for name in ("mho, CPU", "mho, chip"):
    print(name)
    for topic in models[name].components_:
        print("   ", ", ".join(names[topic.argsort()[::-1][:6]]))

# %%
# Topics that several starts agree on, on the CPU and on a chip of 4 bits and 2 %: how often their words meet.

long = [text for text in texts if len(text) > 400]
for name, engine in (("CPU", "digital"), ("chip", mho.Analog("pku-2025-4bit", seed=0))):
    found = Topics(8, starts=3, engine=engine, random_state=0).fit(long)
    first = found.top_words(10)
    print(f"{name:5} NPMI {npmi(first, long).mean():.3f}  C_v {c_v(first, long).mean():.3f}  {found.labels_}")

# %%
# Mixtures of topics, document by document in the order of the strongest topic.

W = models["mho, CPU"].transform(X)
order = np.lexsort((-W.max(axis=1), W.argmax(axis=1)))
figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
axes.imshow((W / W.max(axis=0)).T[:, order], aspect="auto", cmap="magma")
axes.set(xlabel="document", ylabel="topic")
plt.show()
