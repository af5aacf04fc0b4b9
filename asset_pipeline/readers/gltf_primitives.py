"""One primitive of a glTF as triangles in the scene: its faces, texture coordinates and colours."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.geometry.spool import CHUNK, copy_array, empty_array, let_go
from asset_pipeline.prechecks.precheck_compressed import find_draco
from asset_pipeline.prechecks.precheck_scene import Document
from asset_pipeline.readers.gltf_buffers import Gltf, read_accessor
from asset_pipeline.readers.gltf_draco import Unpacked, needs_draco, read_draco_rows
from asset_pipeline.readers.gltf_placing import Placing
from asset_pipeline.readers.gltf_scene import Matrix

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


def read_part(
    gltf: Gltf, primitive: Document, matrix: Matrix, placing: Placing | None, streams: dict[int, Unpacked]
) -> Part:
    """A primitive of triangles placed in the scene. Raises ScanRefused.

    placing None: its material shows no picture. streams: the Draco data of the file, by buffer view.
    """
    packed = find_draco(primitive)
    rows = Rows(gltf, primitive, streams[packed["bufferView"]] if packed and needs_draco(gltf, primitive) else None)
    positions = rows.read("POSITION")
    faces = _read_faces(rows, len(positions))
    chosen: slice | NDArray[np.int64] = slice(None)
    if faces.size < len(positions):  # many parts may be cut from the same vertices
        chosen, corners = np.unique(faces, return_inverse=True)
        faces = corners.reshape(-1, 3).astype(np.int32)
    places = _place(positions[chosen], matrix)
    if np.linalg.det(matrix[:3, :3]) < 0:
        faces = faces[:, [0, 2, 1]]  # a mirrored part would show its back
    colours = None
    if "COLOR_0" in primitive["attributes"]:
        colours = _to_srgb(rows.read("COLOR_0", len(positions))[chosen])
    uv = None
    if placing is not None and placing.uv in primitive["attributes"]:
        uv = _lay(rows.read(placing.uv, len(positions))[chosen], placing)
    return Part(places, faces, uv, colours, primitive.get("material", -1))


def _place(positions: NDArray[Any], matrix: Matrix) -> NDArray[np.float64]:
    places = empty_array(positions.shape, np.float64)
    for start in range(0, len(places), CHUNK):
        part = slice(start, start + CHUNK)
        places[part] = positions[part].astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
        let_go(places, positions)
    return places


@dataclass(frozen=True)
class Rows:
    """Where a primitive's attributes are: in accessors, or in a Draco stream."""

    gltf: Gltf
    primitive: Document
    unpacked: Unpacked | None

    def read(self, name: str, wanted: int | None = None) -> NDArray[Any]:
        """The values (n, k) of an attribute, n as wanted. Raises ScanRefused."""
        found = None
        if self.unpacked is not None:
            found = read_draco_rows(self.gltf, self.primitive, name, self.unpacked)
        if found is None:
            found = read_accessor(self.gltf, self.primitive["attributes"][name])
        if wanted is not None and len(found) != wanted:
            text = f"{name[:40]} has {len(found)} values for {wanted} vertices; export the scan again."
            raise ScanRefused("gltf_primitive", text, "read")
        return found


def name_lost(primitive: Document, uv: str) -> set[str]:
    """Names of what a primitive carries and the mesh does not keep; uv is the set of texture coordinates in use."""
    lost = {str(name)[:40] for name in primitive["attributes"] if name not in KEPT and name != uv}
    return lost | ({"morph targets"} if "targets" in primitive else set())


def _read_faces(rows: Rows, vertices: int) -> NDArray[np.int32]:
    primitive = rows.primitive
    if rows.unpacked is not None:
        return _make_faces(rows.unpacked.corners, TRIANGLES, vertices)
    row = np.arange(vertices, dtype=np.uint32)
    if "indices" in primitive:
        row = read_accessor(rows.gltf, primitive["indices"])[:, 0]
    return _make_faces(row, primitive.get("mode", TRIANGLES), vertices)


def _make_faces(row: NDArray[Any], mode: int, vertices: int) -> NDArray[np.int32]:
    if len(row) and int(row.max()) >= vertices:
        text = f"A face names vertex {row.max()}; its part has {vertices}."
        raise ScanRefused("face_index", text, "read")
    row = copy_array(row, np.int32)
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


def _lay(uv: NDArray[Any], placing: Placing) -> NDArray[np.float32]:
    if placing.is_plain:
        return uv[:, :2].astype(np.float32)
    matrix = placing.matrix
    return np.asarray(uv[:, :2].astype(np.float64) @ matrix[:, :2].T + matrix[:, 2], np.float32)


def _to_srgb(values: NDArray[Any]) -> NDArray[np.uint8]:
    """sRGB bytes of COLOR_0, which counts in linear light."""
    whole = {"u1": 255.0, "u2": 65535.0}.get(values.dtype.str[1:], 1.0)  # some writers forget `normalized`
    linear = np.clip(np.nan_to_num(values[:, :3].astype(np.float32) / np.float32(whole)), 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(srgb * 255 + 0.5, np.uint8)
