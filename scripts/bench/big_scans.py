"""Time and memory of whole packages from 1 to 20 million triangles: python scripts/bench/big_scans.py SITE.ply

The scans are copies of one coloured site side by side, each a little higher than the one before, written as binary PLY
into a temporary folder. Memory is the sum over all processes of their proportional shares (PSS), sampled four times a
second. Processor seconds are those of all processes together; on a busy machine only these tell anything.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from plots import Axis, write_plot

from asset_pipeline.mesh import Mesh
from asset_pipeline.readers.read_ply import read_ply

ROOT = Path(__file__).resolve().parents[2]
PLACE = ("--lat", "32.7434", "--lon", "129.8732", "--height", "34.5", "--heading", "0", "--unit", "m", "--up", "z")
SIDE_BY_SIDE = 4
HIGHER = 0.03  # how much each copy is stretched upwards more than the one before
SAMPLE_S = 0.25
TICKS_PER_S = 100


@dataclass(frozen=True)
class Row:
    """One scan: triangles, wall and processor seconds, most memory at once, RMS and colour of the finest level."""

    triangles: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    rms_relative: float
    psnr_db: float


def write_tiles(path: Path, site: Mesh, copies: int) -> int:
    """Copies of a site side by side as one PLY; gives its triangles."""
    size = np.ptp(site.positions, axis=0)
    vertex = np.dtype([("place", "<f4", 3), ("colour", "u1", 3)])
    face = np.dtype([("count", "u1"), ("corners", "<i4", 3)])
    with path.open("wb") as file:
        file.write(_header(copies * site.vertices, copies * site.triangles).encode())
        for copy in range(copies):
            rows = np.empty(site.vertices, vertex)
            shift = size * (copy % SIDE_BY_SIDE, copy // SIDE_BY_SIDE, 0)
            rows["place"] = site.positions * (1, 1, 1 + HIGHER * copy) + shift
            rows["colour"] = site.colours
            file.write(rows.tobytes())
        for copy in range(copies):
            faces = np.empty(site.triangles, face)
            faces["count"], faces["corners"] = 3, site.faces + copy * site.vertices
            file.write(faces.tobytes())
    return copies * site.triangles


def _header(vertices: int, faces: int) -> str:
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {vertices}"]
    lines += [f"property float {axis}" for axis in "xyz"]
    lines += [f"property uchar {name}" for name in ("red", "green", "blue")]
    return "\n".join([*lines, f"element face {faces}", "property list uchar int vertex_indices", "end_header"]) + "\n"


def measure_build(scan: Path, triangles: int, options: list[str]) -> Row:
    """Build a package of a scan in processes of its own, and what that took."""
    with tempfile.TemporaryDirectory(prefix="dejima-bench-out-") as out:
        command = [sys.executable, "-m", "asset_pipeline", "package", str(scan), *PLACE, "--out", out, *options]
        started = time.monotonic()
        process = subprocess.Popen(
            [*command, "--progress", "json"], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        samples: dict[str, float] = {"peak": 0.0}
        watcher = threading.Thread(target=_watch, args=(process.pid, samples))
        watcher.start()
        output, _ = process.communicate()
        wall_s = time.monotonic() - started
        watcher.join()
    if process.returncode not in (0, 3):
        sys.exit(f"{scan.name}: exit code {process.returncode}: {output[-500:]}")
    level = json.loads(output.splitlines()[-1])["result"]["levels"][0]
    cpu_s = sum(value for key, value in samples.items() if key.startswith("cpu"))
    return Row(triangles, wall_s, cpu_s, int(samples["peak"]), level["rms_relative"], level["colour_psnr_db"] or 0.0)


def _watch(leader: int, samples: dict[str, float]) -> None:
    """Sample memory and processor time of all processes of a session until its leader has ended."""
    while Path(f"/proc/{leader}/stat").exists() and _state(leader) != "Z":
        total = 0
        for pid in _session(leader):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                samples[f"cpu{pid}"] = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += 1024 * int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1])
            except (OSError, StopIteration):  # it has just ended
                continue
        samples["peak"] = max(samples["peak"], total)
        time.sleep(SAMPLE_S)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def _session(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def print_row(row: Row) -> None:
    cells = (
        f"{row.triangles:,}",
        f"{row.wall_s:.1f}",
        f"{row.cpu_s:.1f}",
        f"{row.peak_bytes / 1e6:.0f}",
        f"{row.rms_relative * 1e4:.2f}",
        f"{row.psnr_db:.1f}",
    )
    print(f"| {' | '.join(cells)} |", flush=True)


def draw(rows: list[Row], path: Path) -> None:
    millions = [row.triangles / 1e6 for row in rows]
    series = {
        "processor s": [(x, row.cpu_s) for x, row in zip(millions, rows, strict=True)],
        "wall s": [(x, row.wall_s) for x, row in zip(millions, rows, strict=True)],
        "memory, 10 MB": [(x, row.peak_bytes / 1e7) for x, row in zip(millions, rows, strict=True)],
    }
    axes = (Axis("million triangles of the scan", logarithmic=False), Axis("seconds; 10 MB", logarithmic=False))
    write_plot(path, "A whole package, three levels from 100,000 triangles", axes, series)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, help="the coloured site as PLY, about 1.4 million triangles")
    parser.add_argument("--copies", default="1,2,4,7,14", help="sizes to build, in copies of the site")
    parser.add_argument("--plot", type=Path, help="SVG to write")
    parser.add_argument("options", nargs="*", help="more options of `package`, after --")
    arguments = parser.parse_args()
    site, _ = read_ply(arguments.site)
    rows = []
    print("| triangles | wall s | processor s | memory of all processes MB | RMS 1e-4 | colour dB |")
    print("| --- | --- | --- | --- | --- | --- |")
    for copies in map(int, arguments.copies.split(",")):
        with tempfile.TemporaryDirectory(prefix="dejima-bench-") as folder:
            scan = Path(folder) / f"tiles{copies}.ply"
            triangles = write_tiles(scan, site, copies)
            rows.append(measure_build(scan, triangles, arguments.options))
        print_row(rows[-1])
    if arguments.plot:
        draw(rows, arguments.plot)


if __name__ == "__main__":
    main()
