"""A network camera over RTSP that is cut at random: what is kept is what an uncut reader keeps, gaps apart.

In real time, two minutes: `make test-faults` runs it, with MHO_CUTS=10.
"""

import os
import random
import socket
import subprocess
import threading
import time
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from mho import Camera
from mho.camera.recorder import Recorder
from mho.camera.session import Session
from mho.camera.source import Source

from .conftest import FPS, scene
from .test_rtsp import NO_TCP, PYTHON, TCP_SERVER

CUTS = int(os.environ.get("MHO_CUTS", "0"))
SECONDS = 110
VISITS = [(begin, begin + 10) for begin in (15, 38, 60, 84)]
WINDOW, LATE = 2.0, 0.5
"""Seconds of a window, of which two readers' begin at different times, and by which a frame may come late."""

LIVE = """
from pathlib import Path
def begin(factory, media):
    film, frames = media.get_element().get_by_name("film"), iter(sorted(Path(sys.argv[1]).glob("*.jpg")))
    def push():
        film.emit("push-buffer", Gst.Buffer.new_wrapped(next(frames).read_bytes()))
        return True
    GLib.timeout_add(PERIOD, push)
factory.set_shared(True)
factory.connect("media-configure", begin)
server.attach(None)
"""
"""A lens: one film for all who come, which nobody can wind back as they can a file."""

SERVER = TCP_SERVER.replace("server.attach(None)", LIVE.replace("PERIOD", str(1000 // FPS))).replace(
    "filesrc location={sys.argv[1]} ! avidemux",
    "appsrc name=film is-live=true do-timestamp=true format=time caps=image/jpeg,framerate=10/1 ! jpegparse",
)


class Proxy:
    """A way to a port on which all connections but the first can be cut.

    Both readers take it: the server gives one film to all who come by the same port, and to others another.
    """

    def __init__(self, port):
        self._to, self._spared, self._open = port, [], []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            (self._open if self._spared else self._spared).extend([near, far])
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            end.close()

    def cut(self):
        for end in self._open:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._open.clear()

    def close(self):
        self._open += self._spared
        self.cut()
        self._listening.close()


class Reader(threading.Thread):
    """A camera at work on a stream, for so long; when each frame came, and what was kept of these."""

    def __init__(self, port, learned, folder, until):
        super().__init__()
        self.camera = Camera.load(learned, keep="score 4")  # a share is one of what was seen
        self.source = Source(f"rtsp://127.0.0.1:{port}/door", FPS, gap=6, ring=True)
        self.source.stop = lambda: time.monotonic() > until
        self.folder, self.came, self.clock = folder, [], []

    def run(self):
        with Recorder(self.folder, self.camera, self.source, began=0.0) as writer:
            session = Session(self.camera, self.source, writer)
            session.looked = lambda luma: self._note()
            session.run()
            self.rows = list(writer.index.rows())

    def _note(self):
        self.came.append(time.monotonic())
        self.clock.append(self.source.now)

    def kept(self, instants):
        """Whether each instant, of the computer's clock, is of a kept clip."""
        clock = np.interp(instants, self.came, self.clock)
        rows = [row for row in self.rows if row["kind"] == "kept"]
        ends = [[datetime.fromisoformat(row[name]).timestamp() for name in ("start", "end")] for row in rows]
        return np.any([(clock >= start) & (clock < end) for start, end in ends], axis=0)


def wait_until(true):
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within half a minute")


def near(mask, seconds, step):
    reach = round(seconds / step)
    return np.convolve(mask, np.ones(2 * reach + 1), "same") > 0


@pytest.mark.skipif(
    NO_TCP or not CUTS, reason="needs MHO_CUTS, gir1.2-gst-rtsp-server-1.0, plugins good and bad, python3-gi"
)
def test_what_is_kept_of_a_cut_stream_is_what_is_kept_of_an_uncut_one(learned, tmp_path):
    visits = [(FPS * begin, FPS * end) for begin, end in VISITS]
    frames = scene(FPS * (SECONDS + 15), seed=5, visits=visits)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).convert("RGB").save(tmp_path / f"{number:05}.jpg", quality=95)
    server = subprocess.Popen([PYTHON, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    port = int(server.stdout.readline())
    proxy, begin = Proxy(port), time.monotonic()
    rng = random.Random(7)
    cuts = sorted(rng.uniform(8, SECONDS - 8) for _ in range(CUTS))
    readers = [Reader(proxy.port, learned, tmp_path / name, begin + SECONDS) for name in ("uncut", "cut")]
    try:
        for reader in readers:
            reader.start()
            wait_until(lambda reader=reader: reader.came)
        for at in cuts:
            time.sleep(max(0.0, begin + at - time.monotonic()))
            proxy.cut()
        for reader in readers:
            reader.join()
    finally:
        proxy.close()
        server.kill()
        server.communicate()
    uncut, cut = readers
    assert max(np.diff(uncut.came)) < 2
    gaps = [(a, b) for a, b in zip(cut.came, cut.came[1:], strict=False) if b - a > 0.4]
    assert cut.source.counts.reopened >= CUTS / 2  # a cut while it waits is none
    step = 0.05
    instants = np.arange(uncut.came[0] + 3, uncut.came[-1] - 5, step)
    kept = [reader.kept(instants) for reader in readers]
    assert sum(np.diff(kept[0].astype(int)) > 0) == len(VISITS)
    print(f"{len(gaps)} gaps of {sum(b - a for a, b in gaps):.1f} s in all, {cut.source.counts.reopened} reopened")
    lost = np.any([(instants >= a) & (instants < b) for a, b in gaps], axis=0)
    edges = np.diff(kept[0].astype(int), prepend=0) != 0
    excused = near(lost | edges, WINDOW + LATE, step)
    print(f"compared {(~excused).mean():.0%} of the time, {(kept[0] & ~excused).sum() * step:.1f} s of it kept")
    assert (~excused).mean() > 0.2
    assert (kept[0] & ~excused).any()
    assert not ((kept[0] != kept[1]) & ~excused).any()
