"""Whether a package folder is whole: every file is there as the manifest says, and every model opens again."""

import hashlib
import io
import json
import warnings as python_warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from asset_pipeline.errors import PackageBroken
from asset_pipeline.glb import GlbModel, decode_glb
from asset_pipeline.manifest import MANIFEST_FILE, Level, Manifest, dump_manifest, manifest_digest, parse_manifest

DRAFT_SUFFIX = ".building"  # of a folder not yet renamed to its digest: .<digest>.<process>.building
REPORT_FILE, POSTER_FILE, PLAIN_FILE = "report.json", "poster.webp", "plain.glb"
REPORT_SCHEMA = "dejima.report/1"
COARSE_BOUNDS = 0.1  # how far, in diagonals, a coarse level may end from the finest one
FLAT_STEPS = 16  # a picture with less contrast shows nothing


@dataclass(frozen=True)
class Verified:
    """A whole package and what was found in it; triangles by file."""

    digest: str
    manifest: Manifest
    triangles: dict[str, int]


def verify_package(folder: Path) -> Verified:
    """What a whole package holds. Raises PackageBroken with the first thing that is wrong."""
    manifest, digest = _verify_manifest(folder)
    _verify_files(folder, manifest)
    models = {name: _decode(folder / name) for name in manifest.files if name.endswith(".glb")}
    _verify_levels(manifest, models)
    _verify_plain(manifest, models)
    _verify_poster((folder / POSTER_FILE).read_bytes())
    _verify_report((folder / REPORT_FILE).read_bytes(), manifest)
    return Verified(digest, manifest, {name: len(model.faces) for name, model in models.items()})


def _verify_manifest(folder: Path) -> tuple[Manifest, str]:
    path = folder / MANIFEST_FILE
    if not path.is_file() or path.is_symlink():
        raise PackageBroken("manifest_missing", f"{folder.name} has no {MANIFEST_FILE}; it is no package.")
    data = path.read_bytes()
    manifest = parse_manifest(data)
    try:
        canonical = dump_manifest(manifest)
    except (TypeError, ValueError) as error:
        raise PackageBroken("manifest_unreadable", f"The manifest holds an impossible value: {error}.") from error
    if canonical != data:
        raise PackageBroken("manifest_not_canonical", "The manifest is not in its canonical form, so it was edited.")
    digest = manifest_digest(data)
    name = folder.resolve().name
    if name.endswith(DRAFT_SUFFIX):
        name = name.removeprefix(".").partition(".")[0]
    if name != digest:
        raise PackageBroken("digest", f"The folder is called {name}; its manifest's digest is {digest}.")
    return manifest, digest


def _verify_files(folder: Path, manifest: Manifest) -> None:
    present = {path.name for path in folder.iterdir()}
    expected = {*manifest.files, MANIFEST_FILE}
    needed = {REPORT_FILE, POSTER_FILE, PLAIN_FILE, *(level.file for level in manifest.levels)}
    if missing := sorted((expected | needed) - present) or sorted(needed - expected):
        raise PackageBroken("file_missing", f"The package lacks {missing[0]}.")
    if extra := sorted(present - expected):
        raise PackageBroken("file_extra", f"The package holds {extra[0]}, which its manifest does not name.")
    for name, entry in sorted(manifest.files.items()):
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise PackageBroken("file_kind", f"{name} is no ordinary file.")
        size = path.stat().st_size
        if size != entry.bytes:
            raise PackageBroken("file_size", f"{name} has {size} bytes; the manifest says {entry.bytes}.")
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != entry.sha256:
                raise PackageBroken("file_sha256", f"The content of {name} is not what the manifest says.")


def _decode(path: Path) -> GlbModel:
    model = decode_glb(path.read_bytes(), path.name)
    if not np.isfinite(model.positions).all():
        raise PackageBroken("model_positions", f"{path.name} has positions that are no ordinary numbers.")
    if model.picture is not None:
        _open_picture(model.picture, f"the texture of {path.name}")
    return model


