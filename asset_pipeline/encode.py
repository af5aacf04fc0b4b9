"""A level as GLB: quantised and meshopt-compressed for phones, or plain core glTF for other tools.

The JSON is written by hand, keys in a fixed order: the same mesh gives the same bytes.
Sources: glTF 2.0; KHR_mesh_quantization; EXT_meshopt_compression; EXT_texture_webp.
"""

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import meshopt
import numpy as np
from numpy.typing import NDArray

from asset_pipeline.mesh import Faces, Mesh
from asset_pipeline.normals import smooth_normals
from asset_pipeline.texture import Texture

GENERATOR = "Dejima XR"
POSITION_STEPS = 65535
NORMAL_BITS = 8
UBYTE, BYTE, USHORT, UINT, FLOAT = 5121, 5120, 5123, 5125, 5126
ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963


@dataclass(frozen=True)
class Vertices:
    """A level's vertex rows with a normal each, in the order a GPU likes; uv and colours as the level has them."""

    positions: NDArray[np.float64]
    normals: NDArray[np.float32]
    uv: NDArray[np.float32] | None
    colours: NDArray[np.uint8] | None
    faces: Faces


@dataclass
class Document:
    """A GLB in the making: its JSON lists and its binary chunk."""

    json: dict[str, Any]
    binary: bytearray = field(default_factory=bytearray)
    plain_bytes: int = 0  # what the compressed views unpack to


def split_vertices(mesh: Mesh) -> Vertices:
    """Vertex rows such that each has one normal: those on a sharp edge stand once a side."""
    normals = smooth_normals(mesh).reshape(-1, 3)
    quantised = np.rint(normals * 63).astype(np.int64)  # normals that differ by less are one
    key = mesh.faces.reshape(-1).astype(np.int64) * 128**3 + (quantised + 64) @ np.array([128**2, 128, 1])
    _, kept, corners = np.unique(key, return_index=True, return_inverse=True)
    indices, places, _ = meshopt.reorder_mesh(corners.reshape(-1).astype(np.uint32), True, False)
    order = np.empty(len(kept), np.int64)
    order[places] = np.arange(len(kept))
    rows = mesh.faces.reshape(-1)[kept[order]]
    return Vertices(
        positions=mesh.positions[rows],
        normals=normals[kept[order]],
        uv=None if mesh.uv is None else mesh.uv[rows],
        colours=None if mesh.colours is None else mesh.colours[rows],
        faces=indices.reshape(-1, 3).astype(np.int32),
    )


def encode_level(mesh: Mesh, texture: Texture | None, name: str) -> bytes:
    """The level as GLB with KHR_mesh_quantization and EXT_meshopt_compression."""
    vertices = split_vertices(mesh)
    low, high = mesh.bounds()
    step = float((high - low).max()) / POSITION_STEPS or 1.0
    document = _start(name, ["KHR_mesh_quantization", "EXT_meshopt_compression"])
    document.json["nodes"] = [{"mesh": 0, "name": name, "scale": [step] * 3, "translation": low.tolist()}]
    attributes = {
        "POSITION": _add_positions(document, np.rint((vertices.positions - low) / step).astype(np.uint16)),
        "NORMAL": _add_normals(document, vertices.normals),
    }
    if vertices.uv is not None and texture is not None:
        uv = np.rint(np.clip(vertices.uv, 0, 1) * 65535).astype(np.uint16)
        attributes["TEXCOORD_0"] = _add_packed(
            document, uv, {"componentType": USHORT, "normalized": True, "type": "VEC2"}
        )
    elif vertices.colours is not None:
        rows = np.zeros((len(vertices.colours), 4), np.uint16)
        rows[:, :3] = linear_colours(vertices.colours)
        attributes["COLOR_0"] = _add_packed(
            document, rows, {"componentType": USHORT, "normalized": True, "type": "VEC3"}
        )
    indices = _add_indices(document, vertices.faces)
    _finish(document, attributes, indices, texture)
    return _pack(document)


