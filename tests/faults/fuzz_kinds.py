"""Kinds of files that mho reads: sound files of each, and its reader."""

import functools
import gzip
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.io
import scipy.io.wavfile
import scipy.sparse as sp
from PIL import Image

from mho import Camera, Recommender
from mho.camera.evaluation import read_events
from mho.camera.index import read_index
from mho.camera.source import Source
from mho.chip import Device, preset
from mho.cost import read_inference, read_run
from mho.data import DataError, read_factors, read_interactions, read_matrix
from mho.data.factors import read_state
from mho.data.seal import check_seal
from mho.image.codec import read_picture
from mho.journal import Journal, Outbox
from mho.monitor import Monitor
from mho.monitor.reading import read_recording
from mho.monitor.service import Service
from mho.recommend.distributed import BlockTable
from mho.recommend.phone.titles import read_titles
from mho.sweep import Sweep, read_trials, trials, write_trials

GOLDEN = Path(__file__).parents[1] / "golden"
MOST = 2**24
"""Bytes and pixels that readers may take."""

PLAN = Sweep(design=preset("pku-2025"), values={"sigma": (0.01, 0.02)}, chips=2, rows=8, columns=3, rhs=4)


def _matrices(folder):
    rng = np.random.default_rng(0)
    dense, sparse = rng.random((8, 6)).round(3), sp.random_array((20, 15), density=0.3, rng=rng, format="csr")
    np.save(folder / "f8.npy", dense)
    np.save(folder / "f4.npy", np.asfortranarray(dense.astype(">f4")))
    np.save(folder / "i1.npy", (9 * dense).astype("i1"))
    np.savez(folder / "dense.npz", x=dense)
    for form in ("csr", "csc", "coo"):
        sp.save_npz(folder / f"{form}.npz", sparse.asformat(form), compressed=form == "csc")
    scipy.io.mmwrite(folder / "sparse.mtx", sparse)
    scipy.io.mmwrite(folder / "dense.mtx", dense)
    scipy.io.mmwrite(folder / "symmetric.mtx", sp.coo_array(dense[:6] + dense[:6].T), symmetry="symmetric")
    scipy.io.mmwrite(folder / "pattern.mtx", sparse, field="pattern")
    np.savetxt(folder / "dense.csv", dense, delimiter=",", header="a,b,c,d,e,f", comments="")
    for name in ("sparse.mtx", "dense.csv"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes(), mtime=0))
    pq.write_table(pa.table({f"c{j}": dense[:, j] for j in range(6)}), folder / "dense.parquet")


def _tables(folder):
    rows = [(f"u{n % 7}", f"i{n % 11}", n % 5 + 1) for n in range(60)]
    for name, mark in (("t.csv", ","), ("t.tsv", "\t"), ("t.dat", "::")):
        lines = [("user", "item", "rating"), *rows] if mark != "::" else rows
        (folder / name).write_text("".join(mark.join(map(str, row)) + "\n" for row in lines))
    (folder / "quoted.csv").write_text("user,item,rating\n" + "".join(f'"{u}, x","a""{i}",{r}\n' for u, i, r in rows))
    (folder / "t.jsonl").write_text("".join(f'{{"user": "{u}", "item": "{i}", "rating": {r}}}\n' for u, i, r in rows))
    (folder / "t.csv.gz").write_bytes(gzip.compress((folder / "t.csv").read_bytes(), mtime=0))
    users, items, ratings = zip(*rows, strict=True)
    table = pa.table({"user": users, "item": items, "rating": ratings})
    pq.write_table(table, folder / "t.parquet")
    pq.write_table(table, folder / "plain.parquet", use_dictionary=False, compression="zstd", row_group_size=20)


def _triplets(folder):
    _tables(folder)
    for name in ("t.tsv", "t.dat", "t.jsonl"):
        (folder / name).unlink()


def _titles(folder):
    lines = "".join(f'i{n},"Film, {n}",Drama|Comedy\n' for n in range(11))
    (folder / "titles.csv").write_text("item,title,genre\n" + lines)
    (folder / "titles.csv.gz").write_bytes(gzip.compress((folder / "titles.csv").read_bytes(), mtime=0))


def _pictures(folder):
    y, x = np.mgrid[0:20, 0:28]
    pixels = np.stack([y * 9, x * 7, y * x % 251], -1).astype("u1")
    for suffix in ("png", "jpg", "webp", "ppm", "tiff", "gif", "bmp"):
        Image.fromarray(pixels).save(folder / f"p.{suffix}")
    Image.fromarray(np.dstack([pixels, 255 - pixels[..., 0]])).save(folder / "alpha.png")
    _golden("*.mho")(folder)


