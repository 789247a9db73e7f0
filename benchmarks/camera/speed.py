"""Cost of a watching camera: CPU time after decoding, by size of picture, and of eight cameras at once.

    benchmarks/camera/speed.py --clip vtest.avi [--smoke]

The clip's own frames, scaled to each size: a picture that was scaled up has less detail than a camera's of that size,
but the cost does not depend on what it shows. CPU time of one process; frames are decoded and scaled beforehand.
--smoke: frames of noise, and nothing is written.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from mho import Camera
from mho.camera.video import read_luma

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, least, parser, sized, smoke, where, write

SIZES = {"768 x 576": (576, 768), "1920 x 1080": (1080, 1920)}
SIZES = sized(SIZES, {"768 x 576": (72, 96)})
LEARNED, WATCHED, FPS, CAMERAS, REPEATS = sized((100, 200, 10, 8, 5), (60, 4, 10, 2, 1))


def scaled(frames, size):
    """Nearest pixels."""
    rows, columns = (np.arange(new) * old // new for new, old in zip(size, frames.shape[1:], strict=True))
    return [np.ascontiguousarray(frame[rows][:, columns]) for frame in frames]


def noise():
    return np.random.default_rng(0).integers(90, 110, (LEARNED + WATCHED, 72, 96)).astype(np.uint8)


def learned(frames, path):
    """Learn once, and leave the camera at a path."""
    camera = Camera(fps=FPS)
    camera.learn(np.array(frames[:LEARNED]))
    camera.save(path)
    return camera


def watch(cameras, frames):
    """CPU milliseconds of a frame, the least of some runs: others on the machine only add to it."""
    at = [0.0] * len(cameras)

    def once():
        for frame in frames:
            for number, camera in enumerate(cameras):
                camera.push(frame, at[number])
                at[number] += 1 / FPS

    return 1e3 * least(once, REPEATS, time.process_time) / len(frames) / len(cameras)


def main():
    asked = parser(__doc__)
    asked.add_argument("--clip", type=Path, required=not smoke())
    asked.add_argument("--others-ran", action="store_true", help="say that the machine was not idle")
    asked.add_argument("--results", type=Path, default=ROOT / "docs/measured/camera-speed.json")
    options = asked.parse_args()
    frames = noise() if smoke() else read_luma(options.clip, width=768)[: LEARNED + WATCHED]
    found = {
        **where(),
        "others_ran": options.others_ran,
        "ms_a_frame": {},
    }
    each = 0.0
    for name, size in SIZES.items():
        pictures = scaled(frames, size)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "door.cam"
            found["ms_a_frame"][name] = round(watch([learned(pictures, path)], pictures[LEARNED:]), 3)
            print(f"{name}: {found['ms_a_frame'][name]} ms a frame", flush=True)
            if name == "768 x 576":
                each = watch([Camera.load(path) for _ in range(CAMERAS)], pictures[LEARNED:])
    found["cameras"] = {"number": CAMERAS, "fps": FPS, "share_of_a_core": round(each * CAMERAS * FPS / 1e3, 3)}
    print(found["cameras"])
    write(options.results, json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
