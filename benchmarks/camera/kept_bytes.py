"""Bytes of what a camera keeps, beside a recording of all by the same encoder, and where they go.

    benchmarks/camera/kept_bytes.py --clip vtest=vtest.avi --clip one-by-one=one-by-one-person-detection.mp4 [--smoke]

Each clip as it is; half an hour of one-by-one's own frames, in which its visits come in a fifth of the time and the
seconds before the first are played forth and back else; and an hour made of vtest's people, 160 of whom walk through
for 2 to 5 s under the drift, steps, gradients and leaves of run.py. Each is kept by 20 % of its time and by 25 % of its
bytes. The bytes that the frames of the kept windows take in the recording of all are the least that any choice of
encoder for the clips leaves: they cannot be shown without the frames before them. Results, and the recordings that are
made, are kept as they come, so that an interrupted run goes on.
"""

import json
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import av
import numpy as np
from run import made_up, scene_of

from mho import Camera
from mho.camera.benchmark_file import FPS, write_benchmark
from mho.camera.clip_file import write_clip
from mho.camera.index import read_index
from mho.camera.recorder import Recorder
from mho.camera.semi_synthetic import Case
from mho.camera.session import Session
from mho.camera.source import Packet, Segment, Source

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, keep, parser, sized, where

HOUR = Case(length=sized(600 + 36_000, 1200), events=sized(160, 2))
HALF_HOUR, VISITED = 1800, 0.2
LEARNED = {"one-by-one": 5.8}
"""Seconds that are learned from: before the first visit; 60 of the others."""

KEEP = ("20%", "25% of bytes")

VISITS = Path(__file__).with_name("one-by-one-visits.json")
EMPTY = 5.8


def record(video, folder, seconds, budget, *, encode):
    """Learn a video's first seconds, watch all of it and keep clips in a folder; return the model's bytes."""
    camera = Camera(keep=budget)
    camera.learn(video, seconds)
    camera.save(folder / "scene.cam")
    source = Source(str(video), camera.fps, gap=6, ring=True)
    with Recorder(folder / "clips", camera, source, began=0.0, encode=encode) as recorder:
        Session(camera, source, recorder).run()
    return (folder / "scene.cam").stat().st_size


def pieces(path):
    """Seconds, bytes and whether it is a key frame, of each packet of a file."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        return [(float(packet.pts * packet.time_base), packet.size, packet.is_keyframe) for packet in packets]  # pyright: ignore[reportOptionalOperand]


def whole(video, path, *, encode):
    """Packets, and bytes, of all of a video: as it is, or as clips are encoded."""
    if encode:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            segment, rate = Segment(1, stream, container), float(stream.average_rate or FPS)
            packets = [packet for packet in container.demux(stream) if packet.size]
            stamps = np.array([packet.dts if packet.pts is None else packet.pts for packet in packets])
            places = stamps.argsort().argsort()  # of their frames: packets come as they are decoded
            ring = [Packet(n / rate, packet, segment) for n, packet in zip(places, packets, strict=True)]
            write_clip(path, ring, start=0.0, encode=True)
        video = path
    found = pieces(video)
    begin = min(t for t, _, _ in found)
    return [(t - begin, size, key) for t, size, key in found], Path(video).stat().st_size


def inside(packets, spans, *, keys=False):
    """Bytes of the packets, or the key frames, that lie in spans of time."""
    chosen = ((t, size) for t, size, key in packets if key or not keys)
    return sum(size for t, size in chosen if any(start - 1e-3 <= t < end - 1e-3 for start, end in spans))


def shares(recording, folder, everything, budget, *, encode):
    """Where the bytes go, as shares of those of all."""
    model = record(recording.video, folder, recording.learned, budget, encode=encode)
    packets, total = everything
    rows = [row for row in read_index(folder / "clips/index.jsonl") if row.get("file")]
    spans = [[datetime.fromisoformat(row[name]).timestamp() for name in ("start", "end")] for row in rows]
    files = [folder / "clips" / row["file"] for row in rows]
    kept = [piece for path in files for piece in pieces(path)]
    clips, coded = sum(row["bytes"] for row in rows), sum(size for _, size, _ in kept)
    least = inside(packets, spans)
    anew = sum(size for _, size, key in kept if key) - inside(packets, spans, keys=True)
    index = (folder / "clips/index.jsonl").stat().st_size
    parts = {
        "windows_in_all": least,
        "more_key_frames": anew,
        "seconds_beside": coded - least - anew,
        "container": clips - coded,
        "index": index,
        "model": model,
    }
    length = max(t for t, _, _ in packets) * len(packets) / (len(packets) - 1)
    return {
        "seconds": round(length),
        "all_bytes": total,
        "clips": len(rows),
        "windows_share_of_time": round(sum(end - start for start, end in spans) / length, 3),
        "shown_share_of_time": round(len(kept) / len(packets), 3),
        **visited(recording, spans),
        "share": round((clips + index + model) / total, 3),
        **{name: round(size / total, 3) for name, size in parts.items()},
        "thumbnails_beside": round(sum(path.with_suffix(".jpg").stat().st_size for path in files) / total, 3),
    }


def visited(recording, spans):
    """Number of the visits after the learning time, and of those of which something is kept."""
    visits = [visit for visit in recording.visits if visit[1] > recording.learned]
    if not visits:
        return {}
    seen = sum(any(a < end and begin < b for begin, end in spans) for a, b in visits)
    return {"visits": len(visits), "visits_kept": seen}


def frames_of(video, start, end):
    """Frames of a part of a video, as YUV 4:2:0."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        container.seek(int(start / stream.time_base), stream=stream)
        for frame in container.decode(stream):
            if frame.time >= end - 1e-3:
                return
            if frame.time >= start - 1e-3:
                yield frame.to_ndarray(format="yuv420p")


