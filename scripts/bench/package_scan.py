"""What a package costs and how good it is: python scripts/bench/package_scan.py SCAN... [--levels 100000,25000,5000]

Each scan is built in a process of its own. Prints one Markdown row a level: triangles asked and left, RMS deviation
relative to the bounding box's diagonal, the largest deviation, colour PSNR, bytes; seconds and peak memory a scan.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PLACE = ("--lat", "32.7434", "--lon", "129.8732", "--height", "34.5", "--heading", "0")
HEAD = "| scan | asked | triangles | RMS 1e-4 | max m | colour dB | texture px | bytes | s | peak MB |"


def build(scan: Path, levels: str, texture_px: int) -> dict[str, Any]:
    """The result that the pipeline's command reports for a scan."""
    with tempfile.TemporaryDirectory(prefix="dejima-bench-") as out:
        options = ["--out", out, "--levels", levels, "--texture-px", str(texture_px), "--progress", "json"]
        command = [sys.executable, "-m", "asset_pipeline", "package", str(scan.resolve()), *PLACE, *options]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 3):
        sys.exit(f"{scan.name}: exit code {ended.returncode}: {ended.stderr.strip()[-500:]}")
    result: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])["result"]
    return result


def print_rows(scan: Path, result: dict[str, Any]) -> None:
    for index, level in enumerate(result["levels"]):
        psnr = level["colour_psnr_db"]
        cells = (
            scan.name if index == 0 else "",
            f"{level['triangles_asked']:,}",
            f"{level['triangles']:,}",
            f"{level['rms_relative'] * 1e4:.2f}",
            f"{level['max_m']:.3g}",
            "-" if psnr is None else f"{psnr:.1f}",
            str(level["texture_px"] or "-"),
            f"{level['bytes']:,}",
            f"{result['seconds']:.1f}" if index == 0 else "",
            f"{result['peak_bytes'] / 1e6:.0f}" if index == 0 else "",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scans", nargs="+", type=Path)
    parser.add_argument("--levels", default="100000,25000,5000")
    parser.add_argument("--texture-px", type=int, default=2048)
    arguments = parser.parse_args()
    print(HEAD)
    print(f"|{' --- |' * HEAD.count(' | ')} --- |")
    for scan in arguments.scans:
        print_rows(scan, build(scan, arguments.levels, arguments.texture_px))


if __name__ == "__main__":
    main()
