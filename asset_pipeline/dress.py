"""A level dressed: its surface with what the scan shows, as a texture, as colours, or as the scan's own picture."""

from dataclasses import dataclass

import numpy as np

from asset_pipeline.atlas import make_atlas
from asset_pipeline.bake import bake_picture
from asset_pipeline.bvh import Bvh
from asset_pipeline.mesh import Material, Mesh, Surface
from asset_pipeline.sides import Sides
from asset_pipeline.vertex_colours import fit_vertex_colours


@dataclass(frozen=True)
class BuiltLevel:
    """One level: what was asked for, and its mesh, whose one material if any holds raw pictures."""

    asked: int
    mesh: Mesh


def dress_level(surface: Surface, asked: int, scan: Mesh, bvh: Bvh, sides: Sides) -> BuiltLevel:
    """The level's surface with what the scan shows: its picture, its vertex colours, or neither."""
    positions, faces = surface.positions, surface.faces
    if has_picture(scan):
        if asked == scan.triangles and _single_picture(scan):
            return _keep_source(scan, asked)
        atlas = make_atlas(positions, faces, sides.colour_px)
        shown = Material(picture=bake_picture(atlas, scan, bvh, sides.colour_px))
        return BuiltLevel(asked, Mesh(atlas.positions, atlas.faces, atlas.uv, materials=(shown,)))
    if scan.colours is not None or scan.materials:
        colours = fit_vertex_colours(positions, faces, scan, bvh)
        return BuiltLevel(asked, Mesh(positions, faces, colours=colours))
    return BuiltLevel(asked, Mesh(positions, faces))


def has_picture(mesh: Mesh) -> bool:
    """Whether some part of the mesh shows a picture."""
    return mesh.uv is not None and any(material.picture is not None for material in mesh.materials)


def _single_picture(mesh: Mesh) -> bool:
    inside = mesh.uv is not None and bool(np.all((mesh.uv >= 0) & (mesh.uv <= 1)))
    return len(mesh.materials) == 1 and mesh.colours is None and inside and mesh.materials[0].colour == (1.0, 1.0, 1.0)


def _keep_source(scan: Mesh, asked: int) -> BuiltLevel:
    """A scan that is small enough as it is keeps its own texture coordinates and picture."""
    return BuiltLevel(asked, Mesh(scan.positions, scan.faces, scan.uv, materials=scan.materials))
