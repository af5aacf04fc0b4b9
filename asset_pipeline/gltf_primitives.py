"""One primitive of a glTF as triangles in the scene: its faces, texture coordinates and colours."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.gltf_buffers import Gltf, read_accessor
from asset_pipeline.gltf_draco import Unpacked, read_draco
from asset_pipeline.gltf_placing import Placing
from asset_pipeline.gltf_scene import Matrix
from asset_pipeline.precheck_compressed import find_draco
from asset_pipeline.precheck_scene import Document

TRIANGLES, STRIP, FAN = 4, 5, 6
KEPT = {"POSITION", "NORMAL", "TANGENT", "COLOR_0"}  # normals are made anew after collapse


@dataclass(frozen=True)
class Part:
    """One primitive in scene coordinates; material -1 is none. uv None: it has no texture coordinates."""

    positions: NDArray[np.float64]
    faces: NDArray[np.int32]
    uv: NDArray[np.float32] | None
    colours: NDArray[np.uint8] | None
    material: int


def read_part(gltf: Gltf, primitive: Document, matrix: Matrix, placing: Placing | None) -> Part:
    """A primitive of triangles placed in the scene; placing None: its material shows no picture. Raises ScanRefused."""
    unpacked = _unpack(gltf, primitive)
    positions = _read_rows(gltf, primitive, "POSITION", unpacked).astype(np.float64)
    positions = positions @ matrix[:3, :3].T + matrix[:3, 3]
    if unpacked is None:
        row = np.arange(len(positions), dtype=np.uint32)
        if "indices" in primitive:
            row = read_accessor(gltf, primitive["indices"])[:, 0]
        faces = _make_faces(row, primitive.get("mode", TRIANGLES), len(positions))
    else:
        faces = _make_faces(unpacked.corners, TRIANGLES, len(positions))
    if np.linalg.det(matrix[:3, :3]) < 0:
        faces = faces[:, [0, 2, 1]]  # a mirrored part would show its back
    uv = _read_uv(gltf, primitive, placing, unpacked)
    colours = None
    if "COLOR_0" in primitive["attributes"]:
        colours = _to_srgb(_read_rows(gltf, primitive, "COLOR_0", unpacked))
    return Part(positions, faces, uv, colours, primitive.get("material", -1))


def name_lost(primitive: Document, uv: str) -> set[str]:
    """Names of what a primitive carries and the mesh does not keep; uv is the set of texture coordinates in use."""
    lost = {str(name)[:40] for name in primitive["attributes"] if name not in KEPT and name != uv}
    return lost | ({"morph targets"} if "targets" in primitive else set())


def _unpack(gltf: Gltf, primitive: Document) -> Unpacked | None:
    """What the primitive's Draco stream holds; None when it has none, or has its data in the open as well."""
    packed = find_draco(primitive)
    accessors = gltf.items("accessors")
    needed = [*primitive["attributes"].values(), *([primitive["indices"]] if "indices" in primitive else [])]
    if packed is None or all("bufferView" in accessors[index] for index in needed):
        return None
    return read_draco(gltf, primitive, packed)


def _read_rows(gltf: Gltf, primitive: Document, name: str, unpacked: Unpacked | None) -> NDArray[Any]:
    if unpacked is not None and name in unpacked.rows:
        return unpacked.rows[name]
    return read_accessor(gltf, primitive["attributes"][name])


def _make_faces(row: NDArray[Any], mode: int, vertices: int) -> NDArray[np.int32]:
    if len(row) and int(row.max()) >= vertices:
        text = f"A face names vertex {row.max()}; its part has {vertices}."
        raise ScanRefused("face_index", text, "read")
    row = row.astype(np.int32)
    if mode == TRIANGLES:
        if len(row) % 3:
            text = f"A part has {len(row)} corners, which is no whole number of triangles."
            raise ScanRefused("gltf_indices", text, "read")
        return row.reshape(-1, 3)
    if len(row) < 3:
        return np.zeros((0, 3), np.int32)
    if mode == FAN:
        return np.stack([np.full(len(row) - 2, row[0]), row[1:-1], row[2:]], axis=1)
    strip = np.stack([row[:-2], row[1:-1], row[2:]], axis=1)
    strip[1::2] = strip[1::2][:, [1, 0, 2]]  # every other triangle of a strip turns the other way
    return strip


def _read_uv(
    gltf: Gltf, primitive: Document, placing: Placing | None, unpacked: Unpacked | None
) -> NDArray[np.float32] | None:
    if placing is None or placing.uv not in primitive["attributes"]:
        return None
    uv = _read_rows(gltf, primitive, placing.uv, unpacked)[:, :2]
    if len(uv) == 0 or placing.is_plain:
        return uv.astype(np.float32)
    matrix = placing.matrix
    return np.asarray(uv.astype(np.float64) @ matrix[:, :2].T + matrix[:, 2], np.float32)


def _to_srgb(values: NDArray[Any]) -> NDArray[np.uint8]:
    """sRGB bytes of COLOR_0, which counts in linear light."""
    whole = {"u1": 255.0, "u2": 65535.0}.get(values.dtype.str[1:], 1.0)  # some writers forget `normalized`
    linear = np.clip(np.nan_to_num(values[:, :3].astype(np.float32) / np.float32(whole)), 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(srgb * 255 + 0.5, np.uint8)
