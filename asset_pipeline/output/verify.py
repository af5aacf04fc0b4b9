"""Whether a package folder is whole: every file is there as the manifest says, and every model opens again."""

import io
import warnings as python_warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import USDZ_FILE, Level, Manifest
from asset_pipeline.output.glb import GlbModel, decode_glb
from asset_pipeline.output.listing import (
    PLAIN_FILE,
    POSTER_FILE,
    REPORT_FILE,
    check_listing,
    list_pictures,
    parse_report,
)
from asset_pipeline.output.stamp import stamp_file
from asset_pipeline.output.usdz_archive import USDZ_MAX_BYTES, USDZ_MAX_TRIANGLES, read_usdz_facts

AVIF = "image/avif"
DECODED_TOGETHER = 2
COARSE_BOUNDS = 0.1  # how far, in diagonals, a coarse level may end from the finest one
FLAT_STEPS = 16  # a picture with less contrast shows nothing


@dataclass(frozen=True)
class Verified:
    """A whole package and what was found in it; triangles by file."""

    digest: str
    manifest: Manifest
    triangles: dict[str, int]


@dataclass(frozen=True)
class _Opened:
    """A decoded model with the longer side in px of each of its pictures, by purpose."""

    model: GlbModel
    sizes_px: dict[str, int]


def verify_package(folder: Path) -> Verified:
    """What a whole package holds. Raises PackageBroken with the first thing that is wrong."""
    # for the whole of it: these filters are those of all threads
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("error", Pillow.DecompressionBombWarning)
        return _verify(folder)


def _verify(folder: Path) -> Verified:
    manifest, digest = check_listing(folder)
    names = [name for name in manifest.files if name.endswith(".glb")]
    with ThreadPoolExecutor(DECODED_TOGETHER) as pool:  # pictures are decoded outside of Python
        opened = dict(zip(names, pool.map(lambda name: _decode(folder / name), names), strict=True))
    models = {name: each.model for name, each in opened.items()}
    _verify_levels(manifest, opened)
    _verify_plain(manifest, models)
    _verify_phone(folder, manifest)
    _verify_credit(folder, manifest)
    _verify_poster((folder / POSTER_FILE).read_bytes())
    _verify_report(folder, manifest)
    return Verified(digest, manifest, {name: len(model.faces) for name, model in models.items()})


def _decode(path: Path) -> _Opened:
    model = decode_glb(path.read_bytes(), path.name)
    if not np.isfinite(model.positions).all():
        raise PackageBroken("model_positions", f"{path.name} has positions that are no ordinary numbers.")
    return _Opened(model, _sizes(model, path.name))


def _verify_levels(manifest: Manifest, models: dict[str, _Opened]) -> None:
    if not manifest.levels:
        raise PackageBroken("no_levels", "The manifest names no level.")
    low, high = np.array(manifest.bounds_min_m), np.array(manifest.bounds_max_m)
    diagonal = float(np.linalg.norm(high - low))
    for index, level in enumerate(manifest.levels):
        model = models[level.file].model
        _verify_level(level, models[level.file], manifest)
        _verify_avif(level, models, manifest)
        # the finest level is what the bounds were taken from; coarser ones are rounder
        reach_m = model.step_m if index == 0 else COARSE_BOUNDS * diagonal
        found_low, found_high = model.positions.min(axis=0), model.positions.max(axis=0)
        off_m = max(float(np.abs(found_low - low).max()), float(np.abs(found_high - high).max()))
        if off_m > reach_m + 1e-6 * diagonal:
            raise PackageBroken(
                "bounds",
                f"{level.file} ends {off_m:.3g} m from the bounds in the manifest; {reach_m:.3g} m is allowed.",
            )


def _verify_level(level: Level, opened: _Opened, manifest: Manifest) -> None:
    model = opened.model
    if len(model.faces) != level.triangles:
        text = f"{level.file} has {len(model.faces)} triangles; the manifest says {level.triangles}."
        raise PackageBroken("triangles", text)
    if level.points is not None and (level.triangles or len(model.positions) != level.points):
        text = f"{level.file} has {len(model.positions)} points; the manifest says {level.points}."
        raise PackageBroken("points", text)
    if manifest.files[level.file].bytes != level.bytes:
        raise PackageBroken("level_bytes", f"The manifest states two sizes of {level.file}.")
    px = max(opened.sizes_px.values(), default=0)
    if px != level.texture_px:
        raise PackageBroken(
            "texture_px", f"{level.file} has a texture of {px} px; the manifest says {level.texture_px}."
        )
    if any(picture.media_type == AVIF for picture in model.pictures.values()):
        raise PackageBroken("level_avif", f"{level.file} holds AVIF, which not every client reads.")