def made_of_visits(video, path):
    """Write a recording of a clip's own frames: its visits at times of chance, and the empty scene else; and when."""
    came = []
    rng, visits = np.random.default_rng(0), json.loads(VISITS.read_text())["events"]
    still = list(frames_of(video, 0, EMPTY))
    still += still[-2:0:-1]
    usual = np.mean([end - start for start, end in visits]) * (1 / VISITED - 1)
    with av.open(str(path), "w") as out:
        coder = out.add_stream("libx264", rate=FPS, options={"crf": "18", "preset": "veryfast"})
        coder.height, coder.width, coder.pix_fmt = still[0].shape[0] * 2 // 3, still[0].shape[1], "yuv420p"
        number, until = 0, 60 * FPS  # a minute to learn from
        while number < HALF_HOUR * FPS:
            for _ in range(number, until):
                out.mux(coder.encode(av.VideoFrame.from_ndarray(still[number % len(still)], format="yuv420p")))
                number += 1
            came.append([number / FPS])
            for picture in frames_of(video, *visits[rng.integers(len(visits))]):
                out.mux(coder.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
                number += 1
            came[-1].append(number / FPS)
            until = number + int(rng.exponential(usual) * FPS)
        out.mux(coder.encode(None))
    path.with_name("events.json").write_text(json.dumps({"events": came}))


@dataclass
class Recording:
    """A video, seconds to learn from, and first and last second of its visits, if they are known."""

    name: str
    video: Path
    learned: float
    visits: list

    @classmethod
    def of(cls, name, video, events=None):
        visits = json.loads(events.read_text())["events"] if events else []
        return cls(name, video, LEARNED.get(name, sized(60, 30)), visits)


def measured(recording, found, path):
    """Measure a recording in all ways in which it has not been."""
    with av.open(str(recording.video)) as container:
        copied = container.streams.video[0].codec_context.name == "h264"  # vtest's codec fits no MP4
    for way in ("encoded", "copied")[: 1 + copied]:
        left = [budget for budget in KEEP if recording.name not in found.get(budget, {}).get(way, {})]
        if not left:
            continue
        with tempfile.TemporaryDirectory() as folder:
            everything = whole(recording.video, Path(folder) / "all.mp4", encode=way == "encoded")
        for budget in left:
            with tempfile.TemporaryDirectory() as folder:
                row = shares(recording, Path(folder), everything, budget, encode=way == "encoded")
            found.setdefault(budget, {}).setdefault(way, {})[recording.name] = row
            print(budget, way, recording.name, json.dumps(row), flush=True)
            keep(path, {**where(), **found})


def recordings(clips, folder, *, smoke):
    """Give the recordings, made ones from a folder if they are there."""
    for name, video in clips.items():
        yield Recording.of(name, Path(video), VISITS if name == "one-by-one" else None)
    if "one-by-one" in clips:
        video = folder / "half-hour/clip.mp4"
        if not video.with_name("events.json").exists():
            video.parent.mkdir(parents=True, exist_ok=True)
            made_of_visits(clips["one-by-one"], video)
        yield Recording.of("half an hour of one-by-one", video, video.with_name("events.json"))
    if smoke or "vtest" in clips:
        video = folder / "hour/clip.mp4"
        if not video.with_name("events.json").exists():
            video.parent.mkdir(parents=True, exist_ok=True)
            write_benchmark(video.parent, made_up() if smoke else scene_of("vtest", clips["vtest"]), HOUR, seed=0)
        yield Recording.of("an hour made of vtest", video, video.with_name("events.json"))


def main():
    asked = parser(__doc__)
    asked.add_argument("--clip", action="append", default=[], metavar="NAME=FILE")
    asked.add_argument("--results", type=Path, default=ROOT / "docs/measured/camera-bytes.json")
    asked.add_argument("--recordings", type=Path, default=ROOT / "build/camera-recordings")
    options = asked.parse_args()
    clips = {} if options.smoke else dict(text.split("=", 1) for text in options.clip)
    found = json.loads(options.results.read_text()) if options.results.exists() and not options.smoke else {}
    found = {budget: found[budget] for budget in KEEP if budget in found}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) if options.smoke else options.recordings
        for recording in recordings(clips, folder, smoke=options.smoke):
            measured(recording, found, options.results)


if __name__ == "__main__":
    main()
