"""The recipe: one scan file in, one package folder out, named by the digest of its manifest."""

import hashlib
import json
import os
import resource
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from asset_pipeline.bvh import build_bvh
from asset_pipeline.clean import clean_scan
from asset_pipeline.encode import encode_level, encode_plain
from asset_pipeline.lod import BuiltLevel, build_surfaces, choose_levels, dress_level, texture_size
from asset_pipeline.manifest import MANIFEST_FILE, FileEntry, Level, Manifest, dump_manifest, manifest_digest
from asset_pipeline.measure import Deviation, measure_level
from asset_pipeline.mesh import Mesh
from asset_pipeline.options import BuildOptions, height_warning
from asset_pipeline.poster import draw_poster
from asset_pipeline.read import read_scan
from asset_pipeline.scan import Progress, Scan, ScanWarning, no_progress
from asset_pipeline.texture import Texture, encode_jpeg
from asset_pipeline.verify import DRAFT_SUFFIX, REPORT_SCHEMA, verify_package

BUDGET_TOLERANCE, TOLERATED_TRIANGLES = 0.001, 2  # whichever is more
READ_SHARE = 0.1  # of the whole time, for the progress bar


@dataclass(frozen=True)
class BuildResult:
    """A finished package. missed: levels outside the tolerance, as (asked, got); seconds and memory are not in the package."""

    digest: str
    folder: Path
    manifest: Manifest
    report: dict[str, Any]
    missed: tuple[tuple[int, int], ...]
    seconds: float
    peak_bytes: int


