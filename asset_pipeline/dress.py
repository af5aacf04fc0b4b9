"""A level dressed: its surface with what the scan shows. Where there are several ways, all are offered, to be measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from asset_pipeline.atlas import make_atlas
from asset_pipeline.bake import Source, bake_colour, bake_normal_map, bake_roughness, find_places, make_source
from asset_pipeline.bvh import Bvh
from asset_pipeline.mesh import Material, Mesh, Surface
from asset_pipeline.sides import Sides
from asset_pipeline.vertex_colours import fit_vertex_colours

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


def dress_ways(surface: Surface, asked: int, source: Source, sides: Sides) -> Iterator[BuiltLevel]:
    """The ways to show the scan on a level's surface, the plainest first, each made when it is asked for."""
    scan = source.scan
    if len(surface.faces) == scan.triangles and keeps_source(scan):
        yield BuiltLevel(asked, scan, "source")
    elif not has_picture(scan):
        yield _dress_plainly(surface, asked, source)
    if has_picture(scan) or _has_colours(scan) or sides.normal_px:
        dressed = _dress_atlas(surface, asked, source, sides)
        if dressed is not None:
            yield dressed


def dress_level(surface: Surface, asked: int, scan: Mesh, bvh: Bvh, sides: Sides) -> BuiltLevel:
    """The first way to show the scan on a level's surface."""
    return next(dress_ways(surface, asked, make_source(scan, bvh), sides))


def has_picture(mesh: Mesh) -> bool:
    """Whether some part of the mesh shows a picture, of colour or of anything else."""
    maps = ((each.picture, each.normal_map, each.roughness_map) for each in mesh.materials)
    return mesh.uv is not None and any(picture is not None for group in maps for picture in group)


def keeps_source(scan: Mesh) -> bool:
    """Whether a level may wear the scan's own pictures on its own coordinates: one material, inside its pictures."""
    if scan.uv is None or not has_picture(scan) or len(scan.materials) != 1 or scan.colours is not None:
        return False
    return bool(np.all((scan.uv >= 0) & (scan.uv <= 1)))


def _has_colours(scan: Mesh) -> bool:
    return scan.colours is not None or bool(scan.materials)


def _finish_of(scan: Mesh) -> tuple[float, float]:
    """Roughness and metallic factors where no map says them."""
    return (scan.materials[0].roughness, scan.materials[0].metallic) if scan.materials else (1.0, 0.0)


def _dress_plainly(surface: Surface, asked: int, source: Source) -> BuiltLevel:
    """With vertex colours where the scan has any; a part's plain colour is one."""
    if not _has_colours(source.scan):
        return BuiltLevel(asked, Mesh(surface.positions, surface.faces))
    colours = fit_vertex_colours(surface.positions, surface.faces, source.scan, source.bvh)
    roughness, metallic = _finish_of(source.scan)
    material = Material(roughness=roughness, metallic=metallic)
    return BuiltLevel(asked, Mesh(surface.positions, surface.faces, colours=colours, materials=(material,)))


def _dress_atlas(surface: Surface, asked: int, source: Source, sides: Sides) -> BuiltLevel | None:
    """With pictures on coordinates of its own; None when there would be none."""
    scan = source.scan
    px = max(sides.colour_px, sides.normal_px)
    atlas = make_atlas(surface.positions, surface.faces, px)
    places = find_places(atlas, source, px)
    picture = bake_colour(atlas, source, places, sides.colour_px) if _has_colours(scan) else None
    normal_map = bake_normal_map(atlas, source, places, sides.normal_px) if sides.normal_px else None
    roughness_map = bake_roughness(source, places, min(sides.colour_px, sides.normal_px or sides.colour_px))
    if picture is None and normal_map is None and roughness_map is None:
        return None
    roughness, metallic = (1.0, 1.0) if roughness_map is not None else _finish_of(scan)
    material = Material("", (1.0, 1.0, 1.0), picture, None, normal_map, roughness_map, roughness, metallic)
    mesh = Mesh(atlas.positions, atlas.faces, atlas.uv, materials=(material,))
    return BuiltLevel(asked, mesh, "atlas")
