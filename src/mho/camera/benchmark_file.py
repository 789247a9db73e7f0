"""A semi-synthetic test stream as a video with a list of its events."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mho.camera.semi_synthetic import Case, EmptyScene, stream
from mho.camera.video import pyav
from mho.data.output import replacing

__all__ = ["FPS", "write_benchmark"]

FPS = 10
_LEARNING = 60.0


def write_benchmark(out: Path, scene: EmptyScene, case: Case, seed: int) -> tuple[list[tuple[float, float]], float]:
    """Write ``clip.mp4`` and ``events.json``.

    Parameters
    ----------
    out : Path
        A folder.
    scene : EmptyScene
        With people to paste.
    case : Case
        What happens.
    seed : int
        For times, people and light.

    Returns
    -------
    events : list of (float, float)
        First and last second of each.
    share : float
        Of the 2 s clips after the learning time that have somebody in them.

    Raises
    ------
    OSError
        The disk is full or gone.
    """
    av = pyav()
    frames, present = stream(scene, case, seed)
    height, width = (size // 2 * 2 for size in scene.empty.shape)
    with replacing(out / "clip.mp4") as temporary:
        with av.open(str(temporary), "w", format="mp4") as video:
            track = video.add_stream("libx264", rate=FPS, options={"crf": "18", "preset": "veryfast"})
            track.width, track.height, track.pix_fmt = width, height, "yuv420p"
            for luma in frames:
                video.mux(track.encode(_grey(luma[:height, :width], av)))
            video.mux(track.encode(None))
    events = _spans(present)
    with replacing(out / "events.json") as temporary:
        temporary.write_text(json.dumps({"events": events, "learn_seconds": _LEARNING, "seed": seed}) + "\n")
    clips = present[int(_LEARNING * FPS) :]
    whole = clips[: len(clips) // 20 * 20].reshape(-1, 20).sum(1) >= 5
    return events, max(float(whole.mean()), 1e-9)


def _grey(luma: np.ndarray, av: object) -> object:
    """Return a frame whose luma is just that."""
    height, width = luma.shape
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = luma
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")  # pyright: ignore[reportAttributeAccessIssue]


def _spans(present: np.ndarray) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.r_[0, present.astype(int), 0]))
    return [(int(a) / FPS, int(b) / FPS) for a, b in zip(edges[::2], edges[1::2], strict=True)]