def encode_plain(mesh: Mesh, texture: Texture | None, name: str) -> bytes:
    """The level as core glTF 2.0 with float positions, for Blender and other tools."""
    vertices = split_vertices(mesh)
    document = _start(name, [])
    document.json["nodes"] = [{"mesh": 0, "name": name}]
    positions = vertices.positions.astype(np.float32)
    bounds = {"min": positions.min(axis=0).tolist(), "max": positions.max(axis=0).tolist()}
    attributes = {
        "POSITION": _add_plain(document, positions, {"componentType": FLOAT, "type": "VEC3", **bounds}),
        "NORMAL": _add_plain(document, vertices.normals, {"componentType": FLOAT, "type": "VEC3"}),
    }
    if vertices.uv is not None and texture is not None:
        attributes["TEXCOORD_0"] = _add_plain(document, vertices.uv, {"componentType": FLOAT, "type": "VEC2"})
    elif vertices.colours is not None:
        colours = linear_colours(vertices.colours).astype(np.float32) / 65535
        attributes["COLOR_0"] = _add_plain(document, colours, {"componentType": FLOAT, "type": "VEC3"})
    indices = _add_plain(
        document,
        vertices.faces.astype(np.uint32).reshape(-1),
        {"componentType": UINT, "type": "SCALAR"},
        ELEMENT_BUFFER,
    )
    _finish(document, attributes, indices, texture)
    return _pack(document)


def linear_colours(colours: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """sRGB bytes as linear 16-bit values, as glTF wants vertex colours; 12 bits are kept, enough for every byte value."""
    share = colours.astype(np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.minimum(np.rint(linear * 4096) * 16, 65535), np.uint16)


def _start(name: str, extensions: list[str]) -> Document:
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": GENERATOR},
        "scene": 0,
        "scenes": [{"nodes": [0], "name": name}],
        "nodes": [],
        "meshes": [],
        "materials": [],
        "accessors": [],
        "bufferViews": [],
        "buffers": [],
    }
    if extensions:
        document = {"extensionsUsed": list(extensions), "extensionsRequired": list(extensions), **document}
    return Document(document)


def _append(document: Document, data: bytes) -> int:
    document.binary += b"\0" * (-len(document.binary) % 4)
    offset = len(document.binary)
    document.binary += data
    return offset


def _add_accessor(document: Document, view: dict[str, Any], accessor: dict[str, Any]) -> int:
    document.json["bufferViews"].append(view)
    document.json["accessors"].append({"bufferView": len(document.json["bufferViews"]) - 1, **accessor})
    return len(document.json["accessors"]) - 1


def _add_plain(document: Document, rows: NDArray[Any], accessor: dict[str, Any], target: int = ARRAY_BUFFER) -> int:
    offset = _append(document, rows.tobytes())
    view = {"buffer": 0, "byteOffset": offset, "byteLength": rows.nbytes, "target": target}
    return _add_accessor(document, view, {"count": len(rows), **accessor})


def _add_packed(document: Document, rows: NDArray[Any], accessor: dict[str, Any], filter_name: str = "NONE") -> int:
    """A compressed view of vertex rows; its place in buffer 1 is only where a client may unpack it."""
    packed = meshopt.encode_gltf_buffer(rows, "ATTRIBUTES")
    stride = rows.nbytes // len(rows)
    extension = {"mode": "ATTRIBUTES", "count": len(rows), "byteStride": stride}
    if filter_name != "NONE":
        extension["filter"] = filter_name
    view = {**_packed_view(document, packed, rows.nbytes, extension), "byteStride": stride, "target": ARRAY_BUFFER}
    return _add_accessor(document, view, {"count": len(rows), **accessor})


