"""glTF and GLB: every mesh that the scene shows, its nodes' transforms applied, as one mesh."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.gltf_buffers import Gltf, open_gltf, read_accessor
from asset_pipeline.gltf_materials import MapInfo, find_map, read_materials
from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.precheck_scene import Document
from asset_pipeline.scan import Progress, ScanWarning, no_progress

Matrix = NDArray[np.float64]
TRIANGLES, STRIP, FAN = 4, 5, 6
KEPT = {"POSITION", "NORMAL", "TANGENT", "COLOR_0"}  # normals are made anew after collapse


@dataclass(frozen=True)
class Part:
    """One primitive in scene coordinates; material -1 is none. uv None: it has no texture coordinates."""

    positions: NDArray[np.float64]
    faces: NDArray[np.int64]
    uv: NDArray[np.float32] | None
    colours: NDArray[np.uint8] | None
    material: int


def read_gltf(path: Path, progress: Progress = no_progress) -> tuple[Mesh, list[ScanWarning]]:
    """The surface of a GLB or glTF file. Raises ScanRefused."""
    with open_gltf(path) as gltf:
        placed = list(_placed_primitives(gltf))
        parts, lost = [], _name_lost(gltf)
        for index, (primitive, matrix) in enumerate(placed):
            part = _read_part(gltf, primitive, matrix, lost)
            if part is not None:
                parts.append(part)
            progress("read", (index + 1) / (len(placed) + 1))
        materials, warnings = read_materials(gltf, sorted({part.material for part in parts}))
    if lost:
        warnings.append(ScanWarning("gltf_dropped", f"Not kept from {path.name}: {', '.join(sorted(lost))}."))
    return _join(parts, materials, warnings, path.name), warnings


def _name_lost(gltf: Gltf) -> set[str]:
    lost = {name for name in ("skins", "animations") if gltf.items(name)}
    shown = set(_scene_nodes(gltf))
    if any("mesh" in node for index, node in enumerate(gltf.items("nodes")) if index not in shown):
        lost.add("meshes outside the default scene")
    return lost


def _scene_roots(gltf: Gltf) -> list[int]:
    scenes = gltf.items("scenes")
    if scenes:
        roots: list[int] = scenes[gltf.document.get("scene", 0)].get("nodes", [])
        return roots
    children = {child for node in gltf.items("nodes") for child in node.get("children", [])}
    return [index for index in range(len(gltf.items("nodes"))) if index not in children]


def _scene_nodes(gltf: Gltf) -> dict[int, Matrix]:
    """The nodes of the default scene with their transforms to it, in the order of the tree."""
    nodes, found = gltf.items("nodes"), {}
    waiting = [(root, np.eye(4)) for root in reversed(_scene_roots(gltf))]
    while waiting:
        index, above = waiting.pop()
        found[index] = above @ _local_matrix(nodes[index])
        waiting += [(child, found[index]) for child in reversed(nodes[index].get("children", []))]
    return found


def _placed_primitives(gltf: Gltf) -> Iterator[tuple[Document, Matrix]]:
    nodes, meshes = gltf.items("nodes"), gltf.items("meshes")
    for index, matrix in _scene_nodes(gltf).items():
        if "mesh" in nodes[index]:
            for primitive in meshes[nodes[index]["mesh"]].get("primitives", []):
                yield primitive, matrix


def _local_matrix(node: Document) -> Matrix:
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T  # stored column by column
    x, y, z, w = node.get("rotation", (0.0, 0.0, 0.0, 1.0))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(node.get("scale", (1.0, 1.0, 1.0)), np.float64)
    matrix[:3, 3] = node.get("translation", (0.0, 0.0, 0.0))
    return matrix


def _read_part(gltf: Gltf, primitive: Document, matrix: Matrix, lost: set[str]) -> Part | None:
    """One primitive placed in the scene, None for points and lines; what is left out is added to `lost`."""
    mode, attributes = primitive.get("mode", TRIANGLES), primitive["attributes"]
    if mode not in (TRIANGLES, STRIP, FAN):
        lost.add("points and lines")
        return None
    if "targets" in primitive:
        lost.add("morph targets")
    positions = read_accessor(gltf, attributes["POSITION"]).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    faces = _read_faces(gltf, primitive, len(positions))
    if np.linalg.det(matrix[:3, :3]) < 0:
        faces = faces[:, [0, 2, 1]]  # a mirrored part would show its back
    material = primitive.get("material", -1)
    info = find_map(gltf.items("materials")[material]) if material >= 0 else None
    name, uv = _read_uv(gltf, attributes, info)
    lost.update(_name_attributes(attributes, name))
    colours = _read_colours(read_accessor(gltf, attributes["COLOR_0"])) if "COLOR_0" in attributes else None
    return Part(positions, faces, uv, colours, material)


def _name_attributes(attributes: Document, uv: str) -> set[str]:
    return {str(name)[:40] for name in attributes if name not in KEPT and name != uv}


def _read_faces(gltf: Gltf, primitive: Document, vertices: int) -> NDArray[np.int64]:
    row = np.arange(vertices)
    if "indices" in primitive:
        row = read_accessor(gltf, primitive["indices"])[:, 0].astype(np.int64)
    if len(row) and row.max() >= vertices:
        text = f"A face names vertex {row.max()}; its part has {vertices}."
        raise ScanRefused("face_index", text, "read")
    mode = primitive.get("mode", TRIANGLES)
    if mode == TRIANGLES:
        if len(row) % 3:
            raise ScanRefused(
                "gltf_indices", f"A part has {len(row)} corners, which is no whole number of triangles.", "read"
            )
        return row.reshape(-1, 3)
    if len(row) < 3:
        return np.zeros((0, 3), np.int64)
    if mode == FAN:
        return np.stack([np.full(len(row) - 2, row[0]), row[1:-1], row[2:]], axis=1)
    strip = np.stack([row[:-2], row[1:-1], row[2:]], axis=1)
    strip[1::2] = strip[1::2][:, [1, 0, 2]]  # every other triangle of a strip turns the other way
    return strip


def _read_uv(gltf: Gltf, attributes: Document, info: MapInfo | None) -> tuple[str, NDArray[np.float32] | None]:
    """The texture coordinates that the base colour picture uses, and their name."""
    change = (info or {}).get("extensions", {}).get("KHR_texture_transform", {})
    number = change.get("texCoord", (info or {}).get("texCoord", 0))
    name = f"TEXCOORD_{number}"
    if name not in attributes:
        return name, None
    uv = read_accessor(gltf, attributes[name])[:, :2].astype(np.float64)
    if change:
        turn, (sx, sy) = float(change.get("rotation", 0.0)), change.get("scale", (1.0, 1.0))
        u, v = uv[:, 0] * sx, uv[:, 1] * sy
        uv = np.stack([math.cos(turn) * u + math.sin(turn) * v, math.cos(turn) * v - math.sin(turn) * u], axis=1)
        uv += np.array(change.get("offset", (0.0, 0.0)), np.float64)
    return name, uv.astype(np.float32)


def _read_colours(values: NDArray[Any]) -> NDArray[np.uint8]:
    """sRGB bytes of COLOR_0, which counts in linear light."""
    whole = {"u1": 255.0, "u2": 65535.0}.get(values.dtype.str[1:], 1.0)  # some writers forget `normalized`
    linear = np.clip(np.nan_to_num(values[:, :3].astype(np.float32) / whole), 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(srgb * 255 + 0.5, np.uint8)


def _join(parts: list[Part], materials: dict[int, Material], warnings: list[ScanWarning], name: str) -> Mesh:
    """The parts as one mesh; a part whose picture cannot be laid on it loses the picture, with a warning."""
    if not parts:
        return Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32))
    looks: list[tuple[int, bool]] = []
    for part in parts:
        look = (part.material, part.uv is None and materials[part.material].picture is not None)
        if look[1]:
            text = f"A part of {name} has a picture but no texture coordinates; it keeps its plain colour only."
            warnings.append(ScanWarning("uv_missing", text))
        looks.append(look)
    order = list(dict.fromkeys(looks))
    counts = [len(part.positions) for part in parts]
    starts = np.cumsum([0, *counts[:-1]])
    faces = [part.faces + start for part, start in zip(parts, starts, strict=True)]
    uses = [np.full(len(part.faces), order.index(look), np.int32) for part, look in zip(parts, looks, strict=True)]
    plain = order == [(-1, False)]
    return Mesh(
        np.concatenate([part.positions for part in parts]),
        np.concatenate(faces).astype(np.int32),
        _stack([part.uv for part in parts], counts, np.zeros(2, np.float32)),
        _stack([part.colours for part in parts], counts, np.full(3, 255, np.uint8)),
        () if plain else tuple(_look(materials[index], bare) for index, bare in order),
        None if plain else np.concatenate(uses),
    )


def _look(material: Material, bare: bool) -> Material:
    return Material(material.name, material.colour) if bare else material


def _stack(columns: list[NDArray[Any] | None], counts: list[int], neutral: NDArray[Any]) -> NDArray[Any] | None:
    """The columns end to end, a neutral value where a part has none; None when no part has any."""
    if all(column is None for column in columns):
        return None
    return np.concatenate(
        [np.tile(neutral, (n, 1)) if column is None else column for column, n in zip(columns, counts, strict=True)]
    )
