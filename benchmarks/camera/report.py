"""Write the table of docs/do/camera.md from what run.py and motion.py have measured.

Rows of methods that were not measured anew stay as they are on the page.
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, parser, smoke, write_measured

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
PAGE = ROOT / "docs/do/camera.md"


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


def kept_rows(methods):
    """Rows of the page's table of other methods."""
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    title = next(number for number, row in enumerate(rows) if row.startswith("| | " + TITLES["walking"]))
    last = next(number for number, row in enumerate(rows) if row.startswith("| ceiling"))
    return [row for row in rows[title + 1 : last] if row[2:].rpartition(" (")[0].partition(" |")[0] not in methods]


def table(found):
    cases = [case for case in (*TITLES, *sorted(found.keys() - TITLES.keys())) if case in found]
    measured = [method for case in cases for method in found[case]]
    methods = dict.fromkeys((*(method for method in OWN if method in measured), *measured))
    lines = ["| | " + " | ".join(TITLES.get(case, case) for case in cases) + " |", "|---" * (len(cases) + 1) + "|"]
    for method in methods:
        cells = [cell(found[case][method]) if method in found[case] else "-" for case in cases]
        seeds = sorted({len(found[case][method]) for case in cases if method in found[case]})
        lines.append(f"| {method} ({'-'.join(map(str, seeds))}) | " + " | ".join(cells) + " |")
    lines += kept_rows(methods)
    ceilings = [f"1 / {np.mean([one['ceiling'] for one in found[case]['mho']]):.2f}" for case in cases]
    lines.append("| ceiling | " + " | ".join(ceilings) + " |")
    return lines


def main():
    asked = parser(__doc__)
    asked.add_argument("--results", type=Path, default=ROOT / "build/bench-camera-results")
    options = asked.parse_args()
    one = {"auc": 0.9, "recall": 0.8, "ceiling": 1.0}
    write_measured(PAGE, table({"walking": {"mho": [one]}} if smoke() else read(options.results)))


if __name__ == "__main__":
    main()
