"""
Parts of faces
==============

A hundred faces of 25 x 25 pixels as sums of 25 parts: plain NMF, and NMF whose parts have a given sparseness, Hoyer's
measure of it beside the error. On faces that are not aligned plain NMF finds whole faces rather than parts.
:doc:`/measured/structure` has 49 parts of the 400 faces of ORL, with their picture.
"""

import matplotlib.pyplot as plt
import numpy as np
from skimage.data import lfw_subset

import mho

faces = lfw_subset()[:100].reshape(100, -1)


def hoyer(rows):
    """Sparseness of each row: 0 where all entries are alike, 1 where a single one is not zero."""
    ratio = np.abs(rows).sum(axis=1) / np.linalg.norm(rows, axis=1)
    return (np.sqrt(rows.shape[1]) - ratio) / (np.sqrt(rows.shape[1]) - 1)


# %%
# The least error that 25 parts of any sign could leave is that of the singular value decomposition.

values = np.linalg.svd(faces, compute_uv=False)
print(f"SVD            error {np.linalg.norm(values[25:]) / np.linalg.norm(values):.3f}")
models = {
    "plain": mho.NMF(25, random_state=0, max_iter=500),
    "sparseness 0.7": mho.NMF(25, random_state=0, max_iter=500, sparseness_H=0.7),
    "chip then CPU": mho.NMF(25, random_state=0, max_iter=500, engine=mho.Hybrid("pku-2025-4bit", seed=0)),
}
for name, model in models.items():
    model.fit(faces)
    error = model.reconstruction_err_ / np.linalg.norm(faces)
    print(f"{name:14} error {error:.3f}, sparseness {hoyer(model.components_).mean():.2f}")

# %%
# The parts, brighter where there is more.

figure, axes = plt.subplots(1, 2, figsize=(7, 3.6), layout="constrained")
for axis, name in zip(axes, ("plain", "sparseness 0.7"), strict=True):
    parts = [row.reshape(25, 25) / row.max() for row in models[name].components_]
    axis.imshow(np.block([parts[i : i + 5] for i in range(0, 25, 5)]), cmap="gray")
    axis.set(title=name, xticks=[], yticks=[])
plt.show()
