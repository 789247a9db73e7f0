"""
A picture codec for arrays of cells
===================================

``.mho`` codes 8 x 8 patches in a non-negative dictionary that two arrays of memory cells can hold. The
bytes that it needs for a quality, beside Pillow's JPEG and WebP at the same quality, on the photo that comes with mho.
The guide is :doc:`/do/images`; a browser opens the files too: :doc:`/do/pictures`.
"""

import io

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

import mho
from mho.image import psnr
from mho.image.codec import Picture, decode, encode_to_psnr

pixels = np.round(255 * mho.data.camera()).astype(np.uint8)


def quality_of(decoded):
    return psnr(pixels / 255, decoded / 255)


def in_pillow(kind, quality):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=quality)
    return file.tell(), quality_of(np.asarray(Image.open(file).convert("L")))


def smallest(kind, target):
    return next(size for size, reached in (in_pillow(kind, q) for q in range(1, 101)) if reached >= target)


# %%
# The smallest file of each that reaches a peak signal-to-noise ratio.

targets = (30, 34, 38)
rows = {"mho": [len(encode_to_psnr(Picture(pixels), target)) for target in targets]}
rows |= {kind: [smallest(kind, target) for target in targets] for kind in ("JPEG", "WEBP")}
print("dB    ", *(f"{target:8}" for target in targets))
for name, sizes in rows.items():
    print(f"{name:6}", *(f"{size:8,}" for size in sizes), "bytes")

# %%
# What 30 dB looks like.

data = encode_to_psnr(Picture(pixels), 30)
figure, axes = plt.subplots(1, 2, figsize=(8, 4.2), layout="constrained")
for ax, (name, shown) in zip(axes, {"photo": pixels, f"{len(data):,} bytes": decode(data).pixels}.items(), strict=True):
    ax.imshow(shown, cmap="gray", vmin=0, vmax=255)
    ax.set_title(name)
    ax.axis("off")
plt.show()
