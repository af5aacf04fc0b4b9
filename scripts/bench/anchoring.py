"""How well a model stands at its true place: our estimator as shipped beside LocAR as shipped, on the same simulated walks.

Usage: python scripts/bench/anchoring.py [--visits 200] [--places good,urban] [--methods ...] [--json FILE]
       python scripts/bench/anchoring.py --replay TRACE.jsonl     what a trace saved by a phone (?record=1) gives
The noise models stand in anchoring/noise.mjs, the visits in anchoring/visits.mjs; the same seeds give the same table.
"""

import argparse
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent / "anchoring"
PEERS = Path(__file__).parent / "peers"
INSTALLED = ROOT / "build" / "peers"


def install_peers() -> Path:
    """The folder with LocAR and its three.js in it, for comparison only."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(PEERS / name, INSTALLED / name)
    subprocess.run(["npm", "ci", "--silent"], cwd=INSTALLED, check=True)
    return INSTALLED


def run_node(script: str, *arguments: str) -> list[dict[str, Any]]:
    """The rows that a script writes, one JSON object a line."""
    done = subprocess.run(["node", str(HERE / script), *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def say_trouble(row: dict[str, Any]) -> str:
    """What goes wrong in a row beside the noise, in words."""
    if row.get("compass_off_deg") is not None:
        return f"; compass {row['compass_off_deg']} degrees wrong"
    if row.get("stray") is not None:
        return f"; fixes 200 m off from {row['stray'][0]} to {row['stray'][1]} s"
    return f"; errors of fixes stay {row['fix_stays_s']} s" if row.get("fix_stays_s") is not None else ""


def print_table(rows: list[dict[str, Any]]) -> None:
    """The table as Markdown."""
    print("| place | method | points to | metres: median / p95 | degrees: median / p95 | within twice the stated |")
    print("| --- | --- | --- | --- | --- | --- |")
    for row in rows:
        stated = row["within_twice_stated"]
        asked = f" ({row['asked']:.1f} more)" if row["asked"] else ""
        print(
            f"| {row['place']} | {row['title']}{asked}{say_trouble(row)} | {row['mark_m']} m "
            f"| {row['metres'][0]:.2f} / {row['metres'][1]:.1f} | {row['degrees'][0]:.2f} / {row['degrees'][1]:.1f} "
            f"| {'' if stated is None else f'{stated:.0%}'} |"
        )
    print("\nTrembling of what is drawn while the phone is held still, median in 0.2 s:")
    for row in rows:
        if row["mark_m"] == 0.1 and not say_trouble(row):
            print(f"    {row['trembles_deg']:.3f} degrees  {row['place']}, {row['title']}")


def print_replay(rows: list[dict[str, Any]]) -> None:
    """What an estimator said along a trace, every ten seconds and at each act."""
    print("| second | what | east m | north m | yaw | sure to m | sure to degrees |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(
            f"| {row['at_s']:.1f} | {row['what']} | {row['east_m']:.2f} | {row['north_m']:.2f} "
            f"| {row['yaw_deg']:.1f} | {row['sure_m']:.1f} | {row['sure_deg']:.1f} |"
        )


def main() -> None:
    """Print the table, or what a trace gives."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=200)
    parser.add_argument("--places", default="good,urban")
    parser.add_argument(
        "--methods",
        default="locar,locar_north,window,window_course,window_three,window_sign,none,none_course,sign,three,asked,perfect",
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--replay", type=Path)
    options = parser.parse_args()
    if options.replay is not None:
        print_replay(run_node("replay.mjs", str(options.replay.resolve())))
        return
    rows = run_node("table.mjs", str(install_peers()), str(options.visits), options.places, options.methods)
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    print_table(rows)


if __name__ == "__main__":
    main()
