"""
A picture of many bands, unmixed
================================

A scene of which each pixel's spectrum is a mixture of a few materials' spectra: non-negative CP of the tensor (rows x
columns x bands), whose components each have one spectrum and a place that is a product of rows and columns, and
`mho.NMF` of the matrix (pixels x bands), whose places may have any shape. The scene is simulated, so that the materials
are known; :doc:`/measured/structure` has the time of non-negative CP on Indian pines.
"""

import matplotlib.pyplot as plt
import numpy as np

import mho
from mho.nmf import CP

rng = np.random.default_rng(0)
bands = np.linspace(0, 1, 120)
peaks = ((0.15, 0.08), (0.3, 0.2), (0.55, 0.05), (0.8, 0.15))
spectra = np.stack([np.exp(-((bands - at) ** 2) / (2 * wide**2)) + 0.05 for at, wide in peaks])

row, column = np.mgrid[:60, :60] / 59
places = np.stack([row < 0.5, column > 0.6, np.hypot(row - 0.7, column - 0.3) < 0.25, 0.5 + 0 * row]).astype(float)
abundance = places / places.sum(axis=0)
scene = np.einsum("rij,rb->ijb", abundance, spectra) * rng.gamma(100, 0.01, (60, 60, 120))

# %%
# Cosine of each true spectrum with the one that is most like it.


def likeness(found):
    """Cosines of the true spectra (r, bands) with the nearest of the rows found."""
    cosine = (spectra @ found.T) / np.outer(np.linalg.norm(spectra, axis=1), np.linalg.norm(found, axis=1))
    return cosine.max(axis=1).round(3)


model = mho.NMF(4, random_state=0, max_iter=1000, tol=1e-7)
W = model.fit_transform(scene.reshape(-1, 120))
error = model.reconstruction_err_ / np.linalg.norm(scene)
print(f"NMF  error {error:.3f}, spectra", likeness(model.components_))

tensor = CP(8, random_state=0).fit(scene)
print(f"CP   error {tensor.reconstruction_err_:.3f}, spectra", likeness(tensor.factors_[2].T))

# %%
# Where NMF's four materials are, and their spectra.

figure, axes = plt.subplots(2, 4, figsize=(8, 4), layout="constrained")
for j, (above, below) in enumerate(axes.T):
    above.imshow(W[:, j].reshape(60, 60), cmap="viridis")
    above.set(xticks=[], yticks=[])
    below.plot(bands, model.components_[j])
    below.set(xticks=[], yticks=[])
plt.show()
