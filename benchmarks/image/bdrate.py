"""Rate of mho and of other codecs against JPEG: `python benchmarks/image/bdrate.py rates FOLDER --results rates.jsonl`.

Files are real ones, headers included. JPEG is Pillow's, `optimize=True`; it, mozjpeg, WebP and AVIF have halved
chroma. WebP is at its slowest, `method=6`, AVIF at speed 6, JPEG XL at effort 7. PSNR is of all samples of the 8-bit
pictures, RGB for colour; SSIM is scikit-image's; MS-SSIM is of luma. The rate is averaged over the range of quality
that both curves cover. `peers.sh` sets up what is compared with; peers that the results hold are not measured again.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import numpy as np
from chart import chart
from codecs_compared import CODECS, ours, pillow
from curves import Curve, bd_rate
from cyclopts import App, Parameter
from drawn import drawings
from kept import kept
from measures import NAMES, QUICK, blockiness, point, psnr
from pictures import run
from PIL import Image

from mho.image.codec import Picture, decode, encode_to_size

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import sized

app = App(help=__doc__, result_action="return_value")
Names = Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative="")]


def read(path: Path, grey: bool = False) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L" if grey else "RGB"))


def rows_of(results: Path | None) -> list[dict]:
    if results is None or not results.exists():
        return []
    return [json.loads(line) for line in results.read_text().splitlines()]


def measured(original, codec, measures) -> list[dict]:
    encoder, qualities = CODECS[codec]
    return [
        {"q": q, **point(original, pixels, len(data), measures)}
        for q, data, pixels in encoder(original, qualities[:: sized(1, 3)])
    ]


def curves_of(rows: list[dict]) -> dict[str, dict[str, Curve]]:
    """Curves by picture and codec."""
    found: dict[str, dict[str, list[dict]]] = {}
    for row in rows:
        found.setdefault(row["picture"], {}).setdefault(row["codec"], []).append(row)
    return {p: {codec: Curve(tuple(points)) for codec, points in codecs.items()} for p, codecs in found.items()}


def against(curves, codec, measure, reference="JPEG") -> list[float]:
    """BD-rates in percent, one for each picture that has both."""
    both = [found for found in curves.values() if {codec, reference} <= found.keys()]
    return [100 * bd_rate(found[codec], found[reference], measure) for found in both]


def summed(rows: list[dict]) -> list[dict]:
    """Mean, least and most BD-rate of each codec by each measure that all rows have."""
    curves, found = curves_of(rows), []
    measures = [name for name in NAMES if all(name in row for row in rows)]
    for codec in dict.fromkeys(row["codec"] for row in rows if row["codec"] != "JPEG"):
        saved = {measure: np.array(against(curves, codec, measure)) for measure in measures}
        of = {m: [round(float(f(r)), 2) for f in (np.nanmean, np.nanmin, np.nanmax)] for m, r in saved.items()}
        found.append({"codec": codec, "pictures": len(curves), **of})
    return found


def tell(found: list[dict]) -> None:
    measures = [name for name in NAMES if name in found[0]]
    print("| against JPEG, % | " + " | ".join(NAMES[name] for name in measures) + " |")
    print("|---" * (len(measures) + 1) + "|")
    for row in found:
        cells = ["{:+.1f} ({:+.1f} to {:+.1f})".format(*row[measure]) for measure in measures]
        print(f"| {row['codec']} | {' | '.join(cells)} |")


@app.command
def rates(
    folder: Path,
    *,
    results: Path | None = None,
    codecs: Names = tuple(CODECS),
    measures: Names = QUICK,
    grey: Annotated[bool, Parameter(negative="")] = False,
    limit: int | None = None,
    plot: Path | None = None,
):
    """Measure every PNG of a folder, and print the table.

    Parameters
    ----------
    folder
        Pictures.
    results
        JSON lines, one for each file; peers' that are there are kept, mho's are replaced.
    codecs
        Which of JPEG, mozjpeg, WebP, AVIF, JPEG XL and mho; JPEG is always measured.
    measures
        Which of psnr, ssim, msssim, ssimulacra2 and butteraugli.
    grey
        Measure luma alone.
    limit
        The first few pictures only.
    plot
        SVG of PSNR and SSIM against bits a pixel.
    """
    rows = [row for row in rows_of(results) if row["codec"] != "mho" and set(measures) <= row.keys()]
    for path in sorted(folder.glob("*.png"))[:limit]:
        for codec in dict.fromkeys(("JPEG", *codecs)):
            if any((row["picture"], row["codec"]) == (path.stem, codec) for row in rows):
                continue
            found = measured(read(path, grey), codec, measures)
            rows += [{"picture": path.stem, "codec": codec, **row} for row in found]
            if results is not None:
                results.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = summed(rows)
    tell(found)
    if not grey and limit is None:
        kept("rates", found)
    if plot is not None:
        chart(plot, _by_codec(rows))


def _by_codec(rows: Iterable[dict]) -> dict[str, list]:
    curves = curves_of(list(rows))
    names = dict.fromkeys(codec for found in curves.values() for codec in found)
    return {
        n: [[(p["bpp"], p["psnr"], p["ssim"]) for p in found[n].points] for found in curves.values()] for n in names
    }


@app.command
def drawn():
    """Print bytes of screenshots, text and line art without loss, and PSNR and bytes at quality 90."""
    lossless = {"PNG": pillow("PNG", optimize=True), "WebP": pillow("WEBP", lossless=True, method=6)}
    print("| picture | PNG | WebP lossless | mho 90 | dB | mho 100 | dB | WebP 90 | dB |\n" + "|---" * 9 + "|")
    rows = []
    for name, original in drawings(*sized((), ("black text on white",))).items():
        sizes = [str(len(encoder(original, [100])[0][1])) for encoder in lossless.values()]
        for encoder, qualities in ((ours, (90, 100)), (pillow("WEBP", method=6), (90,))):
            for _, data, pixels in encoder(original, qualities):
                sizes += [str(len(data)), f"{psnr(original, pixels):.1f}"]
        rows.append([name, *sizes])
        print(f"| {name} | {' | '.join(sizes)} |", flush=True)
    kept("drawn", rows)


@app.command
def face(picture: Path, *, top: int = 32, left: int = 240, side: int = 320):
    """Print the blockiness of a square of a picture at WebP's sizes, JPEG's and mho's files of as many bytes.

    The square begins where a block of 8 x 8 pixels does; by default it is the face of kodim15.
    """
    original = read(picture)
    top, left = top - top % 8, left - left % 8
    window, rows = np.s_[top : top + side, left : left + side], []
    for quality, data, theirs in pillow("WEBP", method=6)(original, sized((10, 25, 45, 65, 80), (45,))):
        mine = decode(encode_to_size(Picture(original), len(data))).pixels
        jpegs = [f for f in pillow("JPEG", optimize=True)(original, range(2, 96)) if len(f[1]) <= len(data)]
        found = {"mho": mine, "WebP": theirs} | ({"JPEG": jpegs[-1][2]} if jpegs else {})
        blocks = {name: round(blockiness(original[window], p[window]), 2) for name, p in found.items()}
        rows.append({"bytes": len(data), **blocks})
        print(f"WebP's quality {quality}, {len(data)} bytes: {blocks}", flush=True)
    kept("face", rows)


if __name__ == "__main__":
    run(app, "rates {} --codecs JPEG mho --measures psnr", "drawn", "face {}/kodim05.png --top 64 --left 64 --side 32")
