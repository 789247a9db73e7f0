"""Cost of a watching camera: CPU time after decoding, by size of picture, and of eight cameras at once.

    benchmarks/camera/speed.py --clip vtest.avi

The clip's own frames, scaled to each size: a picture that was scaled up has less detail than a camera's of that size,
but the cost does not depend on what it shows. CPU time of one process; frames are decoded and scaled beforehand.
"""

import argparse
import datetime
import json
import platform
import subprocess
import time
from pathlib import Path

import numpy as np

from mho import Camera
from mho.camera.video import read_luma

SIZES = {"768 x 576": (576, 768), "1920 x 1080": (1080, 1920)}
LEARNED, WATCHED, FPS, CAMERAS = 100, 200, 10, 8
REPEATS = 5


def scaled(frames, size):
    """Nearest pixels."""
    rows, columns = (np.arange(new) * old // new for new, old in zip(size, frames.shape[1:], strict=True))
    return [np.ascontiguousarray(frame[rows][:, columns]) for frame in frames]


def learned(frames):
    camera = Camera(fps=FPS)
    camera.learn(np.array(frames[:LEARNED]))
    return camera


def watch(cameras, frames):
    """CPU milliseconds of a frame, the least of some runs: others on the machine only add to it."""
    spent, at = [], [0.0] * len(cameras)
    for _ in range(REPEATS):
        begin = time.process_time()
        for frame in frames:
            for number, camera in enumerate(cameras):
                camera.push(frame, at[number])
                at[number] += 1 / FPS
        spent.append(time.process_time() - begin)
    return 1e3 * min(spent) / len(frames) / len(cameras)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--others-ran", action="store_true", help="say that the machine was not idle")
    parser.add_argument("--results", type=Path, default=Path("docs/measured/camera-speed.json"))
    options = parser.parse_args()
    frames = read_luma(options.clip, width=768)[: LEARNED + WATCHED]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    found = {
        "machine": platform.machine(),
        "others_ran": options.others_ran,
        "date": datetime.date.today().isoformat(),
        "commit": commit.stdout.strip(),
        "ms_a_frame": {},
    }
    for name, size in SIZES.items():
        pictures = scaled(frames, size)
        camera = learned(pictures)
        found["ms_a_frame"][name] = round(watch([camera], pictures[LEARNED:]), 3)
        print(f"{name}: {found['ms_a_frame'][name]} ms a frame", flush=True)
    pictures = scaled(frames, SIZES["768 x 576"])
    cameras = [learned(pictures) for _ in range(CAMERAS)]
    each = watch(cameras, pictures[LEARNED:])
    found["cameras"] = {"number": CAMERAS, "fps": FPS, "share_of_a_core": round(each * CAMERAS * FPS / 1e3, 3)}
    print(found["cameras"])
    options.results.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
