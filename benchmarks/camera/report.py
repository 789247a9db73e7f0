"""Write the tables of docs/do/camera.md from what run.py has measured."""

import argparse
import json
import re
from pathlib import Path

import numpy as np

OWN = ("mho", "mho, 4-bit 2 % chip")
TITLES = {
    "walking": "walking",
    "standing": "standing",
    "busy": "people while learning",
    "shadow": "standing, wandering shadow",
    "one standing": "one-by-one, standing",
    "one busy": "one-by-one, people while learning",
    "switch": "light switched with the visit",
}
PAGE = Path("docs/do/camera.md")
BEGIN, END = "<!-- begin measured -->", "<!-- end measured -->"


def read(folder):
    """Results by case and method: lists of one for each seed."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        case = path.stem.rpartition("-")[0]
        for method, figures in json.loads(path.read_text()).items():
            found.setdefault(case, {}).setdefault(method, []).append(figures)
    return found


def cell(figures):
    auc, recall = (np.mean([one[name] for one in figures]) for name in ("auc", "recall"))
    return f"{auc:.3f} / {recall:.2f}"


def table(found):
    cases = [case for case in (*TITLES, *sorted(found.keys() - TITLES.keys())) if case in found]
    methods = dict.fromkeys((*OWN, *(method for case in cases for method in found[case])))
    lines = ["| | " + " | ".join(TITLES.get(case, case) for case in cases) + " |", "|---" * (len(cases) + 1) + "|"]
    for method in methods:
        cells = [cell(found[case][method]) if method in found[case] else "-" for case in cases]
        seeds = sorted({len(found[case][method]) for case in cases if method in found[case]})
        lines.append(f"| {method} ({'-'.join(map(str, seeds))}) | " + " | ".join(cells) + " |")
    ceilings = [f"1 / {np.mean([one['ceiling'] for one in found[case]['mho']]):.2f}" for case in cases]
    lines.append("| ceiling | " + " | ".join(ceilings) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("build/bench-camera-results"))
    options = parser.parse_args()
    text = PAGE.read_text()
    new = f"{BEGIN}\n{table(read(options.results))}\n{END}"
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: new, text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
