"""Pictures to train on: those that come with scikit-image, scikit-learn and matplotlib. None is of the Kodak suite."""

import sys
import tempfile
from pathlib import Path

import matplotlib
import numpy as np
import skimage
import sklearn
from cyclopts import App
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import arguments, smoke

_FOLDERS = {
    "skimage": Path(skimage.__file__).parent / "data",
    "sklearn": Path(sklearn.__file__).parent / "datasets" / "images",
    "matplotlib": Path(matplotlib.__file__).parent / "mpl-data" / "sample_data",
}
_NAMES = {
    "skimage": ["astronaut.png", "coffee.png", "chelsea.png", "motorcycle_left.png", "rocket.jpg", "retina.jpg"],
    "sklearn": ["china.jpg", "flower.jpg"],
    "matplotlib": ["grace_hopper.jpg"],
}


def training_pictures() -> list[np.ndarray]:
    """Return 8-bit RGB pictures (m, n, 3); JPEGs are reduced to 2/3, which takes their 8 x 8 grid away."""
    pictures = []
    for folder, names in _NAMES.items():
        for name in names:
            picture = Image.open(_FOLDERS[folder] / name).convert("RGB")
            if name.endswith(".jpg"):
                size = (picture.width * 2 // 3, picture.height * 2 // 3)
                picture = picture.resize(size, Image.Resampling.LANCZOS)
            pictures.append(np.asarray(picture))
    return pictures


def run(app: App, *small: str) -> None:
    """Run a command line; with ``--smoke`` the `small` ones, in which {} is a folder with one picture of 192 x 192."""
    if not smoke():
        app(arguments())
        return
    with tempfile.TemporaryDirectory() as folder:
        astronaut = Image.open(_FOLDERS["skimage"] / "astronaut.png").crop((120, 20, 312, 212))
        astronaut.save(Path(folder) / "kodim05.png")
        for words in small:
            app(words.format(folder).split())
