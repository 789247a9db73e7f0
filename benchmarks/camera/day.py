"""A day of a camera, replayed as fast as it goes: memory by the hour; and an hour in which nobody comes.

    benchmarks/camera/day.py [--clip vtest.avi] [--hours 24] [--smoke]

A made-up room of 96 x 72 pixels with daylight, clouds, a lamp and noise, one frame a second, as raw video through a
pipe to `mho camera run --keep 20%`; somebody is there for 10 to 40 s, a quarter of the time. The resident memory of
that process is read at each replayed hour, and at the end the most that it ever had.
--clip: an hour of the clip's empty scene too, under the drift, gradients, leaves and 15 steps of run.py, and what is
kept; --minutes 15: as many steps in a quarter of the time.
"""

import itertools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from mho import Camera
from mho.camera.index import read_index
from mho.camera.semi_synthetic import Case, EmptyScene, stream
from mho.camera.video import read_luma

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, keep, parser, sized, where

HEIGHT, WIDTH, RATE = 72, 96, 1
LEARNED, LEARNING = sized(120, 30), 600
HOUR = sized(3600, 60) * RATE
HEAD = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420jpeg\n".encode()
COLOUR = bytes([128]) * (HEIGHT * WIDTH // 2)


class Room:
    """Frames of a room, one by one."""

    def __init__(self, *, visited):
        rng = np.random.default_rng(0)
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        wall = 100 + 25 * np.sin(x / 7) * np.cos(y / 5) + 25 * np.sin(x / 25) + 12 * rng.random((HEIGHT, WIDTH))
        self._wall, self._across = wall.astype(np.float32), (x / WIDTH - 0.5).astype(np.float32)
        self._noise = rng.normal(0, 2, (64, HEIGHT, WIDTH)).astype(np.float32)
        self._rng, self._visited = rng, visited
        self._visit, self._place = (0, 0), (0, 0)

    def frame(self, t):
        """Luma at a number of a frame."""
        seconds = t / RATE
        day = 0.75 + 0.2 * np.sin(2 * np.pi * seconds / 86_400) + 0.08 * np.sin(seconds / 97)
        lamp = 0.15 if (seconds // 1800) % 4 == 1 else 0.0
        room = self._wall * np.float32(day + lamp) * (1 + np.float32(0.2 * np.sin(seconds / 700)) * self._across)
        if self._visited:
            self._add_somebody(room, t)
        room += self._noise[self._rng.integers(64)]
        return np.clip(room, 0, 255).astype(np.uint8)

    def _add_somebody(self, room, t):
        if t >= self._visit[1]:
            length = int(self._rng.integers(10, 41)) * RATE
            begin = t + int(self._rng.exponential(3 * 25 * RATE))
            self._visit, self._place = (begin, begin + length), (int(self._rng.integers(10, 35)), self._rng.random())
        if self._visit[0] <= t < self._visit[1]:
            top = self._place[0]
            left = int((self._place[1] * WIDTH + t - self._visit[0]) % (WIDTH - 15))
            room[top : top + 30, left : left + 13] *= 0.45


def film(frames):
    return b"".join(b"FRAME\n" + frame.tobytes() + COLOUR for frame in frames)


def resident(pid):
    """Resident MB of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024, 1)


def mho(*arguments, **options):
    return subprocess.Popen([sys.executable, "-m", "mho", "camera", *map(str, arguments)], **options)


def replay(folder, hours):
    """Figures of a day: resident memory at each hour and at the most, and lines of the index."""
    room, model = Room(visited=False), folder / "room.cam"
    (folder / "empty.y4m").write_bytes(HEAD + film([room.frame(t * HOUR // LEARNED) for t in range(LEARNED)]))
    learned = mho("learn", folder / "empty.y4m", "-o", model, "--fps", RATE, stdout=subprocess.DEVNULL)
    assert learned.wait() == 0
    options = ("--keep", "20%", "--out", folder / "clips", "--quiet")
    child = mho("run", model, "-", *options, stdin=subprocess.PIPE)
    assert child.stdin is not None
    child.stdin.write(HEAD)
    room, memory = Room(visited=True), []
    for hour in range(hours):
        for t in range(hour * HOUR, (hour + 1) * HOUR):
            child.stdin.write(film([room.frame(t)]))
        memory.append(resident(child.pid))
        print(f"hour {hour + 1}: {memory[-1]} MB resident", flush=True)
    child.stdin.close()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    found = {"hours": hours, "resident_mb": memory} | slope(memory)
    lines = len(read_index(folder / "clips/index.jsonl"))
    return found | {"most_mb": round(usage.ru_maxrss / 1024, 1), "lines_of_the_index": lines}


def slope(memory):
    """MB an hour after the first two, by least squares."""
    later = memory[2:]
    return {"mb_an_hour": round(float(np.polyfit(np.arange(len(later)), later, 1)[0]), 3)} if len(later) > 1 else {}


def empty(path, minutes):
    """Windows that are kept of a time in which nobody comes."""
    frames = read_luma(path, width=192)
    case = Case(length=LEARNING + sized(600 * minutes, 300), events=0)
    iterator, present = stream(EmptyScene.of(frames), case, seed=0)
    assert not present.any()
    camera = Camera(keep="20%")
    camera.learn(np.array(list(itertools.islice(iterator, LEARNING))), seconds=LEARNING / 10)
    clips = list(camera.run((number / 10, frame) for number, frame in enumerate(iterator)))
    return {"minutes": minutes, "windows": len(clips), "kept": sum(clip.kept for clip in clips)}


def main():
    asked = parser(__doc__)
    asked.add_argument("--clip", type=Path)
    asked.add_argument("--hours", type=int, default=sized(24, 1), help="0: no replay")
    asked.add_argument("--minutes", type=int, default=60, help="of the empty scene")
    asked.add_argument("--results", type=Path, default=ROOT / "docs/measured/camera-day.json")
    options = asked.parse_args()
    found: dict[str, object] = {**where()}
    if options.hours:
        with tempfile.TemporaryDirectory() as folder:
            found["day"] = replay(Path(folder), options.hours)
        print(found["day"])
    if options.clip is not None:
        name = f"empty_{options.minutes}_minutes"
        found[name] = empty(options.clip, options.minutes)
        print(found[name])
    keep(options.results, found)


if __name__ == "__main__":
    main()
