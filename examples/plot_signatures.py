"""
Mutational signatures
=====================

Eighty simulated tumours with counts of 96 kinds of mutation, drawn from four signatures: how many there are is found by
counts held out, the signatures by many starts, and each is matched with the true one. The guide is
:doc:`/do/signatures`.
"""

import matplotlib.pyplot as plt
import numpy as np

from mho.signatures import Signatures, match

rng = np.random.default_rng(0)
known = rng.dirichlet(np.full(96, 0.1), 4)
X = rng.poisson(rng.gamma(0.5, 4000, (80, 4)) @ known)

# %%
# Deviance of counts held out, by the number of signatures: the least is at the true number.

model = Signatures([2, 3, 4, 5], starts=8, random_state=0).fit(X)
for row in model.selection_.table():
    print(f"{row['components']} signatures  deviance {row['error']:.3f}")
matched = match(model.components_, known)
print("cosines with the true ones", matched.cosine.round(3), f"silhouette {model.silhouette_:.2f}")

# %%
# Signatures found, bars, and the true ones, dots.

figure, axes = plt.subplots(len(matched.found), sharex=True, figsize=(7, 5), layout="constrained")
for axis, i, j in zip(axes, matched.found, matched.known, strict=True):
    axis.bar(np.arange(96), model.components_[i], color="tab:blue")
    axis.plot(known[j], ".", color="black", markersize=3)
    axis.set(yticks=[])
axes[-1].set(xlabel="kind of mutation")
plt.show()