def _sweeps(folder):
    write_trials(folder / "o.parquet", PLAN, list(trials(PLAN)))


def _reads(folder):
    """Write reads of cells as rows of float64: level, time, conductance."""
    rng = np.random.default_rng(0)
    level, time = np.repeat([1e-6, 2e-5, 4e-5], 40), np.tile(np.repeat([0.0, 1.0, 60.0, 3600.0], 10), 3)
    (folder / "reads.f8").write_bytes(np.stack([level, time, level * rng.normal(1, 0.03, 120)], 1).tobytes())


def _camera_events(folder):
    (folder / "events.json").write_text('{"events": [[61.5, 64.2], [80.0, 81.5]], "seed": 0}')


def _read_camera(path):
    camera = Camera.load(path)
    height, width = camera.scene_.grid.frame
    if height * width < 2**20:
        camera.push(np.full((height, width), 99, np.uint8), 0.0)
        camera.finish()


def _videos(folder):
    import av

    rng = np.random.default_rng(0)
    wall = np.kron(rng.integers(40, 200, (6, 8)), np.ones((8, 8))).astype(np.uint8)
    for name, codec, form in (
        ("v.mp4", "libx264", "yuv420p"),
        ("v.mjpeg", "mjpeg", "yuvj420p"),
        ("v.ts", "mpeg4", "yuv420p"),
    ):
        with av.open(str(folder / name), "w") as out:
            stream = out.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, form
            for _ in range(8):
                frame = av.VideoFrame.from_ndarray(wall, format="gray").reformat(format=form)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))


def _read_video(path):
    for _ in Source(str(path), 5.0, ring=True).shots():
        pass


def _golden(*patterns):
    def make(folder):
        for version in GOLDEN.iterdir():
            for path in (path for pattern in patterns for path in version.glob(pattern)):
                (folder / f"{version.name}-{path.name}").write_bytes(path.read_bytes())

    return make


def _fits(folder):
    for version in GOLDEN.iterdir():
        for path in (path for path in version.glob("fit/**/*") if path.is_file()):
            there = folder / version.name / path.relative_to(version)
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(path.read_bytes())


def _queues(folder):
    for name in ("journal", "outbox"):
        for path in (GOLDEN / "0.2.0" / name).iterdir():
            (folder / name).mkdir(exist_ok=True)
            (folder / name / path.name).write_bytes(path.read_bytes())


def _read_queue(path):
    """Read the whole folder that `path` is in."""
    if path.parent.name == "outbox":
        with Outbox(path.parent) as outbox:
            assert all(outbox.put(name, b"x") is False for name in outbox.waiting())
        return
    with Journal(path.parent) as journal:
        last = journal.append(b"next")
        assert [record.data for record in journal.replay(last - 1)] == [b"next"]


PUMP = 300
"""Rows that the pump of `_monitor` has learned from; its service has seen a fifth as many."""


@functools.cache
def _monitor():
    monitor = Monitor(false_alarms=0.05)
    monitor.learn(np.random.default_rng(0).normal(20, 1, PUMP), rate=1.0)
    return monitor


