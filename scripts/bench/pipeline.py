"""Our packages beside what other open tools make of the same scans, all measured with one measure.

Usage: python scripts/bench/pipeline.py SCAN... [--levels 100000,25000,5000] [--rounds 3] [--plot FOLDER]

The tools take turns, round by round, so that a busy machine is busy for all; seconds are medians. Others get the scan
as a GLB (its own, or ours made from it), one run a level; ours makes one package with all levels, so its seconds and
memory stand for the whole package with pictures, report and checks. RMS and Hausdorff: 300,000 points spread by area
each way, exact closest points, the worse direction, relative to the diagonal of the bounding box; Hausdorff is
therefore a sampled maximum. PSNR: the colour of the scan against that of the result at the closest point.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from glb_source import write_glb
from plots import Axis, write_plot

from asset_pipeline.appearance.measure import has_colour, measure_level
from asset_pipeline.appearance.source import Source, make_source
from asset_pipeline.errors import ScanRefused
from asset_pipeline.geometry.bvh import build_bvh
from asset_pipeline.geometry.clean import clean_scan
from asset_pipeline.geopose import Position
from asset_pipeline.mesh import Mesh
from asset_pipeline.options import METRES, BuildOptions, make_anchor
from asset_pipeline.readers.read import read_scan

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(__file__).parent / "peers"
INSTALLED = ROOT / "build" / "peers"
THIN = ROOT / "tests" / "pipeline" / "thin.py"
PLACE = ("--lat", "32.7434", "--lon", "129.8732", "--height", "34.5", "--heading", "0")
OPTIONS = BuildOptions(make_anchor(Position(32.7434, 129.8732, 34.5), 0.0, 1.0, {}))
OURS = "Dejima XR"


@dataclass(frozen=True)
class Subject:
    """A scan to compare on: cleaned and ready to be compared with, the GLB that others get, and how that lies to the mesh."""

    scan: Path
    source: Source
    glb: Path
    scale_m: float
    offset_m: tuple[float, float, float]

    @property
    def mesh(self) -> Mesh:
        """The cleaned scan."""
        return self.source.scan


@dataclass
class Row:
    """One tool at one budget; `seconds` and `peak_bytes` gather over the rounds."""

    tool: str
    asked: int
    triangles: int | None = None
    rms: float | None = None
    hausdorff: float | None = None
    psnr_db: float | None = None
    size_bytes: int | None = None
    note: str = ""
    seconds: list[float] = field(default_factory=list)
    peak_bytes: list[int] = field(default_factory=list)


def install_peers() -> Path:
    """The folder of the other tools' commands."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(PEERS / name, INSTALLED / name)
    subprocess.run(["npm", "ci", "--silent"], cwd=INSTALLED, check=True)
    return INSTALLED / "node_modules" / ".bin"


def prepare(scan: Path, folder: Path) -> Subject:
    read = read_scan(scan, OPTIONS)
    cleaned = clean_scan(read)
    source = make_source(cleaned.mesh, build_bvh(cleaned.mesh.positions, cleaned.mesh.faces))
    if scan.suffix.lower() == ".glb" and read.facts.source.up == "y":
        return Subject(scan, source, scan, METRES[read.facts.source.unit], cleaned.offset_m)
    glb = folder / f"{scan.stem}.glb"
    write_glb(glb, cleaned.mesh)
    return Subject(scan, source, glb, 1.0, (0.0, 0.0, 0.0))


def run_thin(command: Sequence[str], folder: Path) -> tuple[int, float, int]:
    """(exit code, seconds, peak bytes) of a command, in a process of its own."""
    told = folder / "used.json"
    log = (folder / "log.txt").open("wb")
    absolute = [shutil.which(command[0]) or command[0], *command[1:]]
    subprocess.run([sys.executable, "-S", THIN, told, *absolute], cwd=ROOT, stdout=log, stderr=log, check=True)
    used = json.loads(told.read_text(encoding="utf-8"))
    return used["code"], used["wall_s"], used["peak_bytes"]


def run_ours(subject: Subject, rows: list[Row], folder: Path) -> None:
    levels = ",".join(str(row.asked) for row in rows)
    out = folder / "ours"
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "asset_pipeline", "package", str(subject.scan), *PLACE, "--levels", levels]
    code, seconds, peak = run_thin([*command, "--out", str(out), "--progress", "none"], folder)
    if code not in (0, 3):
        sys.exit((folder / "log.txt").read_text(encoding="utf-8"))
    (package,) = (entry for entry in out.iterdir() if not entry.name.startswith("."))
    for index, row in enumerate(rows):
        row.seconds.append(seconds)
        row.peak_bytes.append(peak)
        if row.triangles is None:
            files = [package / f"lod{index}.glb", package / f"lod{index}.avif.glb"]
            smallest = min((file for file in files if file.is_file()), key=lambda file: file.stat().st_size)
            judge(subject, row, smallest, replace(subject, scale_m=1.0, offset_m=(0.0, 0.0, 0.0)))


