"""Write docs/measured/monitor.md from what run.py has measured."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import ROOT, write

RESULTS = ROOT / "docs/measured/monitor.json"
PAGE = ROOT / "docs/measured/monitor.md"
ORDER = ("skab", "healthy", "mfpt", "mixtures", "bearing", "lengths", "nab", "cost", "broker")
HEAD = """# The monitor beside other detectors

`make bench-monitor SKAB=... NAB=...` measures these tables and writes them here. Recordings are given by path, none is
shipped; MFPT's come with the source distribution of a package. Settings were chosen on SKAB's valve1, its healthy rows,
on MFPT before its limits came from left-out recordings, and on synthetic bearings of other seeds: valve1 and MFPT are
no held-out figures.
"""


def table(found):
    lines = [f"## {found['title']}", ""]
    if found["note"]:
        lines += [found["note"], ""]
    lines += ["| " + " | ".join(found["columns"]) + " |", "|---" * len(found["columns"]) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in found["rows"])])


def main():
    results = json.loads(RESULTS.read_text())
    parts = [HEAD]
    for name in (name for name in ORDER if name in results):
        section = results[name]
        parts += [table(found) for found in section["tables"]]
        parts.append(f"Measured {section['date']} at commit {section['commit']}, {section['machine']}.")
    write(PAGE, "\n\n".join(part.strip() for part in parts) + "\n")


if __name__ == "__main__":
    main()