def _states(folder):
    """Write the folder of a service that was killed: two snapshots, and messages after them in the journal."""
    service, (channel,) = Service(_monitor(), folder / "pump"), _monitor().streams[0].channels
    for second, value in enumerate(np.random.default_rng(1).normal(20, 1, PUMP // 5).tolist()):
        service.receive(f"pump/{channel.name}", b'{"t": %d, "v": %f}' % (second, value + (second > 40) * 9), 0.0)
        if second % 20 == 19:
            service.work()
            service.snapshot()
    service.receive(f"pump/{channel.name}", b'{"t": 60, "v": 29}', 0.0)
    service.journal.sync()
    sound = {path: path.read_bytes() for path in (folder / "pump").rglob("*") if path.is_file()}
    service.close()
    shutil.rmtree(folder / "pump")
    for path, data in sound.items():
        if path.suffix in (".json", ".segment"):  # locks are no content, and the log of alarms has no checksum
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def _read_state(path):
    """Go on from the folder that `path` is in: as from the sound one, or with a note that tells why not.

    A snapshot with a seal that fits what it says is one, whoever wrote it: it need be no more than readable.
    """
    folder, forged = next(parent for parent in path.parents if parent.name == "pump"), _has_seal(path)
    found, notes = _gone_on(folder)
    assert forged or notes or found == _sound_end(folder.parents[1] / "sound" / "pump")


@functools.cache
def _sound_end(folder):
    """Return where a sound folder of a service leads to."""
    with tempfile.TemporaryDirectory() as copy:
        return _gone_on(shutil.copytree(folder, Path(copy, "pump")))[0]


def _has_seal(path):
    with suppress(DataError):
        return path.suffix == ".json" and check_seal(path)
    return False


def _gone_on(folder):
    _monitor().reset()
    with Service(_monitor(), folder) as service:
        service.work()
        return (service.summary(), sorted(service.outbox.waiting())), list(service.notes)


def _recordings(folder):
    rows = [(f"2026-01-01 00:00:{n:02d}", 20 + n % 3, 0.5 * n) for n in range(40)]
    for name, mark in (("r.csv", ","), ("r.tsv", "\t"), ("semicolons.csv", ";")):
        lines = [("time", "flow", "pressure"), *rows]
        (folder / name).write_text("".join(mark.join(map(str, row)) + "\n" for row in lines))
    (folder / "r.jsonl").write_text(
        "".join(f'{{"t": {n}, "flow": {f}, "pressure": {p}}}\n' for n, (_, f, p) in enumerate(rows))
    )
    (folder / "r.csv.gz").write_bytes(gzip.compress((folder / "r.csv").read_bytes(), mtime=0))
    samples = (1000 * np.sin(np.arange(400))).astype("i2")
    scipy.io.wavfile.write(folder / "r.wav", 8000, samples)
    np.save(folder / "r.npy", samples)
    pq.write_table(pa.table({"t": np.arange(40.0), "flow": np.arange(40) % 3}), folder / "r.parquet")


def _read_recording(path):
    read_recording(path, rate=None if path.suffix in (".csv", ".tsv", ".gz", ".wav", ".parquet") else 8000.0)


def _read_monitor(path):
    monitor = Monitor.load(path)
    for model in monitor.streams:
        for channel in model.channels[:8]:
            monitor.update(channel.name, [0.0], [1.0])
    monitor.flush()


def _read_factors(path):
    read_factors(path, max_bytes=MOST)
    read_state(path)


def _read_recommender(path):
    model = Recommender.load(path)
    model.recommend(model.user_ids_[:3], 2)


def _read_fit(path):
    """Read the whole folder that `path` is in."""
    fit = next(parent for parent in path.parents if parent.name == "fit")
    table = BlockTable.open(fit / "table")
    for block in (*table.users, *table.items):
        block.read()
    _read_recommender(fit)


def _fit_device(path):
    data = path.read_bytes()
    reads = np.frombuffer(data[: len(data) // 24 * 24]).reshape(-1, 3)
    Device.fit({"level": reads[:, 0], "time": reads[:, 1], "conductance": reads[:, 2]})


KINDS = {
    "matrix": (_matrices, lambda path: read_matrix(path, max_bytes=MOST)),
    "triplets": (_triplets, lambda path: read_matrix(path, layout="triplets", max_bytes=MOST)),
    "table": (_tables, lambda path: read_interactions(path, max_bytes=MOST)),
    "titles": (_titles, lambda path: read_titles(path, [f"i{n}" for n in range(11)])),
    "picture": (_pictures, lambda path: read_picture(path.read_bytes(), str(path), max_pixels=2**20)),
    "factors": (_golden("*.safetensors"), _read_factors),
    "recommender": (_golden("ratings.npz", "implicit.npz"), _read_recommender),
    "run": (_golden("chip-run.json"), read_run),
    "answers": (_golden("answers.json"), read_inference),
    "sweep": (_sweeps, lambda path: read_trials(path, PLAN)),
    "fit": (_fits, _read_fit),
    "device": (_reads, _fit_device),
    "queue": (_queues, _read_queue),
    "monitor": (_golden("*.mon"), _read_monitor),
    "monitor-state": (_states, _read_state),
    "recording": (_recordings, _read_recording),
    "camera": (_golden("*.cam"), _read_camera),
    "camera-index": (_golden("camera-index.jsonl"), read_index),
    "camera-events": (_camera_events, read_events),
    "video": (_videos, _read_video),
}
"""For each kind what writes sound files to a folder, and what reads one."""

UNNAMED = {"device"}
"""Kinds that come as arrays: their errors cannot name a file."""