def run_peer(subject: Subject, row: Row, command: Sequence[str], folder: Path) -> None:
    out = folder / "peer.glb"
    out.unlink(missing_ok=True)
    ratio = row.asked / subject.mesh.triangles
    filled = [part.format(source=subject.glb, out=out, ratio=ratio, target=row.asked) for part in command]
    code, seconds, peak = run_thin(filled, folder)
    row.seconds.append(seconds)
    row.peak_bytes.append(peak)
    if code or not out.is_file():
        row.note = f"failed with exit code {code}"
    elif row.triangles is None:
        judge(subject, row, out, subject)


def judge(subject: Subject, row: Row, file: Path, frame: Subject) -> None:
    """Measure a result; the frame says how its coordinates lie to the scan's."""
    row.size_bytes = file.stat().st_size
    try:
        mesh = read_scan(file, replace(OPTIONS, unit="m", up="y")).mesh
    except ScanRefused as refused:
        row.triangles, row.note = 0, refused.text
        return
    mesh = replace(mesh, positions=mesh.positions * frame.scale_m - np.array(frame.offset_m))
    deviation = measure_level(subject.source, mesh)
    diagonal = subject.mesh.diagonal()
    row.triangles = mesh.triangles
    row.rms, row.hausdorff, row.psnr_db = (
        deviation.rms_m / diagonal,
        deviation.max_m / diagonal,
        deviation.colour_psnr_db if has_colour(mesh) else None,
    )


def peer_commands(binaries: Path) -> dict[str, list[str]]:
    """Each peer as its users would call it to reach a triangle count, with compression."""
    pack = [str(binaries / "gltfpack"), "-i", "{source}", "-o", "{out}", "-cc", "-se", "0.5", "-si", "{ratio}"]
    transform = [str(binaries / "gltf-transform"), "optimize", "{source}", "{out}"]
    transform += ["--simplify-ratio", "{ratio}", "--simplify-error", "1", "--texture-compress", "webp"]
    fast = [
        sys.executable,
        str(Path(__file__).with_name("fast_simplification_glb.py")),
        "{source}",
        "{out}",
        "{target}",
    ]
    return {
        "gltfpack": pack,
        "gltfpack -sp -sv": [*pack, "-sp", "-sv"],
        "glTF-Transform optimize": [*transform, "--texture-size", "2048", "--compress", "meshopt"],
        "fast-simplification": fast,
    }


def compare(subject: Subject, levels: Sequence[int], rounds: int, folder: Path) -> list[Row]:
    commands = peer_commands(install_peers())
    ours = [Row(OURS, asked) for asked in levels]
    others = {(name, asked): Row(name, asked) for asked in levels for name in commands}
    for number in range(rounds):
        say(f"{subject.scan.name}: round {number + 1} of {rounds}")
        run_ours(subject, ours, folder)
        for (name, _), row in others.items():
            run_peer(subject, row, commands[name], folder)
    return sorted([*ours, *others.values()], key=lambda row: -row.asked)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def print_table(subject: Subject, rows: Sequence[Row]) -> None:
    print(f"\n### {subject.scan.name}, {subject.mesh.triangles:,} triangles\n")
    print("| asked | tool | triangles | RMS 1e-4 | Hausdorff 1e-3 | colour dB | bytes | s | peak MB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for row in rows:
        cells = [f"{row.asked:,}", row.tool + (f" ({row.note})" if row.note else "")]
        cells += [number(row.triangles, "{:,}"), number(row.rms, "{:.2f}", 1e4), number(row.hausdorff, "{:.2f}", 1e3)]
        cells += [number(row.psnr_db, "{:.1f}"), number(row.size_bytes, "{:,}")]
        cells += [f"{statistics.median(row.seconds):.1f}", f"{max(row.peak_bytes) / 1e6:.0f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def number(value: float | None, form: str, factor: float = 1) -> str:
    return "-" if value is None else form.format(value * factor if factor != 1 else value)


def draw(subject: Subject, rows: Sequence[Row], folder: Path) -> None:
    """RMS over bytes: what a visitor downloads for how much truth."""
    series: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row.rms and row.size_bytes:
            series.setdefault(row.tool, []).append((row.size_bytes / 1e6, row.rms * 1e4))
    folder.mkdir(parents=True, exist_ok=True)
    axes = Axis("MB of the level's file"), Axis("RMS deviation, 1e-4 of the diagonal")
    write_plot(folder / f"pipeline-{subject.scan.stem}.svg", subject.scan.name, axes, series)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scans", nargs="+", type=Path)
    parser.add_argument("--levels", default="100000,25000,5000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plot", type=Path, help="folder for one SVG a scan")
    arguments = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for scan in arguments.scans:
        with tempfile.TemporaryDirectory(prefix="dejima-bench-") as name:
            subject = prepare(scan.resolve(), Path(name))
            levels = [level for level in map(int, arguments.levels.split(",")) if level < subject.mesh.triangles]
            rows = compare(subject, levels, arguments.rounds, Path(name))
            print_table(subject, rows)
            if arguments.plot:
                draw(subject, rows, arguments.plot)


if __name__ == "__main__":
    main()
