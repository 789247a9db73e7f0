"""
Clusters of handwritten digits
==============================

1,797 digits of 8 x 8 pixels in ten clusters, told nothing of what they are: k-means on the pixels, spectral clustering
and symmetric NMF on one graph, the latter on the CPU and on the simulated chip of 4 bits and 2 %, with columns of
reference cells for the zeros. The guide is :doc:`/do/cluster`.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import KMeans, SpectralClustering
from sklearn.datasets import load_digits
from sklearn.metrics import normalized_mutual_info_score

import mho
from mho.chip import preset
from mho.cluster import SymNMF, neighbor_graph

X, digit = load_digits(return_X_y=True)
graph = neighbor_graph(X)

# %%
# Agreement with the digits, as normalised mutual information: 1 is the same partition, 0 none.

chip, given = preset("pku-2025-4bit").with_(off_state="circuit"), {"affinity": "precomputed", "random_state": 0}
models = {
    "k-means on pixels": (KMeans(10, n_init=10, random_state=0), X),
    "spectral clustering": (SpectralClustering(10, **given), graph),
    "SymNMF, CPU": (SymNMF(10, **given), graph),
    "SymNMF, chip": (SymNMF(10, engine=mho.Analog(chip, seed=0), **given), graph),
    "SymNMF, chip then CPU": (SymNMF(10, engine=mho.Hybrid(chip, seed=0), **given), graph),
}
for name, (model, data) in models.items():
    begun = time.perf_counter()
    labels = model.fit_predict(data)
    seconds = time.perf_counter() - begun
    print(f"{name:22}  NMI {normalized_mutual_info_score(digit, labels):.3f}  {seconds:.2f} s")

# %%
# Six digits of each cluster that are tied to it most, one column a cluster.

membership = models["SymNMF, CPU"][0].membership_
columns = [X[np.argsort(-ties)[:6]].reshape(48, 8) for ties in membership.T]
figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.imshow(np.hstack(columns), cmap="gray_r")
axes.set(xticks=np.arange(3.5, 80, 8), xticklabels=range(10), yticks=[], xlabel="cluster")
plt.show()
