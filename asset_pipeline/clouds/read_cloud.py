"""A point cloud in, a scan out: its upper surface as a mesh, or fewer of its points, as the caller chose."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from asset_pipeline.clouds.cloud import Cloud, PointChunk, Points, gather_cloud, sample_coloured
from asset_pipeline.clouds.crs import UNKNOWN, Crs, make_crs
from asset_pipeline.clouds.heightfield import (
    SEVERAL_HEIGHTS,
    Heightfield,
    choose_cell,
    make_heightfield,
    sample_top,
)
from asset_pipeline.clouds.read_las import crs_of, read_las
from asset_pipeline.clouds.thinning import spread_points, thin_cloud
from asset_pipeline.clouds.triangulate import mesh_heightfield
from asset_pipeline.errors import OptionRefused, ScanRefused
from asset_pipeline.manifest import Source
from asset_pipeline.mesh import Mesh, ordinary_points
from asset_pipeline.options import METRES, BuildOptions, Up
from asset_pipeline.output.listing import hash_file
from asset_pipeline.prechecks.precheck_las import read_las_header
from asset_pipeline.prechecks.precheck_plain import read_ply_header
from asset_pipeline.readers.guess import resolve_unit
from asset_pipeline.readers.read_ply import read_ply
from asset_pipeline.scan import Origin, Progress, Scan, ScanWarning, SourceFacts, Survey, no_progress, warn

LAS = {".las", ".laz"}
CELLS_A_TRIANGLE = 32  # the surface has at most so many cells for each triangle of the finest level
LEAST_CELLS = 200_000
SAMPLES = 200_000


@dataclass(frozen=True)
class _Frame:
    """How a file's coordinates are to be read: times scale (horizontal, vertical), z up once they are turned."""

    crs: Crs
    scale: tuple[float, float]
    up: Up
    up_from: Origin
    warnings: tuple[ScanWarning, ...]


def is_cloud(path: Path, kind: str) -> bool:
    """Whether a checked file holds points and no faces. kind is its suffix."""
    if kind in LAS:
        return True
    return kind == ".ply" and not any(item.count for item in read_ply_header(path).elements if item.name == "face")


def read_cloud(path: Path, kind: str, options: BuildOptions, progress: Progress = no_progress) -> Scan:
    """The scan that a point cloud gives, in the file's frame (metres where the file names its unit). Raises ScanRefused."""
    frame = _find_frame(path, kind, options)
    with _open(path, kind, frame, progress) as cloud:
        if options.points == "surface":
            mesh, survey, notes = _take_surface(cloud, options)
        else:
            mesh, survey, notes = _take_points(cloud, options)
        found = cloud.points + sum(cloud.dropped.values())
    mesh = replace(mesh, positions=_turn_back(mesh.positions, frame.up))
    survey = replace(survey, sample=_turn_back(survey.sample, frame.up))
    if frame.crs.unit_m is not None and options.unit is None:
        unit, unit_from, unit_notes = resolve_unit(mesh, ".glb", None)  # metres, by the format's word
    else:
        unit, unit_from, unit_notes = resolve_unit(mesh, kind, options.unit)
    source = Source(path.name, hash_file(path), path.stat().st_size, 0, found, unit, frame.up)
    facts = SourceFacts(source, kind.removeprefix("."), unit_from, frame.up_from)
    return Scan(mesh, facts, (*notes, *frame.warnings, *_say_dropped(survey), *unit_notes), survey)


@contextmanager
def open_tiles(paths: tuple[Path, ...], options: BuildOptions, progress: Progress = no_progress) -> Iterator[Cloud]:
    """Several LAS or LAZ tiles as one cloud in metres, z up. Raises ScanRefused, OptionRefused."""
    frames = [_find_frame(path, path.suffix.lower(), options) for path in paths]
    if any((frame.crs.code, frame.scale) != (frames[0].crs.code, frames[0].scale) for frame in frames):
        raise OptionRefused("tiles_differ", "The tiles have different map coordinates or units; build them one by one.")
    metres = METRES[options.unit] if options.unit is not None else 1.0
    scale = (frames[0].scale[0] * metres, frames[0].scale[1] * metres)

    def chunks() -> Iterator[PointChunk]:
        for number, path in enumerate(paths):
            yield from read_las(path, scale, lambda _, part, done=number: progress("read", (done + part) / len(paths)))  # type: ignore[misc]

    with gather_cloud(chunks(), _find_origin(paths[0], scale), frames[0].crs) as cloud:
        yield cloud


def _find_frame(path: Path, kind: str, options: BuildOptions) -> _Frame:
    if kind not in LAS:
        if options.crs is not None:
            raise OptionRefused("crs_not_for_this", "Only LAS and LAZ files are read with map coordinates.")
        return _Frame(UNKNOWN, (1.0, 1.0), options.up or "z", "option" if options.up else "guess", ())
    crs = crs_of(read_las_header(path))
    if options.crs is not None:
        crs = replace(make_crs(options.crs), height_unit_m=crs.height_unit_m)
    warnings = []
    if crs.old_datum:
        warnings.append(warn("old_datum", epsg=int(crs.code or 0)))
    unit_m = 1.0 if options.unit is not None else crs.unit_m or 1.0
    height_m = unit_m if options.unit is not None else crs.height_unit_m or unit_m
    if (unit_m, height_m) != (1.0, 1.0):
        warnings.append(warn("unit_turned", unit_m=unit_m, height_unit_m=height_m))
    return _Frame(crs, (unit_m, height_m), options.up or "z", "option" if options.up else "format", tuple(warnings))


