"""Clips, index, status and timeline of a run, and what a masked area leaves in them."""

import hashlib
import json
import os
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import av
import numpy as np
import pytest

from mho import Camera
from mho.camera import Clip
from mho.camera.clip_file import Piece, write_clip
from mho.camera.grid import Grid
from mho.camera.index import Index, read_index
from mho.camera.prices import Prices
from mho.camera.recorder import Recorder
from mho.camera.session import Session
from mho.camera.source import Source, hidden
from mho.data import DataError

from .conftest import HEIGHT, WIDTH, decisions, scene, write_video


def record(camera, video, out, **options):
    """Run a camera over a video into a folder; the lines of the index and the status."""
    source = Source(str(video), camera.fps, gap=6, ring=True)
    with Recorder(out, camera, source, began=1.7e9, **options) as recorder:
        session = Session(camera, source, recorder)
        session.run()
    return read_index(out / "index.jsonl"), session.status()


def decoded(path):
    with av.open(str(path)) as container:
        return [
            (float(frame.pts * frame.time_base), frame.to_ndarray(format="rgb24"))
            for frame in container.decode(video=0)
        ]


def test_kept_clips_are_whole_files_that_the_index_tells_of(camera, video, tmp_path):
    rows, status = record(camera, video, tmp_path / "clips")
    assert [row["n"] for row in rows] == list(range(len(rows)))
    kept = [row for row in rows if row["kind"] == "kept"]
    assert len(kept) == status["kept"] == 2
    assert sum(status["events"].values()) == sum(row["kind"] not in ("kept", "dropped") for row in rows)
    for row, seconds in zip(kept, (8, 6), strict=True):
        path = tmp_path / "clips" / row["file"]
        data = path.read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (row["bytes"], row["sha256"])
        frames = decoded(path)
        assert 10 * seconds <= len(frames) <= 10 * seconds + 10
        assert frames[-1][0] - frames[0][0] == pytest.approx((len(frames) - 1) / 10, abs=0.11)
        dark = [pixels[25:45, 42:52].mean() < 75 for _, pixels in frames]
        assert sum(dark) in (60, 40)  # the whole visit, rolls beside it
        assert path.with_suffix(".jpg").exists()
    assert sorted(os.listdir(tmp_path / "clips")) == sorted(
        {row["file"][:10] for row in kept} | {"index.jsonl", "state.json", "status.json", "timeline.html"}
    )


def test_decisions_are_those_of_the_same_frames_as_an_array(camera, video, tmp_path):
    frames = np.array([pixels for _, pixels in decoded(video)])[..., 1]
    rows, _ = record(camera, video, tmp_path / "clips")
    from_array = [number for number, kept in decisions(camera.run(frames)) if kept]
    covered = [
        number
        for row in rows
        if row["kind"] == "kept"
        for number in range(round(_second(row["start"]) / 2), round(_second(row["end"]) / 2))
    ]
    assert covered == from_array


def _second(text):
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp() - 1.7e9


def test_no_file_shows_a_masked_area(visited, tmp_path):
    rng = np.random.default_rng(0)
    seen = visited[:200].copy()
    seen[:, 8:32, 64:88] = np.where(rng.random((24, 24)) < 0.5, 16, 235)  # a pattern, planted
    video = write_video(tmp_path / "a.mp4", seen, options={"crf": "10", "g": "10"})
    camera = Camera(masks=[(64, 8, 24, 24)])
    camera.learn(seen[:100])
    camera.save(tmp_path / "a.cam")
    camera = Camera.load(tmp_path / "a.cam")
    rows, _ = record(camera, video, tmp_path / "clips")
    (row,) = [row for row in rows if row["kind"] == "kept"]
    for _, pixels in decoded(tmp_path / "clips" / row["file"]):
        assert pixels[9:31, 65:87].max() < 20
        assert pixels[40:60, 5:30].mean() > 60
    (_, picture), *_ = decoded((tmp_path / "clips" / row["file"]).with_suffix(".jpg"))
    assert picture[10:30, 66:86].max() < 20
    assert camera.background_.shape == (HEIGHT // 2, WIDTH // 2)
    assert not camera.background_[4:16, 32:44].any()


def test_numbers_only(camera, video, tmp_path):
    rows, status = record(camera, video, tmp_path / "clips", clips=False)
    assert status["kept"] == 2
    assert not any("file" in row for row in rows)
    assert not list((tmp_path / "clips").rglob("*.mp4")) + list((tmp_path / "clips").rglob("*.jpg"))


def test_a_run_that_follows_adds_to_the_folder(camera, video, learned, tmp_path):
    first, _ = record(camera, video, tmp_path / "clips")
    second, _ = record(Camera.load(learned), video, tmp_path / "clips")
    assert second[: len(first)] == first
    files = [row["file"] for row in second if "file" in row]
    assert len(set(files)) == 4
    assert all((tmp_path / "clips" / name).exists() for name in files)


def test_a_folder_is_mended_after_a_crash(camera, video, learned, tmp_path):
    out = tmp_path / "clips"
    record(camera, video, out)
    index = (out / "index.jsonl").read_bytes()
    lines = index.splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if b'"file"' in line)
    (out / "index.jsonl").write_bytes(b"".join(lines[:last]) + lines[last][:40])
    day = json.loads(lines[last])["file"][:10]
    (out / day / ".09-00-00.mp4.part").write_bytes(b"half")
    (out / day / "09-00-00.jpg").write_bytes(b"of a clip that is not there")
    rows, _ = record(Camera.load(learned), video, out)
    found = [row for row in rows if row.get("why") == "found after a crash"]
    assert [row["file"] for row in found] == [json.loads(lines[last])["file"]]
    assert not list(out.rglob("*.part")) + list(out.rglob("09-00-00*"))


