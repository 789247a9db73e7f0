"""Time to the same error: mho and its peers, in interleaved rounds. See ``python run.py --help``."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cases import CASES, Case
from session import Failed, Session

sys.path.insert(0, str(Path(__file__).parents[1]))
import provenance
from measure import machine, parser, smoke

HERE = Path(__file__).parent
RESULTS = HERE / "results.jsonl"
OURS = {"dense": ("mho", "mho-same-start"), "sparse": ("mho", "mho-same-start"), "masked": ("mho-ratings",)}
ROUNDS, SLACK = 5, 1.0005
"""Threads that race end a little above a target once in a while; by more than this share it does not count."""


def main() -> None:
    arguments = _arguments()
    if arguments.smoke:
        with tempfile.TemporaryDirectory() as cache:
            os.environ["MHO_BENCH_CACHE"] = cache  # of this process's children
            _measured(["smoke"], arguments)
    else:
        _measured(arguments.case or [name for name in CASES if name != "smoke"], arguments)


def _measured(names: list[str], arguments: argparse.Namespace) -> None:
    for name in names:
        case = CASES[name]
        print(f"{name}: {case.title}, k = {case.k}, target {case.target:g}", flush=True)
        made = subprocess.run([arguments.peers_python, HERE / "data.py", name], check=False)
        if made.returncode:
            print("  its data could not be made")
            continue
        peers = [peer for peer in case.peers if arguments.peers is None or peer in arguments.peers]
        ours = OURS.get(case.kind, ("mho-nnls",))
        records = measure(name, [*(ours[:1] if arguments.smoke else ours), *peers], arguments)
        if arguments.peers is None and not arguments.smoke:  # times of two runs are not to be compared
            _save(name, records)


def measure(name: str, libraries: list[str], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a record for each library."""
    case, records, ready = CASES[name], [], {}
    for library in libraries:
        python = sys.executable if library.startswith("mho") else arguments.peers_python
        record: dict[str, Any] = {"case": name, "library": library, "target": case.target} | machine()
        records.append(record)
        try:
            session = Session(python, library, name, arguments.limit)
            record |= session.facts | _calibrated(session, case)
            ready[library] = session, record
        except Failed as failure:
            record["failed"] = str(failure)
        _tell(record)
    for _ in range(arguments.rounds):
        for session, record in ready.values():
            _one_more(session, record)
    for session, record in ready.values():
        session.close()
        record["median"] = statistics.median(record["seconds"]) if record["seconds"] else None
        _tell(record)
    return records


def _calibrated(session: Session, case: Case) -> dict[str, Any]:
    """Find the smallest number of iterations that reaches the target, by doubling and then halving."""
    first = session.run(1 if case.kind == "nnls" else 2)
    record = {name: round(first[name], 2) for name in ("beyond_mib", "factors_mib")}
    record["two_iterations"] = round(first["seconds"], 5)
    if case.kind == "nnls":
        return record | {"iterations": 1, "seconds": [], "errors": []}
    low, high, best = 0, 2, first["error"]
    while best > case.target:
        low, high = high, 2 * high
        reply = session.run(high)
        if reply["error"] > best * 0.9999 and high > 16:
            raise Failed(f"error {best:.4f} after {low} iterations and {reply['error']:.4f} after {high}")
        best = reply["error"]
    while high - low > max(1, low // 20):
        middle = (low + high) // 2
        low, high = (low, middle) if session.run(middle)["error"] <= case.target else (middle, high)
    return record | {"iterations": high, "seconds": [], "errors": []}


def _one_more(session: Session, record: dict[str, Any], tries: int = 4) -> None:
    reply: dict[str, Any] = {}
    for _ in range(tries):
        try:
            reply = session.run(record["iterations"])
        except Failed as failure:
            record["failed"] = str(failure)
            return
        if reply["error"] <= record["target"] * SLACK:
            break
        record["iterations"] += 1
    record["seconds"].append(round(reply["seconds"], 5))
    record["errors"].append(float(f"{reply['error']:.6g}"))


def _tell(record: dict[str, Any]) -> None:
    shown = ("iterations", "median", "seconds", "errors", "beyond_mib", "version", "pools", "failed")
    print(f"  {record['library']}", {name: record[name] for name in shown if record.get(name)}, flush=True)


def _save(case: str, records: list[dict[str, Any]]) -> None:
    """Put the records of a case in the place of its earlier ones."""
    old = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    kept = [record for record in old if record["case"] != case]
    order = list(CASES)
    rows = sorted(kept + records, key=lambda record: order.index(record["case"]))
    part = RESULTS.with_suffix(".part")
    part.write_text("".join(json.dumps(record) + "\n" for record in rows))
    os.replace(part, RESULTS)
    provenance.note(RESULTS)


def _arguments() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("--case", nargs="+", choices=list(CASES), help="which cases; all without this")
    options.add_argument("--peers", nargs="*", help="which peers; all without this, and only then are results kept")
    options.add_argument("--rounds", type=int, default=1 if smoke() else ROUNDS)
    options.add_argument("--limit", type=float, default=900.0, help="seconds that one fit may take")
    default = sys.executable if smoke() else HERE.parent / ".venv" / "bin" / "python"
    options.add_argument("--peers-python", default=str(default), help="the interpreter that has the peers")
    arguments = options.parse_args()
    if not Path(arguments.peers_python).exists():
        options.error(f"no interpreter at {arguments.peers_python}; benchmarks/peers.sh sets it up")
    return arguments


if __name__ == "__main__":
    main()
