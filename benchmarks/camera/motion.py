"""Debian's `motion` on the streams of run.py, as a peer from outside: `apt-get install motion`.

    benchmarks/camera/motion.py --clip vtest=vtest.avi

Each stream is written as a file of 40 frames a second, which motion plays as a network camera and saves a picture of
every frame with the number of pixels that changed in its name. A clip's score is the mean of its 40 % most changed
frames, as for all others. Pictures are matched to frames by what they show, since motion shows some twice. All of a
seed run at once, in real time. Results are beside those of run.py, and `report.py` puts them into its table.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import av
import numpy as np

from mho.camera.semi_synthetic import stream

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, parser, sized
from run import CASES, SMALL, made_up, scene_of, scored

RATE = 40
SETTINGS = {
    "motion 4.5": {"noise_tune": "on"},
    "motion 4.5, noise level 32 fixed": {"noise_tune": "off", "noise_level": "32"},
}
CONFIGURATION = """
daemon off
log_level 5
target_dir {folder}
log_file {folder}/log.txt
netcam_url file://{video}
width {width}
height {height}
framerate {rate}
threshold {threshold}
emulate_motion on
picture_output on
picture_quality 75
picture_filename %Y%m%d%H%M%S-%q-%D
movie_output off
webcontrol_port 0
stream_port 0
"""
THRESHOLD = 1500 / (640 * 480)
"""Share of a picture's pixels; motion's own default."""

BLOCK = 8


def write(path, frames):
    height, width = (size // BLOCK * BLOCK for size in frames.shape[1:])
    with av.open(str(path), "w") as out:
        coded = out.add_stream("libx264", rate=RATE, options={"crf": "5", "preset": "ultrafast"})
        coded.width, coded.height, coded.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            planes = np.full((height * 3 // 2, width), 128, np.uint8)
            planes[:height] = frame[:height, :width]
            out.mux(coded.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        out.mux(coded.encode(None))
    return height, width


def started(folder, video, size, settings):
    height, width = size
    facts = {"height": height, "width": width, "rate": RATE, "threshold": round(THRESHOLD * height * width)}
    text = CONFIGURATION.format(folder=folder, video=video, **facts)
    text += "".join(f"{key} {value}\n" for key, value in settings.items())
    (folder / "motion.conf").write_text(text)
    command = ["motion", "-c", str(folder / "motion.conf")]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def blocks(frame):
    height, width = (size // BLOCK * BLOCK for size in frame.shape)
    cut = frame[:height, :width].astype(np.float32).reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return cut.mean((1, 3)).ravel()


def changed(folder, frames):
    """Pixels that changed in each frame; NaN where motion saw none of it."""
    known = np.array([blocks(frame) for frame in frames])
    square, found = (known**2).sum(1), np.full(len(frames), np.nan)
    for path in folder.glob("*.jpg"):
        with av.open(str(path)) as picture:
            luma = next(picture.decode(video=0)).reformat(format="yuvj420p").to_ndarray()
        seen = blocks(luma[: luma.shape[0] * 2 // 3])
        number = int((square - 2 * known @ seen).argmin())
        found[number] = np.fmax(found[number], float(path.stem.rpartition("-")[2]))
    return found


def begun(stack, scene, case, seed):
    """Frames of a stream, who is there, and motion at work on it with each setting, by name."""
    iterator, present = stream(scene, case, seed)
    frames = np.array(list(iterator))
    frames = sized(frames, np.kron(frames[:40], np.ones((1, 2, 2), np.uint8)))  # motion takes no smaller pictures
    home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    size, at_work = write(home / "stream.mkv", frames), {}
    for number, (method, settings) in enumerate(list(SETTINGS.items())[sized(0, 1) :]):
        folder = home / str(number)
        folder.mkdir()
        at_work[method] = folder, started(folder, home / "stream.mkv", size, settings)
    return frames, present, at_work


def ended(process, seconds):
    """Wait for motion, which may wait for its camera to come back."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main():
    asked = parser(__doc__)
    asked.add_argument("--clip", action="append", default=[], metavar="NAME=FILE", help="vtest or one-by-one")
    asked.add_argument("--seeds", default="0")
    asked.add_argument("--results", type=Path, default=ROOT / "build/bench-camera-results")
    options = asked.parse_args()
    if not shutil.which("motion"):
        print("no motion here: apt-get install motion")
        return
    clips = dict(text.split("=", 1) for text in options.clip)
    scenes = {name: scene_of(name, path) for name, path in clips.items()} | sized({}, {"made up": made_up()})
    cases = {name: case for name, case in CASES.items() if case[0] in clips} | sized(
        {}, {"made up": ("made up", SMALL)}
    )
    for seed in map(int, options.seeds.split(",")):
        with ExitStack() as stack:
            runs = {name: begun(stack, scenes[clip], case, seed) for name, (clip, case) in cases.items()}
            for name, (frames, present, at_work) in runs.items():
                result = {}
                for method, (folder, process) in at_work.items():
                    ended(process, len(frames) / RATE + sized(20, 2))
                    pixels = changed(folder, frames)
                    print(f"{name} {seed}, {method}: {np.isnan(pixels).mean():.1%} of the frames not seen", flush=True)
                    result[method] = scored(np.nan_to_num(pixels), present[: len(frames)]) if not options.smoke else {}
                if not options.smoke:
                    options.results.mkdir(parents=True, exist_ok=True)
                    (options.results / f"{name}-motion{seed}.json").write_text(json.dumps(result))
                    print(name, seed, {k: f"{v['auc']:.3f}/{v['recall']:.2f}" for k, v in result.items()}, flush=True)


if __name__ == "__main__":
    main()