def test_the_oldest_clips_make_room(camera, video, tmp_path):
    rows, _ = record(camera, video, tmp_path / "a")
    sizes = [row["bytes"] for row in rows if row["kind"] == "kept"]
    source = Source(str(video), 10, gap=6, ring=True)
    with Recorder(tmp_path / "b", camera, source, began=1.7e9, most_bytes=sizes[1] + 1) as recorder:
        Session(camera, source, recorder).run()
        recorder.retain()
    rows = read_index(tmp_path / "b" / "index.jsonl")
    kept, gone = ([row["file"] for row in rows if row["kind"] == kind] for kind in ("kept", "removed"))
    assert gone == kept[:1]
    assert [path.name for path in (tmp_path / "b").rglob("*.mp4")] == [kept[1][11:]]


def test_clips_that_are_too_old_go_and_those_of_an_earlier_run_too(camera, video, learned, tmp_path):
    record(camera, video, tmp_path)
    source = Source(str(video), 10, gap=6, ring=True)
    with Recorder(tmp_path, Camera.load(learned), source, began=1.7e9 + 86_400 - 20, days=1) as recorder:
        Session(recorder.camera, source, recorder).run()
        recorder.retain()  # 40 s have gone by: what is older than 20 s into the first run is too old
    rows = read_index(tmp_path / "index.jsonl")
    kept, gone = ([row["file"] for row in rows if row["kind"] == kind] for kind in ("kept", "removed"))
    assert (len(kept), gone) == (4, kept[:1])
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.mp4")) == sorted(kept[1:])


def runs(folder, decisions, *, clip=2.0):
    """First and last second of what a recorder without clips makes one line of, of windows that follow one another."""
    camera = SimpleNamespace(
        begin=lambda: None, past_windows=list, keep="", scene_=SimpleNamespace(grid=Grid((72, 96)))
    )
    source = SimpleNamespace(packets=[], forget=lambda before: None, now=0.0, ring=False)
    with Recorder(folder, cast(Any, camera), cast(Any, source), began=0.0, clips=False) as recorder:
        picture = np.zeros((4, 4), np.uint8)
        for number, kept in enumerate(decisions):
            window = (number, clip * number, clip * (number + 1))
            recorder.take([Clip(*window, 5.0, kept == "k", "", "", (), picture)])
    return [
        (row["kind"][0], _second(row["start"]) + 1.7e9, _second(row["end"]) + 1.7e9)
        for row in read_index(folder / "index.jsonl")
    ]


def test_clips_whose_rolls_meet_are_one(tmp_path):
    assert runs(tmp_path / "a", "dkdkd") == [("d", 0, 2), ("k", 2, 8), ("d", 8, 10)]
    assert runs(tmp_path / "b", "kddk") == [("k", 0, 2), ("d", 2, 6), ("k", 6, 8)]
    assert runs(tmp_path / "c", "kddk", clip=1.0) == [("k", 0, 4)]
    assert runs(tmp_path / "d", "kdk", clip=3.0) == [("k", 0, 3), ("d", 3, 6), ("k", 6, 9)]


