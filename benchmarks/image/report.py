"""Tables of docs/do/images.md, written from docs/measured/images.json: `python benchmarks/image/report.py`.

What is measured by bdrate.py (rates, face, drawn), speed.py, cells.py, effort.py, learned.py and chip.py is kept there.
"""

import json

import numpy as np
from kept import PAGES, RESULTS, placed, table
from measures import NAMES

CELLS = {"shared columns": "96 columns, as it ships", "one column": "one column for each atom"}


def measured(held):
    """When and where, and whether by one thread."""
    threads = "" if held["threads"] == "all" else f", {held['threads']} thread"
    return f"{held['date']}, commit {held['commit']}, {held['cores']} cores with {held['isa']}{threads}."


def rates(held):
    names = [name for name in NAMES if name in held["rows"][0]]
    found = [[row["codec"], *("{:+.1f} ({:+.1f} to {:+.1f})".format(*row[n]) for n in names)] for row in held["rows"]]
    return table(["%", *(NAMES[name] for name in names)], sorted(found, key=lambda row: row[0] != "mho"))


def face(held):
    rows = [
        [f"{value:.2f}" if isinstance(value, float) else str(value) for value in row.values()] for row in held["rows"]
    ]
    return table(list(held["rows"][0]), rows)


def drawn(held):
    head = [
        "bytes",
        "PNG",
        "WebP lossless",
        "mho, quality 90",
        "dB",
        "mho, quality 100",
        "dB",
        "WebP, quality 90",
        "dB",
    ]
    return table(head, [["exact" if cell == "inf" else cell for cell in row] for row in held["rows"]])


def speed(held):
    cells = [[row["what"], *("{:.1f} to {:.1f}".format(*row[k]) for k in ("least", "median"))] for row in held["rows"]]
    return table(["ms of CPU", "least of nine", "median"], cells)


def cells(parts):
    rows = []
    for kind, held in parts.items():
        for row in held["rows"][1:]:
            way = CELLS.get(row["way"], "the same, encoder told the values read back")
            rows.append([way, kind, *(f"{value:.2f}" for value in list(row.values())[1:])])
    rows.sort(key=lambda row: [*CELLS.values()].index(row[0]) if row[0] in CELLS.values() else len(CELLS))
    return table(
        ["dictionary held in", "", "mean of files", "mean at 0.7 bits", "worst file", "worst file and chip"], rows
    )


def levels(parts):
    found = [[kind, *(f"{100 * held['rows'][0][m]:+.2f} %" for m in ("psnr", "ssim"))] for kind, held in parts.items()]
    return table(["16 levels instead of 1024", "PSNR", "SSIM"], found)


def effort(held):
    pictures = dict.fromkeys(row["picture"] for row in held["rows"])
    told = {
        (row["effort"], row["picture"]): f"{row['seconds']:.3f} s"
        + (", {:+.2f} / {:+.2f} %".format(*(100 * s for s in row["saved"])) if row["effort"] > 1 else "")
        for row in held["rows"]
    }
    passes = dict.fromkeys(row["effort"] for row in held["rows"])
    return table(["passes", *pictures], [[str(n), *(told[n, picture] for picture in pictures)] for n in passes])


def learned(held):
    photos = np.array([row["saved"] for row in held["rows"] if row["photo"]])
    least, most = 100 * photos.min(axis=0), 100 * photos.max(axis=0)
    span = f"{least[0]:+.1f} to {most[0]:+.1f} / {least[1]:+.1f} to {most[1]:+.1f} %"
    others = [row for row in held["rows"] if not row["photo"]]
    told = [[row["picture"], "{:+.1f} / {:+.1f} %".format(*(100 * s for s in row["saved"]))] for row in others]
    return table(["picture", "PSNR / SSIM"], [[f"{len(photos)} pictures of the Kodak suite", span], *told])


def chip(held):
    *pictures, cost = held["rows"]
    rows = [
        [row["picture"], f"{row['microseconds']:.0f} us", f"{row['off']:.1%}"]
        + [f"{lost:+.2f} dB, {more:+.1%}" for lost, more in zip(row["lost"], row["bytes"], strict=True)]
        for row in pictures
    ]
    head = [
        "picture",
        "twin time a patch",
        "codes off by",
        *(f"lost at quality {quality}" for quality in pictures[0]["qualities"]),
    ]
    megapixel = [
        [what, f"{cost[key]:.2e}", f"{cost[f'writing, {key}']:.2e}", f"{cost[f'share, {key}']:.2%}"]
        for what, key in (("time, s", "seconds"), ("energy, J", "joules"))
    ]
    shares = table(["a megapixel in colour, 40 nm", "patches", "writing, once", "writing's share of 100"], megapixel)
    return [*table(head, rows), "", *shares]


def main():
    """Write the tables of what is kept; the page's others stay as they are."""
    held = json.loads(RESULTS.read_text())
    makers = [make for make in (rates, face, drawn, speed, effort, learned, chip) if make.__name__ in held]
    tables = {make.__name__: [*make(held[make.__name__]), "", measured(held[make.__name__])] for make in makers}
    parts = {kind: held[f"cells, {kind}"] for kind in ("colour", "luma") if f"cells, {kind}" in held}
    if parts:
        tables["cells"] = [*levels(parts), "", *cells(parts), "", measured(next(iter(parts.values())))]
    placed(PAGES / "images.md", tables)


if __name__ == "__main__":
    main()