def _verify_avif(level: Level, models: dict[str, _Opened], manifest: Manifest) -> None:
    """The AVIF file of a level shows the same, with pictures of the same sizes, in fewer bytes."""
    if level.avif is None:
        return
    name, common = level.avif.file, models[level.file]
    entry, own = manifest.files.get(name), models.get(name)
    if entry is None or own is None:
        raise PackageBroken("file_missing", f"The package lacks {name}.")
    if entry.bytes != level.avif.bytes or entry.bytes >= level.bytes:
        raise PackageBroken("level_bytes", f"{name} has {entry.bytes} bytes, which is not as the manifest says.")
    model = own.model
    same = np.array_equal(model.positions, common.model.positions) and np.array_equal(model.faces, common.model.faces)
    if not same or own.sizes_px != common.sizes_px:
        raise PackageBroken("level_avif", f"{name} does not show the same as {level.file}.")
    if all(picture.media_type != AVIF for picture in model.pictures.values()):
        raise PackageBroken("level_avif", f"{name} holds no AVIF.")


def _sizes(model: GlbModel, name: str) -> dict[str, int]:
    """The longer side in px of each picture by its purpose."""
    return {
        purpose: max(_open_picture(each.data, f"the {purpose} picture of {name}", each.media_type).size)
        for purpose, each in model.pictures.items()
    }


def _verify_plain(manifest: Manifest, models: dict[str, GlbModel]) -> None:
    plain = models[PLAIN_FILE]
    if plain.required:
        raise PackageBroken("plain_extensions", f"{PLAIN_FILE} needs {plain.required[0]}; it must be core glTF.")
    if len(plain.faces) != manifest.levels[0].triangles:
        raise PackageBroken("plain_triangles", f"{PLAIN_FILE} does not hold the finest level.")


def _verify_phone(folder: Path, manifest: Manifest) -> None:
    """The model for iPhone is there when there are surfaces, small enough, and as large as the others."""
    if not any(level.triangles for level in manifest.levels):
        return
    if USDZ_FILE not in manifest.files:
        raise PackageBroken("file_missing", f"The package lacks {USDZ_FILE}.")
    facts = read_usdz_facts((folder / USDZ_FILE).read_bytes())
    if facts.triangles > USDZ_MAX_TRIANGLES or manifest.files[USDZ_FILE].bytes > USDZ_MAX_BYTES:
        raise PackageBroken("usdz_large", f"{USDZ_FILE} is larger than a phone takes well.")
    for name, picture in facts.pictures.items():
        _open_picture(picture, f"{name} of {USDZ_FILE}", "image/jpeg")
    low, high = np.array(manifest.bounds_min_m), np.array(manifest.bounds_max_m)
    off_m = np.abs(np.array([facts.low, facts.high]) - [low, high]).max()
    if not off_m <= COARSE_BOUNDS * float(np.linalg.norm(high - low)):
        raise PackageBroken("bounds", f"{USDZ_FILE} ends {off_m:.3g} m from the bounds in the manifest.")


def _verify_credit(folder: Path, manifest: Manifest) -> None:
    """Every model says of itself what the manifest says."""
    for name in manifest.files:
        data = (folder / name).read_bytes()
        if stamp_file(name, data, manifest.credit) != data:
            raise PackageBroken("credit", f"{name} names another title, creator or licence than the manifest.")


def _open_picture(data: bytes, what: str, media_type: str = "image/webp") -> Pillow.Image:
    """The decoded picture, which must be of the kind stated. Raises PackageBroken."""
    try:
        picture = Pillow.open(io.BytesIO(data), formats=(media_type.removeprefix("image/").upper(),))
        picture.load()
    except (OSError, ValueError, SyntaxError, KeyError, Pillow.DecompressionBombError, Warning) as error:
        raise PackageBroken("picture", f"The picture in {what} cannot be opened: {error}.") from error
    return picture


def _verify_poster(data: bytes) -> None:
    picture = _open_picture(data, POSTER_FILE)
    values = np.asarray(picture.convert("L"))
    if int(values.max()) - int(values.min()) < FLAT_STEPS:
        raise PackageBroken("poster_blank", f"{POSTER_FILE} is one flat colour.")


def _verify_report(folder: Path, manifest: Manifest) -> None:
    report = parse_report((folder / REPORT_FILE).read_bytes())
    levels = [(level["file"], level["triangles"]) for level in report["levels"]]
    if levels != [(level.file, level.triangles) for level in manifest.levels]:
        raise PackageBroken("report_levels", f"{REPORT_FILE} and the manifest differ in their levels.")
    for name in list_pictures(report):
        if name not in manifest.files:
            raise PackageBroken("view_missing", f"The package lacks {name}, a picture of its report.")
        _open_picture((folder / name).read_bytes(), name)