def test_the_lines_of_an_index_cover_its_time_and_no_clip_is_too_long(tmp_path):
    decisions = np.random.default_rng(0).choice(list("ddkkkkkkkkkkkkkk"), 300)
    made = runs(tmp_path, decisions)
    assert [start for _, start, _ in made] == [0, *(end for *_, end in made[:-1])]
    assert made[-1][2] == 600
    assert max(end - start for _, start, end in made) == 60
    kept = [number for number, letter in enumerate(decisions) if letter == "k"]
    covered = {int(t / 2) for kind, start, end in made if kind == "k" for t in np.arange(start, end, 2)}
    assert covered >= set(kept)
    lonely = [n for n in covered - set(kept) if not {n - 1, n + 1} <= set(kept)]
    assert lonely == []


def test_copies_that_would_begin_in_one_another_are_one_file(visited, learned, tmp_path):
    video = write_video(tmp_path / "a.mp4", visited, options={"g": "400", "bf": "0", "sc_threshold": "0"})
    for encode, count in ((False, 1), (True, 2)):  # the only key frame is the first
        rows, _ = record(Camera.load(learned), video, tmp_path / f"{count}", encode=encode)
        kept = [row for row in rows if row["kind"] == "kept"]
        assert len(kept) == count
        assert [_second(kept[0]["start"]), _second(kept[-1]["end"])] == [10, 34]


def test_a_clip_begins_a_second_before_what_is_to_be_seen(learned, tmp_path):
    frames = scene(300, seed=3, visits=[(118, 150)], light=0.05)
    video = write_video(tmp_path / "a.mp4", frames, options={"g": "10", "bf": "0"})
    rows, _ = record(Camera.load(learned), video, tmp_path / "clips", encode=True)
    (row,) = [row for row in rows if row["kind"] == "kept"]
    assert (_second(row["start"]), _second(row["end"])) == (10, 16)
    assert len(decoded(tmp_path / "clips" / row["file"])) == 10 + 32 + 10


@pytest.mark.parametrize(("encode", "least"), [(False, 0.1), (True, 0.05)])  # a clip is 7 % of so small a recording
def test_a_share_of_bytes_is_one_of_a_recording_of_all(visited, learned, tmp_path, encode, least):
    video = write_video(tmp_path / "a.mp4", np.concatenate([visited] * 4), options={"crf": "18", "g": "10", "bf": "0"})
    everything = video
    if encode:
        source = Source(str(video), 10, ring=True)
        list(source.shots())
        everything = tmp_path / "b.mp4"
        write_clip(everything, list(source.packets), start=0.0, encode=True)
    record(Camera.load(learned, keep="20% of bytes"), video, tmp_path / "clips", encode=encode)
    written = sum(path.stat().st_size for path in (tmp_path / "clips").glob("*/*"))
    lines = [line for line in (tmp_path / "clips/index.jsonl").read_text().splitlines() if '"file"' in line]
    share = (written + sum(map(len, lines))) / everything.stat().st_size
    assert least < share < 0.205


def test_prices_are_those_of_the_clips_that_were_written():
    prices = Prices(encoded=True)
    assert prices.of(500, moving=True) == 500
    pieces = [Piece(n / 10, 2500 if n == 0 else 30 if 10 <= n < 30 else 2, n == 0) for n in range(40)]
    prices.learn(pieces, (1.0, 3.0), lambda a, b: round(1000 * (b - a)))
    assert prices.of(1000, moving=True) == pytest.approx(10 * (30 + 10), rel=0.01)
    assert prices.of(1000, moving=False) == pytest.approx(10 * (2 + 10), rel=0.1)
    for size in (4000, 5000):
        prices.learn_beginning(size)
    assert prices.beginning == 4500
    assert Prices(encoded=False).of(700, moving=True) == 700


def test_a_clip_that_goes_on_in_the_next_shows_no_frame_twice(visited, learned, tmp_path):
    frames = np.concatenate([visited[:100], *[visited[100:160]] * 12, visited[:100]])
    video = write_video(tmp_path / "a.mp4", frames, options={"g": "10", "bf": "0"})
    rows, _ = record(Camera.load(learned, keep="score 4"), video, tmp_path / "clips", encode=True)
    first, second = [row for row in rows if row["kind"] == "kept"]
    assert first["end"] == second["start"]
    counts = [len(decoded(tmp_path / "clips" / row["file"])) for row in (first, second)]
    seconds = _second(second["end"]) - _second(first["start"])
    assert sum(counts) == 10 * (seconds + 2)


