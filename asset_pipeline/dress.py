"""A level dressed: its surface with what the scan shows, as a texture, as colours, or as the scan's own picture."""

from dataclasses import dataclass

import numpy as np

from asset_pipeline.atlas import make_atlas
from asset_pipeline.bake import bake_picture
from asset_pipeline.bvh import Bvh
from asset_pipeline.mesh import Material, Mesh, Surface
from asset_pipeline.texture import Original, Texture, decode, encode_texture
from asset_pipeline.vertex_colours import fit_vertex_colours

LEVEL_TEXTURE_SHARE = (1, 1, 2, 4)  # the texture's side is halved from the third level on
MIN_TEXTURE_PX = 256


@dataclass(frozen=True)
class BuiltLevel:
    """One level as it will be encoded: the mesh shows the texture as a client will decode it."""

    asked: int
    mesh: Mesh
    texture: Texture | None


def texture_size(index: int, texture_px: int) -> int:
    """Side in px of the texture of a level; 0 is the finest."""
    return max(MIN_TEXTURE_PX, texture_px // LEVEL_TEXTURE_SHARE[min(index, len(LEVEL_TEXTURE_SHARE) - 1)])


def dress_level(surface: Surface, asked: int, scan: Mesh, bvh: Bvh, texture_px: int) -> BuiltLevel:
    """The level's surface with what the scan shows: its picture, its vertex colours, or neither."""
    positions, faces = surface.positions, surface.faces
    if has_picture(scan):
        if asked == scan.triangles and _single_picture(scan):
            return _keep_source(scan, asked)
        atlas = make_atlas(positions, faces, texture_px)
        texture = encode_texture(Original(bake_picture(atlas, scan, bvh, texture_px))).common
        shown = Material(picture=decode(texture.data))
        return BuiltLevel(asked, Mesh(atlas.positions, atlas.faces, atlas.uv, materials=(shown,)), texture)
    if scan.colours is not None or scan.materials:
        colours = fit_vertex_colours(positions, faces, scan, bvh)
        return BuiltLevel(asked, Mesh(positions, faces, colours=colours), None)
    return BuiltLevel(asked, Mesh(positions, faces), None)


def has_picture(mesh: Mesh) -> bool:
    """Whether some part of the mesh shows a picture."""
    return mesh.uv is not None and any(material.picture is not None for material in mesh.materials)


def _single_picture(mesh: Mesh) -> bool:
    inside = mesh.uv is not None and bool(np.all((mesh.uv >= 0) & (mesh.uv <= 1)))
    return len(mesh.materials) == 1 and mesh.colours is None and inside and mesh.materials[0].colour == (1.0, 1.0, 1.0)


def _keep_source(scan: Mesh, asked: int) -> BuiltLevel:
    """A scan that is small enough as it is keeps its own texture coordinates and picture."""
    material = scan.materials[0]
    if material.picture is None:
        raise ValueError("only a scan with a picture keeps it")
    texture = encode_texture(Original(material.picture, source_jpeg=material.source_jpeg)).common
    shown = Material(picture=decode(texture.data))
    return BuiltLevel(asked, Mesh(scan.positions, scan.faces, scan.uv, materials=(shown,)), texture)
