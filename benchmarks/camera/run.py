"""Camera benchmark: mho beside other ways, on people pasted into the empty scene of their own clip.

    benchmarks/camera/run.py --clip vtest=vtest.avi --clip one-by-one=one-by-one-person-detection.mp4

Each measured case is kept in build/bench-camera-results, so that an interrupted run goes on; `report.py` makes the
table. --smoke: squares that walk over noise, few frames, without what is not installed.
"""

import json
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from mho import Analog, Digital
from mho.camera.grid import Grid
from mho.camera.ranking import clip_scores, rank
from mho.camera.scene import learn_scene
from mho.camera.semi_synthetic import Case, EmptyScene, stream
from mho.camera.video import read_luma
from mho.chip import Chip, preset

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, parser, smoke, timed

CASES = {
    "walking": ("vtest", Case()),
    "standing": ("vtest", Case(still=True)),
    "busy": ("vtest", Case(busy=True)),
    "shadow": ("vtest", Case(still=True, shade=True, contrast=1.0)),
    "one standing": ("one-by-one", Case(still=True, contrast=0.4)),
    "one busy": ("one-by-one", Case(still=True, contrast=0.4, busy=True)),
    "switch": ("vtest", Case(switch=True)),
}
HELD_OUT = Case(contrast=0.4)
FRAMES, LEARNING = 20, 600
SMALL = Case(length=840, events=1)
SEEDS = "100,101,102,103,104"
"""Of streams that nothing was chosen on: those below 100 were looked at."""


def made_up():
    """A scene of noise through which a square walks."""
    frames = np.random.default_rng(0).integers(90, 110, (300, 48, 64)).astype(np.uint8)
    for number in range(150):
        frames[number, 16:34, number % 40 : number % 40 + 14] = 200
    return EmptyScene.of(frames, empty_frames=frames[150:])


def scene_of(name, path):
    frames = read_luma(path, width=192)
    begins_empty = np.abs(frames.astype(np.float32) - frames[0]).mean((1, 2)) < 4
    return EmptyScene.of(frames, empty_frames=frames[begins_empty] if name == "one-by-one" else None)


def measure(scene, case, seed, *, chip, peers, opencv):
    iterator, present = stream(scene, case, seed)
    frames = np.array(list(iterator))
    grid = Grid(frames.shape[1:])
    X = np.array([grid.cells(frame).ravel() for frame in frames], np.float32)
    result, model = {}, learn_scene(X[:LEARNING:3], grid, engine=Digital(), seed=0)
    seen, seconds = timed(lambda: model.see(X).score, time.process_time)
    result["mho"] = scored(seen, present) | {"us": seconds / len(X) * 1e6}
    if chip:
        engine = Analog(Chip(preset("pku-2025-4bit"), seed=3))
        result["mho, 4-bit 2 % chip"] = scored(
            learn_scene(X[:LEARNING:3], grid, engine=engine, seed=0).see(X).score, present
        )
    if not peers or (smoke() and not find_spec("cv2")):
        return result
    import baselines

    for name, scores in baselines.all_scores(frames, X, grid.shape, opencv=opencv).items():
        result[name] = scored(scores, present)
    return result


def scored(scores, present):
    clips = len(scores) // FRAMES
    somebody = present[: clips * FRAMES].reshape(clips, FRAMES).sum(1) >= 5
    first = LEARNING // FRAMES
    return dict(vars(rank(clip_scores(scores, FRAMES)[first:], somebody[first:])))


def main():
    asked = parser(__doc__)
    asked.add_argument(
        "--clip", action="append", default=[], metavar="NAME=FILE", help="vtest, one-by-one, or held out"
    )
    asked.add_argument("--seeds", default=SEEDS)
    asked.add_argument("--no-peers", action="store_true", help="mho alone: rows of others stay on the page")
    asked.add_argument("--chip-seeds", default=SEEDS, help="seeds that are scored on the simulated chip too")
    asked.add_argument("--opencv-seeds", default=SEEDS, help="seeds that OpenCV's subtractors run on too")
    asked.add_argument("--results", type=Path, default=ROOT / "build/bench-camera-results")
    options = asked.parse_args()
    if options.smoke:
        print(measure(made_up(), SMALL, 0, chip=False, peers=True, opencv=True))
        return
    clips = dict(text.split("=", 1) for text in options.clip)
    cases = {name: case for name, case in CASES.items() if case[0] in clips}
    cases |= {name: (name, HELD_OUT) for name in clips if name not in ("vtest", "one-by-one")}
    options.results.mkdir(parents=True, exist_ok=True)
    scenes = {}
    for seed in map(int, options.seeds.split(",")):
        for name, (clip, case) in cases.items():
            path = options.results / f"{name}-{seed}.json"
            if path.exists():
                continue
            if clip not in scenes:
                scenes[clip] = scene_of(clip, clips[clip])
            chip, opencv = (str(seed) in text.split(",") for text in (options.chip_seeds, options.opencv_seeds))
            result = measure(scenes[clip], case, seed, chip=chip, peers=not options.no_peers, opencv=opencv)
            path.write_text(json.dumps(result))
            print(name, seed, {k: f"{v['auc']:.3f}/{v['recall']:.2f}" for k, v in result.items()}, flush=True)


if __name__ == "__main__":
    main()