def _find_origin(path: Path, scale: tuple[float, float]) -> Points:
    """A round number near the middle of a file, so that what is left of its coordinates is small."""
    header = read_las_header(path)
    middle = (np.array(header.low) + np.array(header.high)) / 2
    return np.asarray(np.floor(middle * [scale[0], scale[0], scale[1]]))


@contextmanager
def _open(path: Path, kind: str, frame: _Frame, progress: Progress) -> Iterator[Cloud]:
    if kind in LAS:
        origin = _find_origin(path, frame.scale)
        with gather_cloud(
            _turned(read_las(path, frame.scale, progress), frame.up), _turn(origin, frame.up), frame.crs
        ) as cloud:
            yield cloud
        return
    mesh, _ = read_ply(path, progress)
    ordinary = mesh.positions[ordinary_points(mesh.positions)]
    if not len(ordinary):
        raise ScanRefused("no_finite_point", f"{path.name} holds no point with ordinary coordinates.", "read")
    colours = None if mesh.colours is None else mesh.colours.astype(np.uint16)
    chunks = _turned(iter([PointChunk(mesh.positions, colours)]), frame.up)
    with gather_cloud(chunks, np.floor(_turn((ordinary.min(axis=0) + ordinary.max(axis=0)) / 2, frame.up))) as cloud:
        yield cloud


def _turn(positions: Points, up: Up) -> Points:
    """Positions (..., 3) with z up, of positions in the file's axes."""
    return positions if up == "z" else np.stack([positions[..., 0], -positions[..., 2], positions[..., 1]], axis=-1)


def _turned(chunks: Iterator[PointChunk], up: Up) -> Iterator[PointChunk]:
    for chunk in chunks:
        yield replace(chunk, positions=_turn(chunk.positions, up))


def _turn_back(positions: Points, up: Up) -> Points:
    return positions if up == "z" else np.stack([positions[:, 0], positions[:, 2], -positions[:, 1]], axis=1)


def _take_surface(cloud: Cloud, options: BuildOptions) -> tuple[Mesh, Survey, list[ScanWarning]]:
    most = max(LEAST_CELLS, CELLS_A_TRIANGLE * max(options.levels))
    field = make_heightfield(cloud, choose_cell(cloud, most))
    mesh = mesh_heightfield(field)
    if mesh.triangles == 0:
        text = "The points lie too far apart, or above one another, to span a surface; --points points keeps them as points."
        raise ScanRefused("cloud_no_surface", text, "read")
    sample = sample_top(cloud, field, SAMPLES)
    facts = {
        "taken_as": "surface",
        "points": cloud.points,
        "cell": round(field.grid.cell, 6),
        "several_heights": round(field.several_share, 4),
        "under_surface": round(field.under_share, 4),
        "spikes": field.spikes,
        "bridged_cells": field.bridged,
        "open_gaps": field.open_gaps,
    }
    survey = Survey("surface", sample + cloud.origin, _common(cloud) | facts, cloud.crs.projection)
    return replace(mesh, positions=mesh.positions + cloud.origin), survey, _say_surface(cloud, field)


def _say_surface(cloud: Cloud, field: Heightfield) -> list[ScanWarning]:
    notes = [warn("points_as_surface", count=cloud.points, cell=float(field.grid.cell))]
    if field.several_share >= SEVERAL_HEIGHTS:
        notes.append(warn("points_not_flat", share=float(field.several_share)))
    if field.open_gaps:
        notes.append(warn("gaps_open", count=int(field.open_gaps)))
    return notes


def _take_points(cloud: Cloud, options: BuildOptions) -> tuple[Mesh, Survey, list[ScanWarning]]:
    at, colours = thin_cloud(cloud, max(options.levels))
    chosen = spread_points(at, max(options.levels))
    sample, sample_colours = sample_coloured(cloud, SAMPLES)
    survey = Survey(
        "points",
        sample + cloud.origin,
        _common(cloud) | {"taken_as": "points", "points": cloud.points},
        cloud.crs.projection,
        sample_colours,
    )
    mesh = Mesh(
        at[chosen].astype(np.float64) + cloud.origin,
        np.zeros((0, 3), np.int32),
        colours=None if colours is None else colours[chosen],
    )
    return mesh, survey, [warn("points_as_points", count=cloud.points, finest=len(chosen))]


def _common(cloud: Cloud) -> dict[str, Any]:
    code = cloud.crs.code
    return {"dropped": dict(cloud.dropped), "crs": None if code is None else f"EPSG:{code}"}


def _say_dropped(survey: Survey) -> list[ScanWarning]:
    noise, broken = (int(survey.facts["dropped"][why]) for why in ("noise", "broken"))
    notes = [warn("points_noise", count=noise)] if noise else []
    return [*notes, warn("points_broken", count=broken)] if broken else notes