def build_package(path: Path, out: Path, options: BuildOptions, progress: Progress = no_progress) -> BuildResult:
    """Build, verify and name a package. Raises ScanRefused, OptionRefused, BuildFailed, PackageBroken."""
    started = time.monotonic()
    scan = read_scan(path, options, lambda stage, fraction: progress(stage, READ_SHARE * fraction))
    progress("clean", READ_SHARE)
    cleaned = clean_scan(scan)
    levels, skipped = choose_levels(options.levels, cleaned.mesh.triangles)
    built, deviations = _build_levels(cleaned.mesh, levels, options, progress)
    progress("poster", 0.88)
    files = _encode(built, cleaned.mesh, options.credit.title)
    warnings = [*scan.warnings, *cleaned.warnings, *_own_warnings(options, skipped)]
    progress("report", 0.94)
    report = make_report(scan, built, deviations, warnings, files)
    report["source"]["offset_m"] = list(cleaned.offset_m)
    files["report.json"] = json.dumps(report, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False).encode()
    manifest = _make_manifest(scan, options, built, files)
    progress("write", 0.96)
    digest, folder = write_package(out, files, manifest)
    progress("done", 1.0)
    missed = tuple(
        (level.asked, level.mesh.triangles)
        for level in built
        if abs(level.mesh.triangles - level.asked) > max(BUDGET_TOLERANCE * level.asked, TOLERATED_TRIANGLES)
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return BuildResult(digest, folder, manifest, report, missed, time.monotonic() - started, peak)


def _build_levels(
    scan: Mesh, levels: tuple[int, ...], options: BuildOptions, progress: Progress
) -> tuple[list[BuiltLevel], list[Deviation]]:
    bvh = build_bvh(scan.positions, scan.faces)
    progress("collapse", 0.2)
    surfaces = build_surfaces(scan, levels)
    built, deviations = [], []
    for index, (surface, asked) in enumerate(zip(surfaces, levels, strict=True)):
        done = 0.35 + 0.5 * index / len(levels)
        progress(f"level {index}", done)
        level = dress_level(surface, asked, scan, bvh, texture_size(index, options.texture_px))
        progress(f"measure {index}", done + 0.4 / len(levels))
        deviations.append(measure_level(scan, bvh, level.mesh))
        built.append(level)
    return built, deviations


def _encode(built: list[BuiltLevel], scan: Mesh, title: str) -> dict[str, bytes]:
    files = {f"lod{index}.glb": encode_level(level.mesh, level.texture, title) for index, level in enumerate(built)}
    finest = built[0]
    plain_texture = None
    if finest.texture is not None:
        picture = finest.mesh.materials[0].picture
        as_jpeg = finest.texture.media_type == "image/jpeg"
        if picture is not None:
            plain_texture = (
                finest.texture if as_jpeg else Texture(encode_jpeg(picture), "image/jpeg", finest.texture.px)
            )
    files["plain.glb"] = encode_plain(finest.mesh, plain_texture, title)
    files["poster.webp"] = draw_poster(scan)
    return files


def _own_warnings(options: BuildOptions, skipped: tuple[int, ...]) -> list[ScanWarning]:
    warnings = [
        ScanWarning("level_skipped", f"No level of {level} triangles was built: the scan itself has no more.")
        for level in skipped
    ]
    height = height_warning(options.anchor)
    return [*warnings, ScanWarning("height_like_sea_level", height)] if height else warnings


def make_report(
    scan: Scan,
    built: list[BuiltLevel],
    deviations: list[Deviation],
    warnings: list[ScanWarning],
    files: dict[str, bytes],
) -> dict[str, Any]:
    """The report (schema dejima.report/1): what came in, how far each level is from it, and what to know."""
    source = scan.facts.source
    diagonal = built[0].mesh.diagonal() or 1.0
    levels = []
    for index, (level, deviation) in enumerate(zip(built, deviations, strict=True)):
        levels.append(
            {
                "file": f"lod{index}.glb",
                "triangles_asked": level.asked,
                "triangles": level.mesh.triangles,
                "rms_m": _rounded(deviation.rms_m),
                "rms_relative": _rounded(deviation.rms_m / diagonal),
                "max_m": _rounded(deviation.max_m),
                "colour_psnr_db": None if deviation.colour_psnr_db is None else round(deviation.colour_psnr_db, 2),
                "bytes": len(files[f"lod{index}.glb"]),
                "texture_px": level.texture.px if level.texture else 0,
            }
        )
    return {
        "schema": REPORT_SCHEMA,
        "source": {
            "file": source.file,
            "triangles": source.triangles,
            "vertices": source.vertices,
            "bytes": source.bytes,
            "unit": source.unit,
            "up": source.up,
        },
        "levels": levels,
        "warnings": [{"code": warning.code, "text": warning.text} for warning in warnings],
        "validators": {"dejima_verify": "passed"},
    }


def _rounded(value: float) -> float:
    return float(np.format_float_positional(value, precision=4, fractional=False))


def _make_manifest(scan: Scan, options: BuildOptions, built: list[BuiltLevel], files: dict[str, bytes]) -> Manifest:
    low, high = built[0].mesh.bounds()
    for index, entry in enumerate(json.loads(files["report.json"])["levels"]):
        assert entry["triangles"] == built[index].mesh.triangles  # noqa: S101 - one source for both
    levels = tuple(
        Level(
            f"lod{index}.glb",
            level.mesh.triangles,
            len(files[f"lod{index}.glb"]),
            level.texture.px if level.texture else 0,
        )
        for index, level in enumerate(built)
    )
    return Manifest(
        source=scan.facts.source,
        credit=options.credit,
        anchor=options.anchor,
        bounds_min_m=(float(low[0]), float(low[1]), float(low[2])),
        bounds_max_m=(float(high[0]), float(high[1]), float(high[2])),
        levels=levels,
        files={name: FileEntry(hashlib.sha256(data).hexdigest(), len(data)) for name, data in sorted(files.items())},
    )


def write_package(out: Path, files: dict[str, bytes], manifest: Manifest) -> tuple[str, Path]:
    """Write the folder under a temporary name, verify it, make it durable and rename it to its digest."""
    canonical = dump_manifest(manifest)
    digest = manifest_digest(canonical)
    target = out / digest
    out.mkdir(parents=True, exist_ok=True)
    sweep_drafts(out)
    draft = out / f".{digest}.{os.getpid()}{DRAFT_SUFFIX}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        for name, data in [*files.items(), (MANIFEST_FILE, canonical)]:
            with (draft / name).open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        verify_package(draft)
        _sync_folder(draft)
        if target.is_dir():  # the same scan and options gave the same bytes before
            return digest, target
        draft.rename(target)
        _sync_folder(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return digest, target


def sweep_drafts(out: Path) -> None:
    """Remove drafts whose process is gone: it was killed before the rename."""
    for draft in out.glob(f".*{DRAFT_SUFFIX}"):
        process = draft.name.removesuffix(DRAFT_SUFFIX).rpartition(".")[2]
        if not process.isdigit() or not Path(f"/proc/{process}").exists():
            shutil.rmtree(draft, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
