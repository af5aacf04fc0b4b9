"""What the scan shows, carried over to a level's texture: colour, form finer than its triangles, roughness and metal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.atlas import Atlas
from asset_pipeline.bvh import Bvh, Hits, find_closest
from asset_pipeline.mesh import Image, Mesh
from asset_pipeline.normals import encoded_normals, smooth_normals
from asset_pipeline.surface import colours_at, normals_at, points_at, surface_maps_at
from asset_pipeline.tangent import shown_normals, to_tangent
from asset_pipeline.texels import SUB_TEXELS, Texels, fill_gaps, find_texels, spread_hits, texel_steps

QUERY_ROWS = 1 << 18
REACH = 3.0  # how much farther, in RMS distances, a place may lie that faces the right way than one that does not

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """A scan ready to be baked from: its tree, and its own normals (m, 3, 3), one a corner of each face."""

    scan: Mesh
    bvh: Bvh
    normals: Rows


def make_source(scan: Mesh, bvh: Bvh) -> Source:
    """The scan with its smooth normals."""
    return Source(scan, bvh, smooth_normals(scan) if bvh.normals is None else bvh.normals)


@dataclass(frozen=True)
class Places:
    """Where on the scan each texel of a level looks: the texels, the level's normals there (n, 3), and the hits."""

    texels: Texels
    base: Rows
    hits: Hits


def find_places(atlas: Atlas, source: Source, px: int) -> Places:
    """For each texel the closest place of the scan that faces the level's way, or the closest one where none is near."""
    texels = find_texels(atlas.uv, atlas.faces, px)
    level_normals = encoded_normals(Mesh(atlas.positions, atlas.faces))
    base = np.empty((len(texels.face), 3), np.float32)
    face, distance = np.empty(len(base), np.int32), np.empty(len(base), np.float32)
    weights = np.empty_like(base)
    for start in range(0, len(base), QUERY_ROWS):
        part = slice(start, start + QUERY_ROWS)
        here = texels.part(start, start + QUERY_ROWS)
        base[part] = normals_at(level_normals, here)
        hits = _find_facing(source, points_at(atlas.positions, atlas.faces, here), base[part])
        face[part], weights[part], distance[part] = hits.face, hits.weights, hits.distance
    return Places(texels, base, Hits(face, weights, distance))


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


def bake_colour(atlas: Atlas, source: Source, places: Places, px: int) -> Image:
    """The scan's colour over the area of every texel, (px, px, 3); gaps are filled smoothly: mipmaps do not bleed.

    px, here and below: the texels' own side or a half, a quarter ... of it.
    """
    scan, texels = source.scan, places.texels
    steps = texel_steps(atlas.uv, atlas.positions, atlas.faces, texels.px)
    picture = np.zeros((texels.px * texels.px, 3), np.float32)
    for start in range(0, len(texels.face), QUERY_ROWS):
        part = slice(start, start + QUERY_ROWS)
        hits, here = _part(places.hits, part), steps[texels.face[part]]
        colours = np.zeros((len(hits.face), 3), np.float32)
        for sub_texel in SUB_TEXELS:
            colours += colours_at(scan, spread_hits(here, scan.positions, scan.faces, hits, sub_texel))
        picture[texels.place[part]] = colours / len(SUB_TEXELS)
    return fill_gaps(*_reduce(picture, texels, px))


def bake_normal_map(atlas: Atlas, source: Source, places: Places, px: int) -> Image:
    """The scan's normals in the level's tangent space, (px, px, 3), green up; smaller than the texels, means of them."""
    texels = places.texels
    picture = np.zeros((texels.px * texels.px, 3), np.float32)
    for start in range(0, len(texels.face), QUERY_ROWS):
        part = slice(start, start + QUERY_ROWS)
        shown = shown_normals(source.scan, source.normals, _part(places.hits, part))
        base = places.base[part]
        behind = np.einsum("nk,nk->n", shown, base) < 0  # a sheet seen from its back
        shown[behind] *= -1
        rows = (texels.face[part], base, shown)
        picture[texels.place[part]] = to_tangent(atlas.positions, atlas.faces, atlas.uv, rows)
    small, known = _reduce(picture, texels, px)
    small /= np.maximum(np.linalg.norm(small, axis=2, keepdims=True), 1e-9)
    return fill_gaps((small + 1) * np.float32(127.5), known)


def bake_roughness(source: Source, places: Places, px: int) -> Image | None:
    """Roughness in green and metal in blue, (px, px, 3); None where the whole scan has one value."""
    looks = {(material.roughness, material.metallic) for material in source.scan.materials}
    if len(looks) < 2 and all(material.roughness_map is None for material in source.scan.materials):
        return None
    texels = places.texels
    picture = np.zeros((texels.px * texels.px, 3), np.float32)
    for start in range(0, len(texels.face), QUERY_ROWS):
        part = slice(start, start + QUERY_ROWS)
        picture[texels.place[part]] = surface_maps_at(source.scan, _part(places.hits, part))
    return fill_gaps(*_reduce(picture, texels, px))


def bake_picture(atlas: Atlas, scan: Mesh, bvh: Bvh, texture_px: int) -> Image:
    """The scan's colour on an atlas, (px, px, 3), for who needs nothing else."""
    source = make_source(scan, bvh)
    return bake_colour(atlas, source, find_places(atlas, source, texture_px), texture_px)


def _part(hits: Hits, part: slice) -> Hits:
    return Hits(hits.face[part], hits.weights[part], hits.distance[part])


def _reduce(picture: Rows, texels: Texels, px: int) -> tuple[Rows, NDArray[np.bool_]]:
    """The means (px, px, 3) of the known texels in each square, and which squares have one."""
    known = np.zeros(texels.px * texels.px, np.bool_)
    known[texels.place] = True
    part = texels.px // px
    if part == 1:
        return picture.reshape(px, px, 3), known.reshape(px, px)
    count = known.reshape(px, part, px, part).sum(axis=(1, 3), dtype=np.float32)
    total = picture.reshape(px, part, px, part, 3).sum(axis=(1, 3))
    return total / np.maximum(count, 1)[..., None], count > 0
