"""Streams that are cut, damaged or change, writers that are killed, disks that are full, brokers that are away."""

import errno
import http.server
import json
import multiprocessing
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import av
import numpy as np
import pytest

from mho import Camera
from mho.camera import clip_file, recorder
from mho.camera.index import read_index
from mho.camera.recorder import Recorder
from mho.camera.session import Session
from mho.camera.source import Packet, Source, _Clock
from mho.data import DataError
from mho.journal.delivery import BrokerUrl

from .conftest import FPS, write_video
from .test_recording import decoded, record

KILLS = int(os.environ.get("MHO_KILLS", "4"))


@pytest.fixture(scope="module")
def parts(visited, tmp_path_factory):
    """The clip of two visits in three parts, each a stream of its own, as a camera gives that was cut twice."""
    folder = tmp_path_factory.mktemp("parts")
    options = {"crf": "18", "g": "10", "bf": "0"}
    cuts = [visited[:180], visited[180:260], visited[260:]]
    return [write_video(folder / f"{n}.ts", cut, container="mpegts", options=options) for n, cut in enumerate(cuts)]


@pytest.fixture
def network_camera(parts):
    """URL of a camera whose every connection gives the next part and breaks; and what connections there were."""
    waiting, served = list(parts), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if not waiting:
                self.send_error(503)
                return
            served.append(waiting.pop(0))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(served[-1].read_bytes())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://user:secret@127.0.0.1:{server.server_port}/stream", waiting, served
        server.shutdown()


def test_a_stream_that_is_cut_is_opened_again_and_only_gaps_differ(camera, learned, network_camera, video, tmp_path):
    url, waiting, served = network_camera
    source = Source(url, FPS, gap=6, ring=True, stop=lambda: not waiting and len(served) == 3 and done())
    looked = []

    def done():
        return source.counts.reopened >= 3

    with Recorder(tmp_path / "cut", camera, source, began=1.7e9) as writer:
        session = Session(camera, source, writer)
        session._look = lambda shot, look=session._look: (looked.append(shot.time), look(shot))
        session.run()
    rows = read_index(tmp_path / "cut" / "index.jsonl")
    kept = [row for row in rows if row["kind"] == "kept"]
    assert len(looked) == 400
    assert min(np.diff(looked)) > 0
    assert sum(step > 1 for step in np.diff(looked)) == 2  # the two gaps
    assert sum(row["kind"] == "gap" for row in rows) >= 2
    uncut, _ = record(Camera.load(learned), video, tmp_path / "uncut")
    frames = [
        sum(pixels[25:45, 42:52].mean() < 75 for _, pixels in decoded(tmp_path / "cut" / r["file"])) for r in kept
    ]
    assert frames == [60, 40]
    assert sum(row["kind"] == "kept" for row in uncut) == 2
    assert (
        "secret" not in (tmp_path / "cut" / "index.jsonl").read_text() + (tmp_path / "cut" / "status.json").read_text()
    )


def test_the_clock_goes_on_whatever_the_stamps_do():
    clock = _Clock(0.1, 6.0)
    stamps = [5.0, 5.1, None, 5.3, 5.3, 5.4, 1000.0, 1000.1, 2.0, 2.1]
    times = [clock.time(stamp) for stamp in stamps]
    assert times == pytest.approx([0, 0.1, 0.2, 0.3, 6.3, 6.4, 12.4, 12.5, 18.5, 18.6])
    assert clock.resets == 3


