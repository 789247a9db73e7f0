"""Picture codecs that are compared, each from 8-bit pixels to files of several qualities and what they decode to."""

import io
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from mho.image.codec import Picture, decode, encode

HERE = Path(__file__).parent
Files = list[tuple[int, bytes, np.ndarray]]
"""Quality, file, decoded pixels."""


def opened(data, original):
    return np.asarray(Image.open(io.BytesIO(data)).convert("L" if original.ndim == 2 else "RGB"))


def pillow(form, **options):
    def files(original, qualities) -> Files:
        found = []
        for quality in qualities:
            file = io.BytesIO()
            Image.fromarray(original).save(file, form, quality=quality, **options)
            found.append((quality, file.getvalue(), opened(file.getvalue(), original)))
        return found

    return files


def ours(original, qualities, effort=1) -> Files:
    files = [encode(Picture(original), quality=quality, effort=effort) for quality in qualities]
    return [(q, data, decode(data).pixels) for q, data in zip(qualities, files, strict=True)]


def jxl(original, qualities) -> Files:
    """libjxl's own encoder at its default effort, 7."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        raw, file, back = (f"{folder}/{name}" for name in ("in.png", "file.jxl", "out.png"))
        Image.fromarray(original).save(raw, compress_level=0)
        for quality in qualities:
            for command in (["cjxl", raw, file, "-q", str(quality)], ["djxl", file, back]):
                subprocess.run(command, capture_output=True, check=True)
            data = Path(file).read_bytes()
            found.append((quality, data, opened(Path(back).read_bytes(), original)))
    return found


def mozjpeg(original, qualities) -> Files:
    """By sharp, which encodes with it."""
    with tempfile.TemporaryDirectory() as folder:
        raw = f"{folder}/in.png"
        Image.fromarray(original).save(raw, compress_level=0)
        told = ["node", str(HERE / "mozjpeg.cjs"), raw, folder, *map(str, qualities)]
        subprocess.run(told, capture_output=True, check=True)
        files = [(q, (Path(folder) / f"{q}.jpg").read_bytes()) for q in qualities]
    return [(q, data, opened(data, original)) for q, data in files]


JPEG_QUALITIES = (8, 15, 25, 40, 55, 70, 82, 90)
CODECS = {
    "JPEG": (pillow("JPEG", optimize=True, subsampling="4:2:0"), JPEG_QUALITIES),
    "mozjpeg": (mozjpeg, JPEG_QUALITIES),
    "WebP": (pillow("WEBP", method=6), (1, 10, 25, 45, 65, 80, 90, 95)),
    "AVIF": (pillow("AVIF", speed=6, subsampling="4:2:0"), (12, 25, 38, 50, 62, 74, 84, 92)),
    "JPEG XL": (jxl, (10, 25, 40, 55, 68, 80, 88, 94)),
    "mho": (ours, (8, 20, 32, 44, 56, 68, 80, 90)),
}
