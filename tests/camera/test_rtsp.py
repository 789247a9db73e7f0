"""Network cameras: RTSP over TCP from GStreamer's server, over UDP from one of npm, where these are installed."""

import multiprocessing
import random
import shutil
import socket
import subprocess
import time

import av
import numpy as np
import pytest

from mho.camera import source as sources
from mho.camera.source import Source

from .conftest import write_video

FRAMES, RATE = 120, 40
PYTHON = "/usr/bin/python3"
"""Debian's, which has the bindings of GStreamer."""

JPEG = {"q": "2", "huffman": "default"}
"""RTP sends no Huffman tables, so they have to be the standard's; the encoder on one core would choose its own."""

TCP_SERVER = """
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f"( filesrc location={sys.argv[1]} ! avidemux ! rtpjpegpay name=pay0 pt=26 )")
factory.set_protocols(gi.repository.GstRtsp.RTSPLowerTrans.TCP)
server.get_mount_points().add_factory("/door", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""

UDP_SERVER = """
const {default: Server} = require("rtsp-streaming-server");
const [serverPort, clientPort, rtpPortStart] = process.argv.slice(-3).map(Number);
new Server({serverPort, clientPort, rtpPortStart, rtpPortCount: 100}).start().then(() => console.log("ready"));
"""


def missing(*command):
    return (
        subprocess.run(command, capture_output=True, check=False).returncode != 0 if shutil.which(command[0]) else True
    )


NO_TCP = missing(PYTHON, "-c", TCP_SERVER.partition("Gst.init")[0])
NO_UDP = missing("node", "-e", "require('rtsp-streaming-server')")


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(0)
    wall = np.kron(rng.integers(60, 180, (9, 12)), np.ones((8, 8)))
    return np.array([np.clip(wall + 40 * np.sin(number / 9), 0, 255) for number in range(FRAMES)]).astype(np.uint8)


@pytest.mark.skipif(
    NO_TCP, reason="needs gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-good and python3-gi of Debian"
)
def test_frames_over_tcp_are_those_of_the_file(frames, tmp_path):
    path = write_video(
        tmp_path / "a.avi", frames, codec="mjpeg", form="yuvj420p", container="avi", rate=RATE, options=JPEG
    )
    server = subprocess.Popen([PYTHON, "-c", TCP_SERVER, str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        port = int(server.stdout.readline())
        source = Source(f"rtsp://127.0.0.1:{port}/door", RATE, transport="tcp")
        source.stop = lambda: source.counts.frames >= FRAMES - 5 or source.counts.reopened > 0
        shots = list(source.shots())
    finally:
        server.kill()
        server.communicate()
    assert len(shots) >= FRAMES - 5
    assert source.counts.corrupt == 0
    sent = [shot.luma.astype(int) for shot in Source(str(path), RATE).shots()]
    apart = [
        max(np.abs(shot.luma - one).max() for shot, one in zip(shots[:100], sent[lag:], strict=False))
        for lag in range(5)
    ]
    assert min(apart) <= 2  # every frame, in order


def free_ports():
    """Two ports for RTSP and the first of some for RTP, on which nobody listens."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1], random.Random().randrange(10_000, 30_000, 200)


class Camera:
    """A network camera that serves its frames over UDP, and whose plug can be pulled."""

    def __init__(self, frames):
        self._frames, self._ports = frames, free_ports()
        self.url = f"rtsp://127.0.0.1:{self._ports[1]}/door"
        self.plug_in()

    def plug_in(self):
        command = ["node", "-e", UDP_SERVER, "--", *map(str, self._ports)]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert "ready" in self._server.stdout.readline()
        context = multiprocessing.get_context("fork")
        taken = context.Event()
        self._lens = context.Process(target=publish, args=(self._frames, self._ports[0], taken))
        self._lens.start()
        assert taken.wait(30)

    def unplug(self):
        self._lens.kill()
        self._lens.join()
        self._server.kill()
        self._server.communicate()


@pytest.mark.skipif(NO_UDP, reason="needs node and, in NODE_PATH, rtsp-streaming-server of npm")
def test_a_camera_over_udp_that_was_unplugged_is_opened_again(frames, monkeypatch):
    monkeypatch.setattr(sources, "_TIMEOUT", 2.0)
    camera, seen, cut = Camera(frames), [], [float("inf")]
    source = Source(camera.url, RATE, gap=6.0, transport="udp")
    source.stop = lambda: source.counts.reopened > 20 or (bool(seen) and seen[-1] > cut[0] + 7)
    try:
        for shot in source.shots():
            seen.append(shot.time)
            if len(seen) == 30:
                camera.unplug()
                cut[0] = shot.time
                camera.plug_in()
    finally:
        camera.unplug()
    assert seen[-1] > cut[0] + 7
    assert 1 <= source.counts.reopened <= 20
    assert any("stream cut" in text for _, text in source.events)
    assert min(np.diff(seen)) > 0
    assert sum(np.diff(seen) > 3) == 1  # the one gap


def publish(frames, port, taken):
    """Send frames in real time, for as long as it lives."""
    url = f"rtsp://127.0.0.1:{port}/door"
    with av.open(url, "w", format="rtsp", options={"rtsp_transport": "udp"}) as out:
        stream = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "tune": "zerolatency", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = 96, 72, "yuv420p"
        begin = time.monotonic()
        for number in range(100_000):
            planes = np.full((108, 96), 128, np.uint8)
            planes[:72] = frames[number % FRAMES]
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = number
            out.mux(stream.encode(frame))
            taken.set()
            time.sleep(max(0.0, begin + number / RATE - time.monotonic()))