def test_damage_in_the_middle_is_counted_and_the_rest_is_watched(camera, visited, tmp_path):
    path = write_video(tmp_path / "a.ts", visited, container="mpegts", options={"crf": "18", "g": "10", "bf": "0"})
    data = bytearray(path.read_bytes())
    for at in range(len(data) // 2, len(data) // 2 + 4000):
        data[at] ^= 0x5A
    path.write_bytes(data)
    rows, status = record(camera, path, tmp_path / "clips")
    assert status["looked_at"] > 300
    assert sum(row["kind"] == "kept" for row in rows) >= 1


def test_a_file_that_is_cut_off_is_watched_as_far_as_it_goes(camera, visited, tmp_path):
    path = write_video(tmp_path / "a.ts", visited[:200], container="mpegts", options={"g": "10", "bf": "0"})
    path.write_bytes(path.read_bytes()[:-3000])
    rows, status = record(camera, path, tmp_path / "clips")
    assert 150 < status["looked_at"] <= 200
    assert sum(row["kind"] == "kept" for row in rows) == 1


def test_another_size_is_told_and_not_scored(camera, tmp_path):
    frames = np.zeros((30, 72, 96), np.uint8)
    path = write_video(tmp_path / "a.mp4", frames)
    with av.open(str(tmp_path / "b.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(30):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((72, 64), 128, np.uint8), format="yuv420p")))
        out.mux(stream.encode(None))
    rows, _ = record(camera, tmp_path / "b.mp4", tmp_path / "clips")
    assert [row["kind"] for row in rows] == ["other"]
    assert "64 x 48" in rows[0]["text"]
    assert path.exists()


@pytest.mark.parametrize("form", ["yuv420p", "yuv420p10le", "nv12", "gray", "yuvj420p", "rgb24", "yuv422p"])
def test_luma_of_every_pixel_format(form):
    from mho.camera.video import luma_of

    luma = np.random.default_rng(0).integers(16, 236, (72, 96), np.uint8)
    planes = np.full((108, 96), 128, np.uint8)
    planes[:72] = luma
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p").reformat(format=form)
    tolerance = 1 if form not in ("gray", "yuvj420p") else 24  # FFmpeg stretches these two on the way
    assert np.abs(luma_of(frame).astype(int) - luma).max() <= tolerance


def _recording(learned, video, out):
    record(Camera.load(learned), video, out)


def test_however_a_run_is_killed_index_and_folder_agree(learned, video, tmp_path):
    rng, out = random.Random(0), tmp_path / "clips"
    start = multiprocessing.get_context("fork")
    for _ in range(KILLS):
        child = start.Process(target=_recording, args=(learned, video, out))
        child.start()
        time.sleep(rng.uniform(0.2, 2.5))
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    rows, _ = record(Camera.load(learned), video, out)
    files = {row["file"]: row["bytes"] for row in rows if row["kind"] == "kept"}
    there = {path.relative_to(out).as_posix(): path.stat().st_size for path in out.rglob("*.mp4")}
    assert files == there
    assert [row["n"] for row in rows] == list(range(len(rows)))
    assert not list(out.rglob("*.part"))
    for name in files:
        assert decoded(out / name)


def test_a_full_disk_takes_the_oldest_clip_and_then_no_more(camera, video, tmp_path, monkeypatch):
    written = []

    def write(path, packets, masks, **options):
        if len(written) >= 1:
            written.append(path)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        written.append(path)
        return clip_file.write_clip(path, packets, masks, **options)

    monkeypatch.setattr(recorder, "write_clip", write)
    rows, status = record(camera, video, tmp_path / "clips")
    kinds = [row["kind"] for row in rows]
    assert kinds.count("kept") == 2
    assert kinds.count("removed") == 1
    assert [row["lost"] for row in rows if "lost" in row] == ["the disk is full"]
    assert status["disk_full"]
    assert not list((tmp_path / "clips").rglob("*.mp4"))


def test_a_folder_in_use_is_refused(camera, video, tmp_path):
    source = Source(str(video), FPS, ring=True)

    def second():
        with Recorder(tmp_path / "clips", camera, source, began=0.0):
            pass

    with (
        Recorder(tmp_path / "clips", camera, source, began=0.0),
        ThreadPoolExecutor(1) as other,
        pytest.raises(ValueError, match="in use"),
    ):
        other.submit(second).result()


def test_the_ring_forgets_what_no_clip_needs(video):
    source = Source(str(video), FPS, ring=True)
    for _ in source.shots():
        pass
    assert len(source.packets) == 400
    source.forget(25.5)
    assert (source.packets[0].time, source.packets[0].packet.is_keyframe) == (25.0, True)
    assert source._bytes == sum(kept.packet.size for kept in source.packets)
    assert isinstance(source.packets[0], Packet)


@pytest.mark.skipif(shutil.which("mosquitto") is None, reason="needs mosquitto")
def test_what_no_broker_takes_waits_and_arrives_once(tmp_path):
    mqtt = pytest.importorskip("paho.mqtt.client")
    from mho.camera.publisher import Publisher

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    broker = BrokerUrl.parse(f"mqtt://127.0.0.1:{port}/cam/door", "--mqtt")
    with Publisher(broker, tmp_path / "outbox") as publisher:  # nobody is there
        publisher.tell({"n": 0, "kind": "kept", "start": "a", "score": 7.0})
        publisher.work()
        assert publisher.waiting() == 1
    server = subprocess.Popen(["mosquitto", "-p", str(port)], stderr=subprocess.DEVNULL)
    try:
        got, client = [], mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.on_message = lambda client, userdata, message: got.append((message.topic, json.loads(message.payload)))
        client.on_connect = lambda client, *rest: client.subscribe("cam/door/#", qos=1)
        _until(lambda: _connects(client, port))
        client.loop_start()
        with Publisher(broker, tmp_path / "outbox") as publisher:
            publisher.tell({"n": 0, "kind": "kept", "start": "a", "score": 7.0})  # after a restart, again
            publisher.tell({"n": 1, "kind": "light", "start": "b", "text": "light"})
            _until(lambda: (publisher.work(), publisher.waiting())[1] == 0)
        _until(lambda: len([topic for topic, _ in got if topic == "cam/door"]) >= 2)
        client.loop_stop()
        assert [row["n"] for topic, row in got if topic == "cam/door"] == [0, 1]
    finally:
        server.kill()
        server.wait()


def _connects(client, port):
    try:
        return client.connect("127.0.0.1", port) == 0
    except OSError:
        return False


def _until(true):
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within half a minute")


@pytest.mark.parametrize(
    "url", ["http://a/b", "mqtt://host", "mqtt://host/a/#", "mqtt://host:x/a", "mqtt://u:secret@h/t"]
)
def test_a_broker_that_is_none_is_refused_without_its_password(url):
    with pytest.raises(ValueError, match="--mqtt") as raised:
        BrokerUrl.parse(url, "--mqtt")
    assert "secret" not in str(raised.value)


def test_what_is_no_video_is_one_error(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video at all" * 99)
    with pytest.raises(DataError, match=r"a\.mp4"):
        list(Source(str(tmp_path / "a.mp4")).shots())
