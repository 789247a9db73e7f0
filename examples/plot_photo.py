"""
A photo through the chip
========================

A photo of 256 x 256 in two factors of 64 columns: on the CPU, on the simulated chip with 16 levels a cell, and both
together, beside scikit-learn and beside the best that any two such factors can do, the truncated singular value
decomposition, which may be negative.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import NMF

import mho

X = mho.data.camera()
k = 64


def psnr(Y):
    return 10 * np.log10(1.0 / np.mean((np.clip(Y, 0, 1) - X) ** 2))


# %%
# Five ways. The chip's cells have 16 levels and are written with an error of 2 % of full scale.

U, s, Vt = np.linalg.svd(X, full_matrices=False)
pictures = {"truncated SVD": (U[:, :k] * s[:k]) @ Vt[:k]}
reference = NMF(k, init="nndsvd", max_iter=100, tol=0)
pictures["scikit-learn, 100 iterations"] = reference.fit_transform(X) @ reference.components_
for name, engine, iterations in (("CPU", "digital", 100), ("chip", "analog", 10), ("hybrid", "hybrid", 20)):
    if engine == "analog":
        engine = mho.Analog("pku-2025-4bit", seed=0)
    model = mho.NMF(k, engine=engine, max_iter=iterations, random_state=0)
    pictures[f"mho, {name}, {iterations} iterations"] = model.fit_transform(X) @ model.components_
for name, Y in pictures.items():
    print(f"{name:28}  PSNR {psnr(Y):.2f} dB")

# %%

shown = {"photo": X, **{name: pictures[name] for name in pictures if "mho" in name}}
figure, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained")
for ax, (name, Y) in zip(axes, shown.items(), strict=True):
    ax.imshow(Y, cmap="gray", vmin=0, vmax=1)
    ax.set_title(name, fontsize=9)
    ax.axis("off")
plt.show()
