"""Whether a package folder is whole: every file is there as the manifest says, and every model opens again."""

import io
import warnings as python_warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from asset_pipeline.errors import PackageBroken
from asset_pipeline.glb import GlbModel, decode_glb
from asset_pipeline.listing import PLAIN_FILE, POSTER_FILE, REPORT_FILE, check_listing, parse_report
from asset_pipeline.manifest import Level, Manifest

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
    manifest, digest = check_listing(folder)
    models = {name: _decode(folder / name) for name in manifest.files if name.endswith(".glb")}
    _verify_levels(manifest, models)
    _verify_plain(manifest, models)
    _verify_poster((folder / POSTER_FILE).read_bytes())
    _verify_report((folder / REPORT_FILE).read_bytes(), manifest)
    return Verified(digest, manifest, {name: len(model.faces) for name, model in models.items()})


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
    report = parse_report(data)
    levels = [(level["file"], level["triangles"]) for level in report["levels"]]
    if levels != [(level.file, level.triangles) for level in manifest.levels]:
        raise PackageBroken("report_levels", f"{REPORT_FILE} and the manifest differ in their levels.")
