"""
Lost pixels
===========

A third of the pixels of a photo is lost. They are filled in from the photo's own patches, whose dictionary is learnt
from what is left, on the CPU and on the chip; beside scikit-image's biharmonic inpainting.
The guide is :doc:`/do/cleanup`; in a browser: :doc:`/do/pictures`.
"""

import time

import matplotlib.pyplot as plt
import numpy as np
from skimage.restoration import inpaint_biharmonic

import mho
from mho.image import picture_engine, psnr
from mho.image.cleanup import inpaint

photo = np.round(255 * mho.data.camera()[64:192, 64:192]).astype(np.uint8)
lost = np.random.default_rng(0).random(photo.shape) < 1 / 3
damaged = np.where(lost, 0, photo).astype(np.uint8)

# %%
# PSNR over the whole picture.

ways = {
    "scikit-image, biharmonic": lambda: np.round(255 * inpaint_biharmonic(damaged / 255, lost)),
    "mho, CPU": lambda: inpaint(damaged, lost),
    "mho, chip": lambda: inpaint(damaged, lost, engine=picture_engine("analog", seed=0)),
}
pictures = {"damaged": damaged}
for name, way in ways.items():
    begun = time.perf_counter()
    pictures[name] = way()
    seconds = time.perf_counter() - begun
    print(f"{name:25}  PSNR {psnr(photo / 255, pictures[name] / 255):.2f} dB  {seconds:.2f} s")

# %%

figure, axes = plt.subplots(1, 4, figsize=(12, 3.3), layout="constrained")
for ax, (name, shown) in zip(axes, pictures.items(), strict=True):
    ax.imshow(shown, cmap="gray", vmin=0, vmax=255)
    ax.set_title(name, fontsize=10)
    ax.axis("off")
plt.show()
