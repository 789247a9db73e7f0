"""Photo clean-up beside its peers: `python benchmarks/image/cleanup.py FOLDER`, of the Kodak suite's odd pictures.

Noise: crops of 256 x 256 pixels of four pictures, Poisson-Gaussian noise; every method is told the noise, which is
made of equal variance and brought back in the same way for all, and mho once more nobody tells. BM3D is vapoursynth-
bm3d's, basic and final estimate at its normal profile; NL-means are scikit-image's. Lost pixels: crops of 144 x 144
pixels of all pictures, beside scikit-image's biharmonic functions and OpenCV's Telea and Navier-Stokes. PSNR is of
all samples of the 8-bit pictures, seconds are of CPU, one thread (MHO_NUM_THREADS=1). Figures are kept in
docs/measured/cleanup.json; `report` writes the page's tables. --smoke: one small picture, and the peers that are there.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from cyclopts import App
from kept import PAGES, kept, placed
from measures import PEERS_PYTHON, psnr
from pictures import run
from PIL import Image
from skimage import draw
from skimage.data import camera
from skimage.restoration import denoise_nl_means, inpaint_biharmonic

from mho import Analog, Hybrid
from mho.engines import engine_for
from mho.image.chips import PICTURE_CHIP
from mho.image.cleanup import Noise, denoise, estimate_noise, inpaint
from mho.image.cleanup.one_dictionary import filled_by_dictionaries
from mho.image.cleanup.patches import pixels_of, planes_of

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, smoke, timed

HERE = Path(__file__).parent

RESULTS = ROOT / "docs" / "measured" / "cleanup.json"
CASES = {"kodim05": Noise(0.5, 3), "kodim07": Noise(1, 5), "kodim19": Noise(2, 10), "kodim23": Noise(4, 10)}
CASES, NOISY, LOST = (CASES, 256, 144) if not smoke() else ({"kodim05": CASES["kodim05"]}, 48, 48)

app = App(help=__doc__, result_action="return_value")


def crop(path, side):
    pixels = np.asarray(Image.open(path).convert("RGB"))
    top, left = ((length - side) // 2 for length in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top : top + side, left : left + side])


def as_pixels(levels):
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


def peers(**calls):
    """What the peers' environment makes of (method, arrays) by name: arrays and seconds."""
    there = PEERS_PYTHON.exists() or not smoke()
    return {name.replace("_", "-"): peer(*call) for name, call in calls.items()} if there else {}


def peer(method, *arrays):
    """Of peer_cleanup.py in the peers' environment: its array and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/in.npz", *arrays)
        command = [str(PEERS_PYTHON), str(HERE / "peer_cleanup.py"), method, f"{folder}/in.npz", f"{folder}/out.npz"]
        subprocess.run(command, check=True)
        with np.load(f"{folder}/out.npz") as found:
            return found["result"], float(found["seconds"])


def warmed(call):
    call()
    return timed(call, time.process_time)


def nl_means(stable):
    """Patches of 5 x 5, h = 0.8 sigma, the noise told: as in scikit-image's example."""
    low, span = stable.min(), np.ptp(stable)
    told = {"h": 0.8 / span, "sigma": 1 / span, "patch_size": 5, "patch_distance": 6}
    return denoise_nl_means((stable - low) / span, fast_mode=True, channel_axis=2, **told) * span + low


def noise_rows(folder):
    for number, (name, noise) in enumerate(CASES.items()):
        pixels, rng = crop(folder / f"{name}.png", NOISY), np.random.default_rng(number)
        drawn = noise.gain * rng.poisson(pixels / noise.gain) + rng.normal(0, noise.sigma, pixels.shape)
        damaged = as_pixels(drawn)
        stable = noise.stabilised(damaged.astype(float))
        found = {
            "mho": warmed(lambda d=damaged, n=noise: denoise(d, n.sigma, gain=n.gain)),
            "mho, not told": warmed(lambda d=damaged: denoise(d)),
            **peers(BM3D=("bm3d", stable.astype(np.float32))),
            "NL-means": warmed(lambda s=stable: nl_means(s)),
        }
        for method in {"BM3D", "NL-means"} & found.keys():
            found[method] = as_pixels(noise.restored(found[method][0])), found[method][1]
        guess = estimate_noise(damaged)
        yield {
            "picture": name,
            "noise": [noise.gain, noise.sigma],
            "estimated": [round(guess.gain, 2), round(guess.sigma, 2)],
            "damaged": round(psnr(pixels, damaged), 2),
            **{method: [round(psnr(pixels, p), 2), round(s, 3)] for method, (p, s) in found.items()},
        }


def scratched(lines, rng, side=LOST):
    """Straight scratches, two pixels wide, across the picture."""
    mask = np.zeros((side, side), bool)
    for ends in rng.integers(0, side - 1, (lines, 2)):
        rows, cols = draw.line(0, ends[0], side - 1, ends[1])
        mask[rows, cols] = mask[rows, cols + 1] = True
    return mask