def test_an_index_is_read_from_any_line_on(tmp_path):
    index = Index(tmp_path)
    for number in range(2500):
        index.append({"kind": "kept" if number % 5 else "dropped", "start": str(number)})
    for again in (index, Index(tmp_path)):
        assert (len(again), again.counts["kept"]) == (2500, 2000)
        for first in (-5, 0, 1, 999, 1000, 1001, 2499, 2500):
            assert [row["n"] for row in again.rows(first)] == list(range(max(0, first), 2500))


def test_a_damaged_index_is_told_and_a_half_line_is_cut(tmp_path):
    index = Index(tmp_path)
    for number in range(3):
        index.append({"kind": "dropped", "start": str(number)})
    index.close()
    data = (tmp_path / "index.jsonl").read_bytes()
    for end in range(len(data)):
        (tmp_path / "index.jsonl").write_bytes(data[:end])
        assert len(read_index(tmp_path / "index.jsonl")) == data[:end].count(b"\n")
    for at in range(len(data)):
        (tmp_path / "index.jsonl").write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        try:
            rows = read_index(tmp_path / "index.jsonl")
        except DataError:
            continue
        assert len(rows) == 2  # the last line is one that was interrupted


def test_the_page_holds_all_and_asks_nobody(camera, video, tmp_path):
    record(camera, video, tmp_path / "clips")
    page = (tmp_path / "clips" / "timeline.html").read_text()
    assert "http://" not in page
    assert "https://" not in page
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    kept = [row for row in data["rows"] if row["kind"] == "kept"]
    assert {str(row["n"]) for row in kept} == set(data["thumbs"])
    x, y, _, h = data["thumbs"][str(kept[0]["n"])]["boxes"][0]
    assert abs(x - 40 / 96) < 0.05
    assert abs(y + h - 50 / 72) < 0.06


def test_passwords_are_hidden():
    assert hidden("rtsp://user:secret@cam:554/1") == "rtsp://***@cam:554/1"
    assert hidden("cannot open rtsp://u:p@cam/1: refused") == "cannot open rtsp://***@cam/1: refused"
    assert hidden("rtsp://cam/1?a=b@c") == "rtsp://cam/1?a=b@c"


def write_numbered(path, count):
    """Write a video with bidirectional frames, each as bright as its number says."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"bf": "3", "g": "20", "crf": "12", "sc_threshold": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(count):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((72, 64), 20 + 3 * number, np.uint8), "yuv420p")))
        out.mux(stream.encode(None))


def test_a_packet_has_the_time_of_its_own_frame_where_the_decoder_holds_it_back(tmp_path):
    write_numbered(tmp_path / "film.mp4", 60)
    source = Source(str(tmp_path / "film.mp4"), 10, ring=True)
    shots = [shot.time for shot in source.shots()]
    packets = list(source.packets)
    assert any(packet.time > after.time for packet, after in pairwise(packets))  # decoded first, shown later
    assert sorted(packet.time for packet in packets) == pytest.approx(shots)
    assert [packet.time for packet in packets] == pytest.approx([p.packet.pts * p.packet.time_base for p in packets])
    assert len(write_clip(tmp_path / "clip.mp4", packets, start=2.0, end=4.0, encode=True)) == 20
    with av.open(str(tmp_path / "clip.mp4")) as container:
        frames = [(frame.time, frame.to_ndarray()[:48].mean()) for frame in container.decode(video=0)]
    assert [t for t, _ in frames] == pytest.approx(np.arange(20) / 10)
    assert [round((level - 20) / 3) for _, level in frames] == list(range(20, 40))


def test_a_clip_encoded_again_says_nothing_but_pictures(tmp_path):
    write_numbered(tmp_path / "film.mp4", 20)
    source = Source(str(tmp_path / "film.mp4"), 10, ring=True)
    list(source.shots())
    write_clip(tmp_path / "clip.mp4", list(source.packets), start=0.0, encode=True)
    data = (tmp_path / "clip.mp4").read_bytes()
    assert b"x264" in (tmp_path / "film.mp4").read_bytes()  # its settings, as long as a small key frame
    assert not any(word in data for word in (b"x264", b"Lavf", b"btrt"))