def _packed_view(document: Document, packed: bytes, plain_bytes: int, extension: dict[str, Any]) -> dict[str, Any]:
    offset, unpacked_at = _append(document, packed), document.plain_bytes
    document.plain_bytes += plain_bytes + (-plain_bytes % 4)
    source = {"buffer": 0, "byteOffset": offset, "byteLength": len(packed), **extension}
    return {
        "buffer": 1,
        "byteOffset": unpacked_at,
        "byteLength": plain_bytes,
        "extensions": {"EXT_meshopt_compression": source},
    }


def _add_positions(document: Document, quantised: NDArray[np.uint16]) -> int:
    rows = np.zeros((len(quantised), 4), np.uint16)  # rows are padded to 8 bytes, as glTF asks for multiples of 4
    rows[:, :3] = quantised
    bounds = {"min": quantised.min(axis=0).tolist(), "max": quantised.max(axis=0).tolist()}
    return _add_packed(document, rows, {"componentType": USHORT, "type": "VEC3", **bounds})


def _add_normals(document: Document, normals: NDArray[np.float32]) -> int:
    four = np.concatenate([normals, np.ones((len(normals), 1), np.float32)], axis=1)
    rows = meshopt.encode_filter_oct(four, 4, NORMAL_BITS)
    return _add_packed(document, rows, {"componentType": BYTE, "normalized": True, "type": "VEC3"}, "OCTAHEDRAL")


def _add_indices(document: Document, faces: Faces) -> int:
    flat = faces.reshape(-1).astype(np.uint32)
    size = 2 if int(flat.max()) < 65535 else 4
    packed = meshopt.encode_gltf_buffer(flat, "TRIANGLES")
    extension = {"mode": "TRIANGLES", "count": len(flat), "byteStride": size}
    view = {**_packed_view(document, packed, len(flat) * size, extension), "target": ELEMENT_BUFFER}
    return _add_accessor(
        document, view, {"count": len(flat), "componentType": USHORT if size == 2 else UINT, "type": "SCALAR"}
    )


def _finish(document: Document, attributes: dict[str, int], indices: int, texture: Texture | None) -> None:
    surface: dict[str, Any] = {"metallicFactor": 0, "roughnessFactor": 1}
    if texture is not None:
        surface["baseColorTexture"] = {"index": 0}
        _add_texture(document, texture)
    elif "COLOR_0" not in attributes:
        surface["baseColorFactor"] = [0.58, 0.58, 0.58, 1]
    document.json["materials"] = [{"pbrMetallicRoughness": surface, "doubleSided": True}]
    primitive = {"attributes": attributes, "indices": indices, "material": 0, "mode": 4}
    document.json["meshes"] = [{"primitives": [primitive]}]


def _add_texture(document: Document, texture: Texture) -> None:
    offset = _append(document, texture.data)
    document.json["bufferViews"].append({"buffer": 0, "byteOffset": offset, "byteLength": len(texture.data)})
    document.json["images"] = [{"bufferView": len(document.json["bufferViews"]) - 1, "mimeType": texture.media_type}]
    document.json["samplers"] = [{"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}]
    if texture.media_type == "image/webp":
        document.json["textures"] = [{"sampler": 0, "extensions": {"EXT_texture_webp": {"source": 0}}}]
        for key in ("extensionsUsed", "extensionsRequired"):
            document.json[key] = [*document.json.get(key, []), "EXT_texture_webp"]
    else:
        document.json["textures"] = [{"sampler": 0, "source": 0}]


def _pack(document: Document) -> bytes:
    document.binary += b"\0" * (-len(document.binary) % 4)
    document.json["buffers"] = [{"byteLength": len(document.binary)}]
    if document.plain_bytes:
        fallback = {"byteLength": document.plain_bytes, "extensions": {"EXT_meshopt_compression": {"fallback": True}}}
        document.json["buffers"].append(fallback)
    text = json.dumps(document.json, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    total = 12 + 8 + len(text) + 8 + len(document.binary)
    head = struct.pack("<4sII", b"glTF", 2, total) + struct.pack("<I4s", len(text), b"JSON")
    return head + text + struct.pack("<I4s", len(document.binary), b"BIN\0") + bytes(document.binary)
