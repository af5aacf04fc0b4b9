"""A level dressed: its surface with what the scan shows. Where there are several ways, all are offered, to be measured."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from asset_pipeline.appearance.atlas import Atlas, lay_flat, make_atlas, measure_stretch
from asset_pipeline.appearance.bake import Wanted, bake, has_one_finish
from asset_pipeline.appearance.measure import find_places, has_colour, measure_colour, measure_look
from asset_pipeline.appearance.own_charts import bake_relief, keep_charts
from asset_pipeline.appearance.sides import Sides
from asset_pipeline.appearance.source import Source
from asset_pipeline.appearance.vertex_colours import fit_vertex_colours
from asset_pipeline.mesh import Material, Mesh, Surface

TRIAL_SAMPLES = 60_000
LEAST_WIN_DB = 1.5  # of likeness in light, before encoding, that a normal map must bring
GOOD_DB = 33.0  # colours so like the scan's that other coordinates are not tried
MOST_STRETCH = 2.0

Coordinates = Literal["source", "atlas", "none"]


@dataclass(frozen=True)
class BuiltLevel:
    """A level as one way shows the scan on it, nothing encoded yet.

    asked: its budget. mesh: with one material that holds the pictures as baked, or with vertex colours, or bare.
    uv: whose texture coordinates it has.
    """

    asked: int
    mesh: Mesh
    uv: Coordinates = "none"


def dress_ways(
    surface: Surface, asked: int, source: Source, sides: Sides, finest: bool = False
) -> Iterator[BuiltLevel]:
    """The ways to show the scan on a level's surface, the plainest first, each made when it is asked for.

    Of the finest level also the scan's own coordinates, on a surface of their own.
    """
    scan = source.scan
    if len(surface.faces) == scan.triangles and keeps_source(scan):
        yield BuiltLevel(asked, scan, "source")
    elif not has_picture(scan):
        yield _dress_plainly(surface, asked, source)
    if has_picture(scan) or has_colour(scan) or sides.normal_px:
        yield from _dress_atlases(surface, asked, source, sides)
    if finest and (kept := keep_charts(surface, asked, source, sides)) is not None:
        yield BuiltLevel(asked, _add_relief(kept, source, sides), "source")


def _add_relief(mesh: Mesh, source: Source, sides: Sides) -> Mesh:
    """With a normal map on the scan's own coordinates, where these allow one and light shows it."""
    relief = bake_relief(mesh, source, sides.normal_px)
    if relief is None:
        return mesh
    return _keep_useful_map(mesh, replace(mesh, materials=(replace(mesh.materials[0], normal_map=relief),)), source)


def _dress_atlases(surface: Surface, asked: int, source: Source, sides: Sides) -> Iterator[BuiltLevel]:
    """As one flat chart where the surface allows it; cut into charts where that is not already good."""
    px = max(sides.colour_px, sides.normal_px)
    flat = lay_flat(surface.positions, surface.faces, px)
    if flat is not None:
        way = _dress_atlas(flat, asked, source, sides)
        if way is not None:
            yield way
            if _is_good(way.mesh, source):
                return
    way = _dress_atlas(make_atlas(surface.positions, surface.faces, px), asked, source, sides)
    if way is not None:
        yield way


def _is_good(mesh: Mesh, source: Source) -> bool:
    """Whether a flat chart shows the scan as well as any: by its colours, or without any by how little it is stretched."""
    if not has_colour(source.scan) or mesh.uv is None:
        return mesh.uv is not None and measure_stretch(mesh.positions, mesh.faces, mesh.uv) < MOST_STRETCH
    return measure_colour(mesh, find_places(source, mesh, TRIAL_SAMPLES)) >= GOOD_DB


def has_picture(mesh: Mesh) -> bool:
    """Whether some part of the mesh shows a picture, of colour or of anything else."""
    maps = ((each.picture, each.normal_map, each.roughness_map) for each in mesh.materials)
    return mesh.uv is not None and any(picture is not None for group in maps for picture in group)


def keeps_source(scan: Mesh) -> bool:
    """Whether a level may wear the scan's own pictures on its own coordinates: one material, inside its pictures."""
    if scan.uv is None or not has_picture(scan) or len(scan.materials) != 1 or scan.colours is not None:
        return False
    return bool(np.all((scan.uv >= 0) & (scan.uv <= 1)))


def _finish_of(scan: Mesh) -> tuple[float, float]:
    """Roughness and metallic factors where no map says them."""
    return (scan.materials[0].roughness, scan.materials[0].metallic) if scan.materials else (1.0, 0.0)


def _dress_plainly(surface: Surface, asked: int, source: Source) -> BuiltLevel:
    """With vertex colours where the scan has any; a part's plain colour is one."""
    if not has_colour(source.scan):
        return BuiltLevel(asked, Mesh(surface.positions, surface.faces))
    colours = fit_vertex_colours(surface.positions, surface.faces, source.scan, source.bvh)
    roughness, metallic = _finish_of(source.scan)
    material = Material(roughness=roughness, metallic=metallic)
    return BuiltLevel(asked, Mesh(surface.positions, surface.faces, colours=colours, materials=(material,)))


def _dress_atlas(atlas: Atlas, asked: int, source: Source, sides: Sides) -> BuiltLevel | None:
    """With pictures on the atlas; None when there would be none."""
    scan = source.scan
    roughness_px = 0 if has_one_finish(scan) else min(sides.colour_px, sides.normal_px or sides.colour_px)
    baked = bake(atlas, source, Wanted(sides.colour_px if has_colour(scan) else 0, sides.normal_px, roughness_px))
    roughness, metallic = (1.0, 1.0) if roughness_px else _finish_of(scan)
    material = Material(picture=baked.colour, roughness_map=baked.roughness_map, roughness=roughness, metallic=metallic)
    mesh = Mesh(atlas.positions, atlas.faces, atlas.uv, materials=(material,))
    if baked.normal_map is not None:
        mapped = replace(material, normal_map=baked.normal_map)
        mesh = _keep_useful_map(mesh, replace(mesh, materials=(mapped,)), source)
    shown = mesh.materials[0]
    if shown.picture is None and shown.normal_map is None and shown.roughness_map is None:
        return None
    return BuiltLevel(asked, mesh, "atlas")


def _keep_useful_map(without: Mesh, mapped: Mesh, source: Source) -> Mesh:
    """The mesh with its normal map, if light shows the difference; on rubble it would be noise, and large."""
    places = find_places(source, without, TRIAL_SAMPLES)
    plain_db, mapped_db = (measure_look(source, mesh, places) for mesh in (without, mapped))
    return mapped if mapped_db >= plain_db + LEAST_WIN_DB else without