def _verify_levels(manifest: Manifest, models: dict[str, GlbModel]) -> None:
    if not manifest.levels:
        raise PackageBroken("no_levels", "The manifest names no level.")
    low, high = np.array(manifest.bounds_min_m), np.array(manifest.bounds_max_m)
    diagonal = float(np.linalg.norm(high - low))
    for index, level in enumerate(manifest.levels):
        model = models[level.file]
        _verify_level(level, model, manifest)
        # the finest level is what the bounds were taken from; coarser ones are rounder
        reach_m = model.step_m if index == 0 else COARSE_BOUNDS * diagonal
        found_low, found_high = model.positions.min(axis=0), model.positions.max(axis=0)
        off_m = max(float(np.abs(found_low - low).max()), float(np.abs(found_high - high).max()))
        if off_m > reach_m + 1e-6 * diagonal:
            raise PackageBroken(
                "bounds",
                f"{level.file} ends {off_m:.3g} m from the bounds in the manifest; {reach_m:.3g} m is allowed.",
            )


def _verify_level(level: Level, model: GlbModel, manifest: Manifest) -> None:
    if len(model.faces) != level.triangles:
        text = f"{level.file} has {len(model.faces)} triangles; the manifest says {level.triangles}."
        raise PackageBroken("triangles", text)
    if manifest.files[level.file].bytes != level.bytes:
        raise PackageBroken("level_bytes", f"The manifest states two sizes of {level.file}.")
    px = 0 if model.picture is None else max(_open_picture(model.picture, level.file).size)
    if px != level.texture_px:
        raise PackageBroken(
            "texture_px", f"{level.file} has a texture of {px} px; the manifest says {level.texture_px}."
        )


def _verify_plain(manifest: Manifest, models: dict[str, GlbModel]) -> None:
    plain = models[PLAIN_FILE]
    if plain.extensions:
        raise PackageBroken("plain_extensions", f"{PLAIN_FILE} uses {plain.extensions[0]}; it must be core glTF.")
    if len(plain.faces) != manifest.levels[0].triangles:
        raise PackageBroken("plain_triangles", f"{PLAIN_FILE} does not hold the finest level.")


def _open_picture(data: bytes, what: str) -> Pillow.Image:
    """The decoded picture. Raises PackageBroken."""
    try:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            picture = Pillow.open(io.BytesIO(data), formats=("WEBP", "JPEG", "PNG"))
            picture.load()
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError, Warning) as error:
        raise PackageBroken("picture", f"The picture in {what} cannot be opened: {error}.") from error
    return picture


def _verify_poster(data: bytes) -> None:
    picture = _open_picture(data, POSTER_FILE)
    values = np.asarray(picture.convert("L"))
    if int(values.max()) - int(values.min()) < FLAT_STEPS:
        raise PackageBroken("poster_blank", f"{POSTER_FILE} is one flat colour.")


def _verify_report(data: bytes, manifest: Manifest) -> None:
    report = _parse_report(data)
    levels = [(level["file"], level["triangles"]) for level in report["levels"]]
    if levels != [(level.file, level.triangles) for level in manifest.levels]:
        raise PackageBroken("report_levels", f"{REPORT_FILE} and the manifest differ in their levels.")


def _parse_report(data: bytes) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads(data)
        schema = report["schema"]
        shape = isinstance(report["source"]["triangles"], int) and all(level["file"] for level in report["levels"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise PackageBroken("report_unreadable", f"{REPORT_FILE} cannot be read: {error}.") from error
    if schema != REPORT_SCHEMA or not shape:
        raise PackageBroken("report_schema", f"{REPORT_FILE} does not follow {REPORT_SCHEMA}.")
    return report


def read_report(folder: Path) -> dict[str, Any]:
    """The report of a package, each level with its bytes. Raises PackageBroken."""
    manifest, _ = _verify_manifest(folder)
    _verify_files(folder, manifest)
    return _parse_report((folder / REPORT_FILE).read_bytes())
