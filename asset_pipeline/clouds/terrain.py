"""Surveyed tiles in, terrain and occluders out: the bare ground as a package, present-day buildings as shapes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from asset_pipeline.built import BuildResult
from asset_pipeline.clouds.cloud import Cloud
from asset_pipeline.clouds.grid import Mask, Plane
from asset_pipeline.clouds.ground import fill_plane, find_ground, read_layers, slide, sound_lowest
from asset_pipeline.clouds.heightfield import Heightfield, choose_cell, make_heightfield
from asset_pipeline.clouds.occluders import Occluder, Place, dump_for_scene, dump_geojson, outline_roofs
from asset_pipeline.clouds.place import settle_anchor
from asset_pipeline.clouds.projection import Projection, unproject
from asset_pipeline.clouds.read_cloud import open_tiles
from asset_pipeline.clouds.relief import draw_relief
from asset_pipeline.clouds.roofs import Roofs, find_roofs
from asset_pipeline.clouds.triangulate import mesh_heightfield
from asset_pipeline.geopose import Vector, enu_to_geodetic, quaternion_to_heading
from asset_pipeline.mesh import Mesh
from asset_pipeline.options import BuildOptions
from asset_pipeline.scan import Progress, ScanWarning, no_progress

LEAST_CELL_M = 0.5  # finer cells show the noise of a survey from the air
GROUND_CELL_M, MOST_GROUND_CELLS = 1.0, 700_000
CLOSED_CELLS = 13  # gaps narrower than this are closed in the terrain
SMOOTHINGS = 20
NEAR_GROUND_M = 0.4  # a surface so near to the ground lends it its colour
SURVEYED = "as surveyed"  # positions and heights nobody could tell more about
TERRAIN_FILE, GEOJSON_FILE, SCENE_FILE, PREVIEW_FILE = (
    "terrain.ply",
    "occluders.geojson",
    "occluders.json",
    "preview.webp",
)


@dataclass(frozen=True)
class Tile:
    """What was found on a tile: surface, ground (rows, columns) in metres, roofs, and where the grid's (0, 0) lies."""

    field: Heightfield
    ground: Plane
    roofs: Roofs
    origin: Vector
    classed: bool
    points: int
    projection: Projection | None
    land: Mask


@dataclass(frozen=True)
class TerrainResult:
    """What was written; package None when nobody said where on the Earth the tile lies."""

    folder: Path
    package: BuildResult | None
    occluders: tuple[Occluder, ...]
    facts: dict[str, Any]
    notes: tuple[ScanWarning, ...]


def build_terrain(
    tiles: tuple[Path, ...], out: Path, options: BuildOptions, progress: Progress = no_progress
) -> TerrainResult:
    """Ground, occluders and a preview of LAS or LAZ tiles, written into a folder. Raises ScanRefused, OptionRefused."""
    with open_tiles(tiles, options, lambda _, part: progress("read", 0.25 * part)) as cloud:
        progress("ground", 0.25)
        tile = find_tile(cloud)
    progress("outlines", 0.5)
    occluders = outline_roofs(tile.roofs, tile.field.tops, tile.ground, tile.field.grid)
    mesh, offset_m = make_terrain(tile)
    placed = options.own_place is None or tile.projection is not None
    height_known = options.own_place is None or options.own_place.height_m is not None
    notes: list[ScanWarning] = []
    if placed:
        anchor, notes = settle_anchor(options, tile.projection, offset_m)
        options = replace(options, anchor=anchor, own_place=None)
    place = _choose_place(tile, options, offset_m, placed)
    kind = options.anchor.height_kind if height_known else SURVEYED
    about: dict[str, Any] = {"positions": "WGS 84" if placed else SURVEYED, "height_kind": kind}
    lift_m = tile.origin[2] + (options.anchor.geopose.position.h - offset_m[1] if placed else 0.0)
    about |= {"source": ", ".join(tile.name for tile in tiles)}
    out.mkdir(parents=True, exist_ok=True)
    (out / GEOJSON_FILE).write_bytes(dump_geojson(occluders, place, lift_m, about))
    (out / SCENE_FILE).write_bytes(dump_for_scene(occluders, place, lift_m, about))
    (out / PREVIEW_FILE).write_bytes(draw_relief(tile.field.tops, tile.field.grid, occluders))
    write_terrain(out / TERRAIN_FILE, mesh)
    package = None
    if placed:
        from asset_pipeline.package import build_package

        ready = replace(options, unit="m", up="z", crs=None)
        package = build_package(out / TERRAIN_FILE, out, ready, lambda stage, part: progress(stage, 0.55 + 0.45 * part))
    return TerrainResult(out, package, tuple(occluders), _facts(tile, occluders), tuple(notes))


