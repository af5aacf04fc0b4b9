"""What the scan shows, carried over to a level's pictures: colour, form finer than its triangles, roughness and metal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.appearance.atlas import Atlas
from asset_pipeline.appearance.source import Rows, Source
from asset_pipeline.appearance.tangent import shown_normals, to_tangent
from asset_pipeline.appearance.texels import QUARTERS, find_texels, spread_hits, texel_steps
from asset_pipeline.geometry.bvh import Hits, find_closest
from asset_pipeline.geometry.layer import finish_layer, put_texels, start_layer
from asset_pipeline.geometry.normals import encoded_normals
from asset_pipeline.geometry.surface import colours_at, normals_at, points_at, surface_maps_at
from asset_pipeline.mesh import Image, Mesh

QUERY_ROWS = 1 << 18  # texels worked on at once: what is known of each need not be kept
REACH = 3.0  # how much farther, in RMS distances, a place may lie that faces the right way than one that does not


@dataclass(frozen=True)
class Wanted:
    """Sides in px of the pictures to bake, powers of two; 0: not wanted."""

    colour_px: int = 0
    normal_px: int = 0
    roughness_px: int = 0


@dataclass(frozen=True)
class Baked:
    """Pictures (px, px, 3) on an atlas.

    colour: sRGB, the mean over each texel's area. normal_map: in the level's tangent space, green up. roughness_map: green
    roughness, blue metal. Gaps between charts are filled smoothly, so that mipmaps do not bleed.
    """

    colour: Image | None
    normal_map: Image | None
    roughness_map: Image | None


def bake(atlas: Atlas, source: Source, wanted: Wanted) -> Baked:
    """The wanted pictures, each texel from the closest place of the scan that faces the level's way."""
    px = max(wanted.colour_px, wanted.normal_px, wanted.roughness_px)
    texels = find_texels(atlas.uv, atlas.faces, px)
    level_normals = encoded_normals(Mesh(atlas.positions, atlas.faces))
    steps = texel_steps(atlas.uv, atlas.positions, atlas.faces, px)
    colour, normal, roughness = (
        start_layer(px, side) if side else None for side in (wanted.colour_px, wanted.normal_px, wanted.roughness_px)
    )
    for start in range(0, len(texels.face), QUERY_ROWS):
        here = texels.part(start, start + QUERY_ROWS)
        place = texels.place[start : start + QUERY_ROWS]
        base = normals_at(level_normals, here)
        hits = _find_facing(source, points_at(atlas.positions, atlas.faces, here), base)
        if colour:
            put_texels(colour, place, _mean_colours(source.scan, hits, steps[here.face]))
        if normal:
            put_texels(normal, place, _level_normals(atlas, source, hits, (here.face, base)))
        if roughness:
            put_texels(roughness, place, surface_maps_at(source.scan, hits))
    return Baked(*(finish_layer(layer) if layer else None for layer in (colour, normal, roughness)))


def has_one_finish(scan: Mesh) -> bool:
    """Whether the whole scan is equally rough and equally metallic."""
    looks = {(material.roughness, material.metallic) for material in scan.materials}
    return len(looks) < 2 and all(material.roughness_map is None for material in scan.materials)


def _find_facing(source: Source, points: NDArray[np.float64], base: Rows) -> Hits:
    """The closest hits; one that looks the other way gives way to one a little farther off: not the back of a wall."""
    hits = find_closest(source.bvh, points)
    away = np.flatnonzero(np.einsum("nk,nk->n", normals_at(source.normals, hits), base) < 0)
    if not len(away):
        return hits
    more = REACH * float(np.sqrt(np.mean(hits.distance.astype(np.float64) ** 2)))
    reach = float(hits.distance[away].max()) + more
    second = find_closest(source.bvh, points[away], base[away], reach)
    better = (second.face >= 0) & (second.distance <= hits.distance[away] + more)
    for column, other in ((hits.face, second.face), (hits.weights, second.weights), (hits.distance, second.distance)):
        column[away[better]] = other[better]
    return hits


def _mean_colours(scan: Mesh, hits: Hits, steps: Rows) -> Rows:
    """The scan's colours over the areas of texels, whose steps on the level (n, 2, 3) are given."""
    colours = np.zeros((len(hits.face), 3), np.float32)
    for moved in spread_hits(steps, scan.positions, scan.faces, hits):
        colours += colours_at(scan, moved)
    return colours / np.float32(QUARTERS)


def _level_normals(atlas: Atlas, source: Source, hits: Hits, level: tuple[NDArray[np.int32], Rows]) -> Rows:
    """The scan's normals in the level's tangent space, as colours; level: the face and the interpolated normal of each."""
    face, base = level
    shown = shown_normals(source.scan, source.normals, hits)
    shown[np.einsum("nk,nk->n", shown, base) < 0] *= -1  # a sheet seen from its back
    return (to_tangent(atlas.positions, atlas.faces, atlas.uv, (face, base, shown)) + 1) * np.float32(127.5)
