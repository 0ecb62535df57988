"""Retrieval beside its peers, on the same corpora in the same run.

    python -m benchmarks.retrieval [PART…] [--systems NAME…] [--data FOLDER] [--out FOLDER]

Prints tables, and writes the same as JSON, a chart of the systems and a reliability chart into --out. The students'
questions are in the tree; the sets need --data. Each system is measured on each corpus in a process of its own, one
question after the other on one thread. What is not installed is named as absent; `make bench` installs all of them. A
further system is a file in `benchmarks/retrieving/systems`.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.retrieving import systems
from benchmarks.retrieving.answering import answering
from benchmarks.retrieving.apart import apart
from benchmarks.retrieving.chart import comparison_chart, reliability_chart, table
from benchmarks.retrieving.corpora import FAQ, STUDENTS
from benchmarks.retrieving.growing import growing
from benchmarks.retrieving.living import living
from benchmarks.retrieving.measuring import quality, scale

PARTS = ("students", "faq", "sets", "scale", "growing", "living")
SETS = ("cmrc2018_dev", "xquad_zh", "drcd", "lawquiz", "party_rules", "abstain_zh")

Row = dict[str, Any]


def main() -> None:
    """Measure everything that the machine has the data for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--systems", nargs="*", default=systems.names())
    parser.add_argument("--questions", type=int, default=4000, help="at most so many of each set")
    parser.add_argument("--sizes", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument(
        "--split", default="dev", help="dev, test to report, or a file of benchmarks/questions, or FILE/dev, FILE/test"
    )
    options = parser.parse_args()
    wanted = options.parts or list(PARTS)
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    absent = {name: needs for name in options.systems if (needs := systems.absent(name))}
    options.systems = [name for name in options.systems if name not in absent]
    results: Row = {"load_before": os.getloadavg()[0], "absent": absent}
    for part in wanted:
        results[part] = _MEASURED[part](options)
    compared = [*results.get("students", {}).get("systems", []), *results.get("faq", []), *results.get("sets", [])]
    if compared:
        comparison_chart(compared, options.out / "retrieval.png")
    file = options.out / "retrieval.json"
    file.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
    missing = "; ".join(f"{name} needs {', '.join(needs)}" for name, needs in absent.items())
    print(f"load before: {results['load_before']:.1f}; absent: {missing or 'none'}; written to {file}")


def _students(options: argparse.Namespace) -> Row:
    ours = apart(answering, options.data, options.split)
    reliability_chart(ours.pop("judged"), options.out / "reliability.png")
    table("answers to students' questions", [ours])
    return {"answers": ours, "systems": _on(STUDENTS, options)}


def _faq(options: argparse.Namespace) -> list[Row]:
    return [row for name in FAQ for row in _on(name, options)]


def _sets(options: argparse.Namespace) -> list[Row]:
    here = [name for name in options.sets if (options.data / "bench" / name).is_dir()]
    return [row for name in here for row in _on(name, options)]


def _on(corpus: str, options: argparse.Namespace) -> list[Row]:
    rows = [apart(quality, name, corpus, options.data, options.split, options.questions) for name in options.systems]
    table(corpus, rows)
    return rows


def _scale(options: argparse.Namespace) -> list[Row]:
    """Ours at every size, the others at the smallest."""
    jobs = [
        (name, size)
        for name in options.systems
        for size in options.sizes
        if name == systems.OURS or size == min(options.sizes)
    ]
    rows = [apart(scale, name, size, options.data) for name, size in jobs]
    table("by the number of passages", rows)
    return rows


def _growing(options: argparse.Namespace) -> list[Row]:
    rows = [apart(growing, size, options.data) for size in options.sizes]
    table("our index alone, by the number of passages", rows)
    return rows


def _living(options: argparse.Namespace) -> list[Row]:
    rows = [row for size in options.sizes for row in living(size, options.data)]
    table("the whole process, asked at its page while the library changes", rows)
    return rows


_MEASURED = {"students": _students, "faq": _faq, "sets": _sets, "scale": _scale, "growing": _growing, "living": _living}


if __name__ == "__main__":
    main()