def find_tile(cloud: Cloud) -> Tile:
    """Surface, ground and roofs of a cloud in metres, z up. Raises ScanRefused."""
    field = make_heightfield(cloud, max(LEAST_CELL_M, choose_cell(cloud)))
    layers = read_layers(cloud, field.grid)
    ground, seen, classed = find_ground(layers, field.grid.cell)
    roofs = find_roofs(field.tops, ground, layers, field.grid.cell)
    land = seen
    if not classed and roofs.land.any():  # knolls that the filter took for buildings
        land = seen | roofs.land
        ground = fill_plane(np.where(land, sound_lowest(layers), np.float32(np.nan)), SMOOTHINGS)
    origin = (float(cloud.origin[0]), float(cloud.origin[1]), float(cloud.origin[2]))
    return Tile(field, ground, roofs, origin, classed, cloud.points, cloud.crs.projection, land)


def make_terrain(tile: Tile) -> tuple[Mesh, Vector]:
    """(the ground in metres, z up, its origin in the middle of its footprint on the lowest level; where that origin lies).

    The place is (east, height, -north) in the tile's own coordinates, as everywhere in the pipeline.
    """
    field, grid = tile.field, tile.field.grid
    step = max(1, int(np.ceil(GROUND_CELL_M / grid.cell)))
    while grid.rows * grid.columns // step**2 > MOST_GROUND_CELLS:
        step += 1
    near = np.abs(field.tops - tile.ground) < NEAR_GROUND_M
    means = np.zeros((*grid.shape, 7), np.float32)
    means[:, :, 1:3] = grid.cell * step / 2
    for channel in range(4, 7):
        means[:, :, channel] = fill_plane(np.where(near, field.means[:, :, channel], np.float32(np.nan)), 2)
    ground = np.where(_close(np.isfinite(field.tops)), tile.ground, np.float32(np.nan))
    coarse = replace(grid, cell=grid.cell * step, rows=len(ground[::step]), columns=len(ground[0, ::step]))
    thinned = replace(
        field, grid=coarse, tops=ground[::step, ::step].copy(), means=np.clip(means[::step, ::step], 0, 255)
    )
    mesh = mesh_heightfield(thinned)
    low, high = mesh.bounds()
    middle = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]])
    east_m, north_m, height_m = (middle + tile.origin).tolist()
    return replace(mesh, positions=mesh.positions - middle), (east_m, height_m, -north_m)


def write_terrain(path: Path, mesh: Mesh) -> None:
    """The mesh as binary PLY with colours, in metres, z up."""
    vertex = np.zeros(mesh.vertices, [("at", "<f4", 3), ("rgb", "u1", 3)])
    vertex["at"] = mesh.positions
    vertex["rgb"] = 200 if mesh.colours is None else mesh.colours
    face = np.zeros(mesh.triangles, [("corners", "u1"), ("names", "<i4", 3)])
    face["corners"], face["names"] = 3, mesh.faces
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {mesh.vertices}"]
    lines += [f"property float {axis}" for axis in "xyz"]
    lines += [f"property uchar {name}" for name in ("red", "green", "blue")]
    lines += [f"element face {mesh.triangles}", "property list uchar int vertex_indices", "end_header", ""]
    path.write_bytes("\n".join(lines).encode() + vertex.tobytes() + face.tobytes())


def _close(known: Mask) -> Mask:
    """The known cells and what lies in gaps between them that are not wide."""
    grown = slide(known.astype(np.float32), CLOSED_CELLS, lowest=False)
    return np.asarray(known | (slide(grown, CLOSED_CELLS, lowest=True) > 0))


def _choose_place(tile: Tile, options: BuildOptions, offset_m: Vector, placed: bool) -> Place:
    """How a point of the grid becomes what is written."""
    east_m, north_m, _ = tile.origin
    if tile.projection is not None:
        return _on_map(tile.projection, east_m, north_m)
    if placed:
        return _round_anchor(options, east_m - offset_m[0], north_m + offset_m[2])
    return lambda x, y: (y + north_m, x + east_m)


def _on_map(projection: Projection, east_m: float, north_m: float) -> Place:
    def place(x: float, y: float) -> tuple[float, float]:
        found = unproject(projection, x + east_m, y + north_m)
        if found is None:
            raise ValueError("the tile was placed before, so all of it lies in the zone")
        return found

    return place


def _round_anchor(options: BuildOptions, shift_east: float, shift_north: float) -> Place:
    """Grid points by the place and heading of the terrain's origin."""
    pose = options.anchor.geopose
    turn = np.radians(quaternion_to_heading(pose.quaternion))

    def place(x: float, y: float) -> tuple[float, float]:
        right, ahead = x + shift_east, y + shift_north
        east, north = right * np.cos(turn) + ahead * np.sin(turn), ahead * np.cos(turn) - right * np.sin(turn)
        found = enu_to_geodetic((float(east), float(north), 0.0), pose.position)
        return found.lat, found.lon

    return place


def _facts(tile: Tile, occluders: list[Occluder]) -> dict[str, Any]:
    return {
        "points": tile.points,
        "cell_m": round(tile.field.grid.cell, 3),
        "ground_from": "class" if tile.classed else "filter",
        "occluders": len(occluders),
        "refused": tile.roofs.refused,
    }
