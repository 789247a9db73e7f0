"""`mho camera`: learn, run, eval and make-benchmark as a user calls them."""

import json
import os
import signal
import subprocess
import threading
import time

import pytest

from mho.camera.index import read_index


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A clip of a room with two visits, and a camera that has learned it."""
    import importlib.util
    from pathlib import Path

    place = Path(__file__).parents[1] / "camera" / "conftest.py"
    spec = importlib.util.spec_from_file_location("camera_scenes", place)
    scenes = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scenes)
    folder = tmp_path_factory.mktemp("made")
    frames = scenes.scene(400, seed=5, visits=[(100, 160), (300, 340)])
    scenes.write_video(folder / "room.mp4", frames, options={"crf": "18", "g": "10", "bf": "0"})
    (folder / "events.json").write_text(json.dumps({"events": [[10, 16], [30, 34]]}))
    scenes.write_video(folder / "room.mjpeg", frames[:200], codec="mjpeg", form="yuvj420p", container="mjpeg")
    return folder


@pytest.fixture(scope="module")
def door(made):
    from mho.cli import main

    out = made / "door.cam"
    assert main(["camera", "learn", str(made / "room.mp4"), "-o", str(out), "--seconds", "9"]) == 0
    return out


def test_learn_reports(mho, made, tmp_path):
    code, out, err = mho("camera", "learn", made / "room.mp4", "-o", tmp_path / "a.cam", "--seconds", 9, "--json")
    report = json.loads(out)
    assert code == 0, err
    assert (report["frames"], report["parts"], report["occupied"]) == (90, 10, 0)
    assert report["bytes"] == (tmp_path / "a.cam").stat().st_size < 42_000
    assert err.startswith("mho: learning from ")


def test_run_keeps_what_eval_finds(mho, made, door, tmp_path):
    run = ("camera", "run", door, made / "room.mp4", "--keep", "40%", "--out", tmp_path / "clips")
    code, out, err = mho(*run, "--json", "-q")
    assert (code, err) == (0, "")
    assert json.loads(out)["kept"] == 2
    rows = read_index(tmp_path / "clips" / "index.jsonl")
    assert sum(row["kind"] == "kept" for row in rows) == 2
    code, out, _ = mho("camera", "eval", door, made / "room.mp4", "--events", made / "events.json", "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["ranking"]["auc"], found["found_events"]) == (1, 2)
    code, out, _ = mho("camera", "eval", door, made / "room.mp4", "--events", made / "events.json")
    assert "2 of 2 have a clip" in out


def test_eval_shows_what_a_few_lines_would_find(mho, made, door):
    command = ("camera", "eval", door, made / "room.mp4", "--events", made / "events.json", "--after", 8, "--baselines")
    code, out, err = mho(*command, "--json")
    assert code == 0, err
    found = json.loads(out)["baselines"]
    assert set(found) == {"frame difference", "median background", "median background over its blur"}
    assert all(0 <= one["auc"] <= 1 and one["clips"] == 16 for one in found.values())
    assert found["median background over its blur"]["auc"] > 0.9
    assert "frame difference" in mho(*command)[1]


def test_a_preview_is_one_page_of_what_was_learned(mho, made, tmp_path):
    arguments = ("--mask", "0,0,20,10", "--seconds", 9, "--preview", tmp_path / "scene.html")
    code, _, err = mho("camera", "learn", made / "room.mp4", "-o", tmp_path / "a.cam", *arguments)
    assert code == 0, err
    page = (tmp_path / "scene.html").read_text()
    assert page.count("<figure>") == 10
    assert '<rect class="mask" x="0" y="0" width="20" height="10">' in page
    assert "http" not in page
    assert mho("camera", "learn", made / "room.mp4", "-o", tmp_path / "b.cam", "--preview", tmp_path / "a.txt")[0] == 2


def test_a_live_view_shows_the_frame_with_masks_burnt_in_to_this_machine_alone(made):
    import io
    import urllib.error
    import urllib.request

    import numpy as np
    from PIL import Image

    from mho.camera.grid import Grid
    from mho.camera.live import LiveView

    def ask(path, host=None):
        request = urllib.request.Request(f"http://127.0.0.1:{view.port}/{path}", headers={"Host": host} if host else {})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    frame = np.full((72, 96), 200, np.uint8)
    with LiveView(0, Grid((72, 96), 48, ((0, 0, 40, 30),))) as view:
        view.show(frame)  # nobody has asked yet
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask("frame.jpg")
        view.show(frame)
        view.tell({"source": "door", "kept": 3})
        picture = np.asarray(Image.open(io.BytesIO(ask("frame.jpg"))))
        assert picture[:24, :32].max() < 20
        assert picture[40:].min() > 180
        assert frame.min() == 200
        assert json.loads(ask("status.json"))["kept"] == 3
        assert b"frame.jpg" in ask("")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask("frame.jpg", "camera.example:80")


@pytest.mark.parametrize("live", ["8123x", "0", "99999", ":"])
def test_a_live_port_that_is_none_is_refused(mho, made, door, tmp_path, live):
    code, _, err = mho("camera", "run", door, made / "room.mp4", "--out", tmp_path / "clips", "--live", live)
    assert code == 2
    assert "--live" in err


@pytest.mark.parametrize("way", ["stdin", "fifo"])
def test_a_pipe_is_watched_like_a_file(executable, made, door, tmp_path, way):
    data = (made / "room.mjpeg").read_bytes()
    source, fed = "-", {"input": data}
    if way == "fifo":  # the code path of a device, of which there is none here
        source = tmp_path / "camera.mjpeg"
        os.mkfifo(source)
        threading.Thread(target=source.write_bytes, args=(data,), daemon=True).start()
        fed = {"stdin": subprocess.DEVNULL}
    command = [executable, "camera", "run", door, source, "--out", tmp_path / "clips", "--json"]
    done = subprocess.run(command, capture_output=True, timeout=100, check=False, **fed)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kept"] == 1
    (clip,) = (tmp_path / "clips").rglob("*.mp4")
    assert clip.stat().st_size > 1000


def test_a_run_that_is_told_to_end_decides_first(executable, made, door, tmp_path):
    os.mkfifo(tmp_path / "camera.mjpeg")
    command = [executable, "camera", "run", door, tmp_path / "camera.mjpeg", "--out", tmp_path / "clips"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    with (tmp_path / "camera.mjpeg").open("wb") as pipe:
        pipe.write((made / "room.mjpeg").read_bytes())
        pipe.flush()
        status = tmp_path / "clips" / "status.json"
        for _ in range(1000):
            if status.exists() and json.loads(status.read_text())["looked_at"]:
                break
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        try:
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 143
    assert "clips are kept in" in err
    assert read_index(tmp_path / "clips" / "index.jsonl")


def test_make_benchmark_makes_what_eval_takes(mho, made, tmp_path):
    arguments = ("camera", "make-benchmark", made / "room.mp4", "-o", tmp_path / "bench", "--seconds", 95)
    code, _, err = mho(*arguments)
    assert code == 0, err
    facts = json.loads((tmp_path / "bench" / "events.json").read_text())
    assert facts["events"]
    assert all(start >= 60 for start, _ in facts["events"])
    assert mho(*arguments)[0] == 2  # nothing is written over


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("learn", "-o", "a.cam"), 2, "SOURCE or --url-file"),
        (("learn", "none.mp4", "-o", "a.cam"), 1, "none.mp4: No such file"),
        (("learn", "events.json", "-o", "a.cam"), 1, "events.json: "),
        (("learn", "empty.mp4", "-o", "a.cam"), 1, "empty.mp4: is empty"),
        (("learn", "cut.mp4", "-o", "a.cam"), 1, "cut.mp4: "),
        (("learn", "room.mp4", "-o", "room.mp4"), 2, "room.mp4: is read"),
        (("learn", "room.mp4", "-o", "a.txt"), 2, ".cam"),
        (("learn", "room.mp4", "-o", "a.cam", "--mask", "1,2,3"), 2, "--mask"),
        (("learn", "room.mp4", "-o", "a.cam", "--mask", "0,0,96,72"), 2, "--mask must leave"),
        (("learn", "room.mp4", "-o", "a.cam", "--mask", "96,0,9,9"), 2, "--mask must lie in the picture of 96 x 72"),
        (("learn", "room.mp4", "-o", "a.cam", "--zone", "a=0,72,9,9"), 2, "--zone must lie in the picture of 96 x 72"),
        (("learn", "room.mp4", "-o", "a.cam", "--zone", "1,2,3,4"), 2, "--zone"),
        (("learn", "room.mp4", "-o", "a.cam", "--seconds", "1"), 2, "at least 20 frames"),
        (("run", "room.mp4", "room.mp4", "--out", "clips"), 1, "room.mp4: "),
        (("run", "door.cam", "room.mp4", "--out", "clips", "--keep", "20"), 2, "keep"),
        (("run", "door.cam", "--out", "clips"), 2, "SOURCE or --url-file"),
        (("run", "door.cam", "room.mp4", "--out", "clips", "--days", "-1"), 2, "--days must be finite and above 0"),
        (("run", "door.cam", "room.mp4", "--out", "clips", "--no-clips", "--encode"), 2, "give one of them"),
        (("run", "door.cam", "room.mp4", "--out", "events.json"), 2, "--out must be a folder, got the file"),
        (("eval", "door.cam", "room.mp4", "--events", "door.cam"), 1, "door.cam: "),
        (("make-benchmark", "room.mp4", "-o", "b", "--seconds", "9"), 2, "--seconds"),
    ],
)
def test_bad_input_is_one_line(mho, made, door, monkeypatch, arguments, code, said):
    monkeypatch.chdir(made)
    (made / "empty.mp4").write_bytes(b"")
    (made / "cut.mp4").write_bytes((made / "room.mp4").read_bytes()[:3000])
    found, out, err = mho("camera", *arguments)
    lines = [line for line in err.splitlines() if "learning from" not in line and "watching" not in line]
    assert (found, out, len(lines)) == (code, "", 1), err
    assert said in lines[0]
    assert not (made / "a.cam").exists()


def test_a_password_is_never_shown(mho, tmp_path):
    (tmp_path / "url").write_text("rtsp://user:secret@127.0.0.1:1/x\n")
    for source in (["rtsp://user:secret@127.0.0.1:1/x"], ["--url-file", tmp_path / "url"]):
        code, out, err = mho("camera", "learn", *source, "-o", tmp_path / "a.cam")
        assert code == 1
        assert "secret" not in out + err
        assert "rtsp://***@127.0.0.1:1/x" in err


def test_an_adaptation_that_is_none_is_refused(mho, made, door, tmp_path):
    command = ("camera", "run", door, made / "room.mp4", "--out", tmp_path / "clips", "-q")
    code, _, err = mho(*command, "--adapt", "sometimes")
    assert code == 2
    assert "--adapt must be" in err
    assert mho(*command, "--adapt", "never")[0] == 0
