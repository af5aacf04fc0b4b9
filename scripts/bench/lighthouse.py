"""Lighthouse on the site's first page as a phone gets it: medians of several runs, and what costs.

Usage: python scripts/bench/lighthouse.py [--runs 5] [--page /en/dejima/] [--check]

Mobile setting with 'devtools' throttling in the installed Chromium, from the real server. With --check the exit code
is 1 when a score is below its limit. Performance depends on how busy the machine is, so the load stands beside it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench_site import fill, free_port, serve
from peer_pages import MODULES, install_viewers
from slow_phone import FLAGS, chromium_path, load_text

LIMITS = {"performance": 0.95, "accessibility": 1.0, "best-practices": 1.0}
TIMES = {
    "first-contentful-paint": "first paint",
    "largest-contentful-paint": "largest paint",
    "total-blocking-time": "blocked",
    "speed-index": "speed index",
}
SHIFT = "cumulative-layout-shift"


def run_lighthouse(url: str, folder: Path) -> Any:
    """One report."""
    out = folder / "report.json"
    command = [
        "node",
        str(MODULES / "lighthouse" / "cli" / "index.js"),
        url,
        "--throttling-method=devtools",
        f"--only-categories={','.join(LIMITS)}",
        "--output=json",
        f"--output-path={out}",
        f"--chrome-flags=--headless=new {' '.join(FLAGS)}",
        "--quiet",
    ]
    environment = {**os.environ, "CHROME_PATH": chromium_path() or ""}
    subprocess.run(command, check=True, env=environment, stdout=sys.stderr)
    return json.loads(out.read_text(encoding="utf-8"))


def describe(report: Any) -> str:
    """One run as a line."""
    scores = " | ".join(f"{report['categories'][name]['score']}" for name in LIMITS)
    times = " | ".join(f"{report['audits'][name]['numericValue']:.0f}" for name in TIMES)
    return f"| {scores} | {times} | {report['audits'][SHIFT]['numericValue']:.3f} | {load_text()} |"


def list_faults(report: Any) -> list[str]:
    """What Lighthouse would have otherwise, beside the times themselves."""
    audits = [audit for audit in report["audits"].values() if audit.get("score") is not None and audit["score"] < 1]
    found = [audit for audit in audits if audit["id"] not in {*TIMES, SHIFT}]
    return [f"{audit['id']}: {audit.get('displayValue') or audit['title']}" for audit in found]


def main() -> None:
    """Print a line a run, the medians, and what the last run found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--page", default="/en/dejima/")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    install_viewers()
    fill()
    with serve(free_port()) as site, tempfile.TemporaryDirectory() as folder:
        print(f"| {' | '.join(LIMITS)} | {' ms | '.join(TIMES.values())} ms | shift | load |")
        print("| " + "---: | " * (len(LIMITS) + len(TIMES) + 2))
        reports = []
        for _ in range(given.runs):
            reports.append(run_lighthouse(site.url + given.page, Path(folder)))
            print(describe(reports[-1]), flush=True)
    medians = {name: statistics.median(r["categories"][name]["score"] or 0 for r in reports) for name in LIMITS}
    print("\nMedians: " + ", ".join(f"{name} {score}" for name, score in medians.items()))
    print("\n".join(list_faults(reports[-1])))
    sys.exit(1 if given.check and any(medians[name] < least for name, least in LIMITS.items()) else 0)


if __name__ == "__main__":
    main()
