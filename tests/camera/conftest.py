import numpy as np
import pytest

from mho import Camera

HEIGHT, WIDTH, FPS = 72, 96, 10


def scene(count, seed=0, visits=(), light=0.2):
    """A textured room under changing light; a visit (first, last) puts somebody into its middle."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    room = (
        90
        + 25 * np.sin(x / 7) * np.cos(y / 5)
        + 25 * np.sin(x / 25)
        + 12 * np.random.default_rng(1).random((HEIGHT, WIDTH))
    )
    frames = np.empty((count, HEIGHT, WIDTH), np.uint8)
    for t in range(count):
        frame = room.copy()
        for first, last in visits:
            if first <= t < last:
                frame[20:50, 40:54] = 40 + 3 * (x[20:50, 40:54] % 4)
        frame *= 1 + light * np.sin(t / 23) + 0.1 * np.sin(t / 61) * (x / WIDTH - 0.5)
        frames[t] = np.clip(frame + rng.normal(0, 2, frame.shape), 0, 255)
    return frames


@pytest.fixture(scope="session")
def empty():
    return scene(150)


@pytest.fixture(scope="session")
def visited():
    return scene(400, seed=5, visits=[(100, 160), (300, 340)])


@pytest.fixture(scope="session")
def learned(empty, tmp_path_factory):
    """Path of a camera that has learned."""
    path = tmp_path_factory.mktemp("camera") / "room.cam"
    camera = Camera(keep="score 4")  # a share is one of what was seen, which is little in a test
    camera.learn(empty)
    camera.save(path)
    return path


@pytest.fixture
def camera(learned):
    return Camera.load(learned)


def decisions(clips):
    return [(clip.number, clip.kept) for clip in sorted(clips, key=lambda clip: clip.number)]


def write_video(path, frames, *, codec="libx264", form="yuv420p", rate=FPS, container=None, options=None):
    """Write luma frames, their colour in the lower half turned red, as a video."""
    import av

    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], form
        for luma in frames:
            planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
            planes[:HEIGHT] = luma
            out.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        out.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def video(visited, tmp_path_factory):
    """Path of a clip of 40 s with two visits, key frames every second."""
    options = {"crf": "18", "g": "10", "bf": "0"}
    return write_video(tmp_path_factory.mktemp("video") / "room.mp4", visited, options=options)
