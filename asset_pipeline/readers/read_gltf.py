"""glTF and GLB: every mesh that the scene shows, its nodes' transforms applied, as one mesh."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.readers.gltf_buffers import Gltf, open_gltf
from asset_pipeline.readers.gltf_draco import unpack_draco
from asset_pipeline.readers.gltf_materials import find_placing, read_materials
from asset_pipeline.readers.gltf_primitives import FAN, STRIP, TRIANGLES, Part, name_lost, read_part
from asset_pipeline.readers.gltf_scene import placed_primitives, scene_nodes
from asset_pipeline.scan import Progress, ScanWarning, no_progress, warn

LOST_NODES = ("EXT_mesh_gpu_instancing", "KHR_lights_punctual")


def read_gltf(path: Path, progress: Progress = no_progress) -> tuple[Mesh, list[ScanWarning]]:
    """The surface of a GLB or glTF file. Raises ScanRefused."""
    with open_gltf(path) as gltf:
        parts, lost = _read_parts(gltf, progress)
        materials, warnings = read_materials(gltf, sorted({part.material for part in parts}))
    if lost:
        warnings.append(warn("gltf_dropped", file=path.name, names=", ".join(sorted(lost))))
    return join_parts(parts, materials, warnings, path.name), warnings


def _read_parts(gltf: Gltf, progress: Progress) -> tuple[list[Part], set[str]]:
    """The parts the scene shows, and the names of what is left out."""
    placed = list(placed_primitives(gltf))
    streams = unpack_draco(gltf, (primitive for primitive, _ in placed))
    parts, lost = [], _name_lost(gltf)
    for index, (primitive, matrix) in enumerate(placed):
        if primitive.get("mode", TRIANGLES) in (TRIANGLES, STRIP, FAN):
            placing = find_placing(gltf, primitive.get("material", -1))
            lost |= name_lost(primitive, placing.uv if placing else "TEXCOORD_0")
            parts.append(read_part(gltf, primitive, matrix, placing, streams))
        else:
            lost.add("points and lines")
        progress("read", (index + 1) / (len(placed) + 1))
    return parts, lost


def _name_lost(gltf: Gltf) -> set[str]:
    lost = {name for name in ("skins", "animations") if gltf.items(name)}
    shown, nodes = set(scene_nodes(gltf)), gltf.items("nodes")
    if any("mesh" in node for index, node in enumerate(nodes) if index not in shown):
        lost.add("meshes outside the default scene")
    return lost | {name for name in LOST_NODES if any(name in node.get("extensions", {}) for node in nodes)}


def join_parts(parts: list[Part], materials: dict[int, Material], warnings: list[ScanWarning], name: str) -> Mesh:
    """The parts as one mesh; a part whose pictures cannot be laid on it loses them, with a warning."""
    if not parts:
        return Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32))
    looks = [(part.material, part.uv is None and _has_picture(materials[part.material])) for part in parts]
    if any(bare for _, bare in looks):
        warnings.append(warn("uv_missing", file=name))
    order = list(dict.fromkeys(looks))
    counts = [len(part.positions) for part in parts]
    starts = np.cumsum([0, *counts[:-1]], dtype=np.int64)
    faces = [part.faces + np.int32(start) for part, start in zip(parts, starts, strict=True)]
    uses = [np.full(len(part.faces), order.index(look), np.int32) for part, look in zip(parts, looks, strict=True)]
    plain = order == [(-1, False)]
    return Mesh(
        _end_to_end([part.positions for part in parts]),
        _end_to_end(faces),
        _stack([part.uv for part in parts], counts, np.zeros(2, np.float32)),
        _stack([part.colours for part in parts], counts, np.full(3, 255, np.uint8)),
        () if plain else tuple(_look(materials[index], bare) for index, bare in order),
        None if plain else _end_to_end(uses),
    )


def _has_picture(material: Material) -> bool:
    return any(item is not None for item in (material.picture, material.normal_map, material.roughness_map))


def _look(material: Material, bare: bool) -> Material:
    if not bare:
        return material
    return replace(material, picture=None, source_jpeg=None, normal_map=None, roughness_map=None)


def _end_to_end(columns: list[NDArray[Any]]) -> NDArray[Any]:
    return columns[0] if len(columns) == 1 else np.concatenate(columns)


def _stack(columns: list[NDArray[Any] | None], counts: list[int], neutral: NDArray[Any]) -> NDArray[Any] | None:
    """The columns end to end, a neutral value where a part has none; None when no part has any."""
    if all(column is None for column in columns):
        return None
    return _end_to_end(
        [np.tile(neutral, (n, 1)) if column is None else column for column, n in zip(columns, counts, strict=True)]
    )
