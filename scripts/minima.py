"""Print pip constraints that hold every dependency at the lowest version that pyproject.toml declares."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
extras = (names for extra, names in project["optional-dependencies"].items() if extra != "dev")
for requirement in sorted({*project["dependencies"], *(name for names in extras for name in names)}):
    if lowest := re.fullmatch(r"([\w-]+)>=([\w.]+)", requirement):
        print(f"{lowest[1]}=={lowest[2]}")