def biharmonic(damaged, mask):
    return as_pixels(255 * inpaint_biharmonic(damaged / 255, mask, channel_axis=2))


def lost_rows(folder):
    for path in sorted(folder.glob("*.png")):
        pixels, rng = crop(path, LOST), np.random.default_rng(0)
        masks = {"8 scratches": scratched(8, rng)}
        masks |= {f"{share:.0%} lost": rng.random(pixels.shape[:2]) < share for share in (0.5, 0.8)}
        for damage, mask in masks.items():
            damaged = np.where(mask[..., None], 0, pixels).astype(np.uint8)
            found = {
                "mho": warmed(lambda d=damaged, m=mask: inpaint(d, m)),
                "biharmonic": warmed(lambda d=damaged, m=mask: biharmonic(d, m)),
                **peers(Telea=("telea", damaged, mask), Navier_Stokes=("ns", damaged, mask)),
            }
            scores = {method: [round(psnr(pixels, p), 2), round(s, 3)] for method, (p, s) in found.items()}
            yield {"picture": path.stem, "damage": damage, **scores}


def chip_rows():
    """Camera's quarter with scratches, by the method that chips use, on each engine."""
    side, rng = LOST if smoke() else 256, np.random.default_rng(0)
    pixels = camera()[128 : 128 + side, 128 : 128 + side]
    mask = scratched(8, rng, side)
    damaged = np.where(mask, 255, pixels).astype(np.uint8)
    cpu = pixels_of(filled_by_dictionaries(planes_of(damaged), mask, engine_for("digital"), 0))
    engines = {
        "chip": Analog(PICTURE_CHIP, seed=0),
        "chip, read back": Analog(PICTURE_CHIP, seed=0, readback=True),
        "hybrid": Hybrid(PICTURE_CHIP, seed=0),
    }
    found = {"the same dictionaries, CPU": cpu}
    found |= {name: inpaint(damaged, mask, engine=engine) for name, engine in engines.items()}
    found["groups, CPU"] = inpaint(damaged, mask)
    for name, filled in found.items():
        score = psnr(pixels, np.where(mask, filled, pixels).astype(np.uint8))
        yield {"solver": name, "damaged": round(psnr(pixels, damaged), 1), "filled": round(score, 1)}


@app.command
def chip():
    """Measure scratches filled in on a simulated chip: 4 bits a cell, an error of 2 %, converters of 8 bits."""
    tell("chip", list(chip_rows()))


@app.command
def noise(folder: Path):
    """Measure four pictures with noise."""
    tell("noise", list(noise_rows(folder)))


@app.command
def lost(folder: Path):
    """Measure all pictures with lost pixels."""
    tell("lost", list(lost_rows(folder)))


def tell(kind, rows):
    kept(kind, rows, RESULTS)
    print(chip_table({kind: {"rows": rows}}) if kind == "chip" else table({kind: {"rows": rows}}))


def table(held):
    lines = []
    if "noise" in held:
        names = ("mho", "mho, not told", "BM3D", "NL-means")
        lines += ["| picture | gain, sigma | estimated | damaged | " + " | ".join(names) + " |", "|---" * 8 + "|"]
        for row in held["noise"]["rows"]:
            told, guess = (", ".join(f"{value:g}" for value in row[key]) for key in ("noise", "estimated"))
            cells = ["{:.2f} ({:.2f} s)".format(*row[name]) if name in row else "-" for name in names]
            lines.append(f"| {row['picture']} | {told} | {guess} | {row['damaged']:.2f} | {' | '.join(cells)} |")
        lines.append("")
    if "lost" in held:
        names = ("mho", "biharmonic", "Telea", "Navier-Stokes")
        lines += ["| 12 pictures | " + " | ".join(names) + " |", "|---" * 5 + "|"]
        for damage in dict.fromkeys(row["damage"] for row in held["lost"]["rows"]):
            rows = [row for row in held["lost"]["rows"] if row["damage"] == damage]
            means = [np.mean([row.get(name, (np.nan, np.nan)) for row in rows], axis=0) for name in names]
            cells = [f"{dB:.2f} ({seconds:.3f} s)" for dB, seconds in means]
            lines.append(f"| {damage} | {' | '.join(cells)} |")
    return "\n".join(lines)


def chip_table(held):
    lines = ["| who solves | damaged | filled in |", "|---|---|---|"]
    lines += ["| {solver} | {damaged:.1f} | {filled:.1f} |".format(**row) for row in held["chip"]["rows"]]
    return "\n".join(lines)


@app.command
def report():
    """Write the tables into docs/do/cleanup.md."""
    held = json.loads(RESULTS.read_text())
    placed(PAGES / "cleanup.md", {"cleanup": table(held).split("\n"), "chip": chip_table(held).split("\n")})


if __name__ == "__main__":
    run(app, "noise {}", "lost {}", "chip")
