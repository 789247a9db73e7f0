"""Photo clean-up beside scikit-image: `python benchmarks/image/cleanup.py` prints a table in Markdown.

Crops of 256 x 256 pixels of four pictures that come with scikit-image. PSNR is of all samples of the 8-bit pictures.
"Found" are scratches that nobody told of: both methods fill in what `scratches` marks. The last rows are a corner of
the first picture, its scratches filled in with chips that solve for the codes.
"""

import time

import numpy as np
from skimage import data, draw
from skimage.metrics import peak_signal_noise_ratio
from skimage.restoration import denoise_nl_means, inpaint_biharmonic

from mho import Analog, Hybrid
from mho.chip import preset
from mho.image.cleanup import denoise, inpaint, scratches

PICTURES = ("camera", "astronaut", "coffee", "chelsea")
SIDE = 256


def crop(name):
    pixels = getattr(data, name)()
    top, left = ((side - SIDE) // 2 for side in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top : top + SIDE, left : left + SIDE])


def lost(share, rng):
    return rng.random((SIDE, SIDE)) < share


def scratched(lines, rng):
    """Straight scratches, two pixels wide, across the picture."""
    mask = np.zeros((SIDE, SIDE), bool)
    for ends in rng.integers(0, SIDE - 1, (lines, 2)):
        rows, cols = draw.line(0, ends[0], SIDE - 1, ends[1])
        mask[rows, cols] = mask[rows, cols + 1] = True
    return mask


def biharmonic(pixels, mask):
    filled = inpaint_biharmonic(pixels / 255, mask, channel_axis=2 if pixels.ndim == 3 else None)
    return np.rint(255 * np.clip(filled, 0, 1)).astype(np.uint8)


def nl_means(pixels, sigma):
    """Patches of 5 x 5, h = 0.8 sigma, the noise told: what scikit-image's example of it takes."""
    axis = 2 if pixels.ndim == 3 else None
    told = {"h": 0.8 * sigma / 255, "sigma": sigma / 255, "patch_size": 5, "patch_distance": 6}
    smooth = denoise_nl_means(pixels / 255, fast_mode=True, channel_axis=axis, **told)
    return np.rint(255 * np.clip(smooth, 0, 1)).astype(np.uint8)


def row(name, damage, pixels, damaged, methods):
    """Damaged, then each method's PSNR in dB and seconds."""
    cells = [f"{peak_signal_noise_ratio(pixels, damaged):.1f}"]
    for method in methods:
        start = time.perf_counter()
        restored = method()
        seconds = time.perf_counter() - start
        cells.append(f"{peak_signal_noise_ratio(pixels, restored):.1f} ({seconds:.1f} s)")
    print(f"| {name} | {damage} | {' | '.join(cells)} |", flush=True)


def main():
    print("| picture | damage | damaged | mho | scikit-image |\n|---|---|---|---|---|")
    for name in PICTURES:
        pixels, rng = crop(name), np.random.default_rng(0)
        masks = {"half the pixels lost": lost(0.5, rng), "12 scratches": scratched(12, rng)}
        for damage, mask in (*masks.items(), ("the same, found", None)):
            damaged = pixels.copy()
            damaged[masks["12 scratches"] if mask is None else mask] = 255
            mask = scratches(damaged) if mask is None else mask
            methods = (lambda x=damaged, m=mask: inpaint(x, m), lambda x=damaged, m=mask: biharmonic(x, m))
            row(name, damage, pixels, damaged, methods)
        for sigma in (10, 25):
            damaged = np.rint(np.clip(pixels + rng.normal(0, sigma, pixels.shape), 0, 255)).astype(np.uint8)
            methods = (lambda x=damaged, s=sigma: denoise(x, s), lambda x=damaged, s=sigma: nl_means(x, s))
            row(name, f"noise, sigma {sigma}", pixels, damaged, methods)
    on_chips()


def on_chips():
    """A quarter of the first crop, on chips whose cells have 16 levels and an error of 2 %."""
    pixels, mask = (x[: SIDE // 2, : SIDE // 2] for x in (crop(PICTURES[0]), scratched(12, np.random.default_rng(0))))
    damaged = np.where(mask, 255, pixels).astype(np.uint8)
    design = preset("pku-2025-4bit")
    engines = {
        "CPU": "digital",
        "chip": Analog(design, seed=0),
        "chip, read back": Analog(design, seed=0, readback=True),
        "hybrid": Hybrid(design, seed=0),
    }
    print("\n| picture | who solves | damaged | filled in |\n|---|---|---|---|")
    for name, engine in engines.items():
        row(PICTURES[0], name, pixels, damaged, (lambda e=engine: inpaint(damaged, mask, engine=e),))


if __name__ == "__main__":
    main()
