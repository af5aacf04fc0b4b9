"""A GLB in the making: JSON lists and a binary chunk, plain or compressed views, pictures, and the whole packed.

The JSON is written by hand, keys in a fixed order: the same values give the same bytes.
Sources: glTF 2.0; EXT_meshopt_compression; EXT_texture_webp; EXT_texture_avif.
"""

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import meshopt
import numpy as np
from numpy.typing import NDArray

from asset_pipeline.appearance.texture import Texture

GENERATOR = "Dejima XR"
UBYTE, BYTE, USHORT, UINT, FLOAT = 5121, 5120, 5123, 5125, 5126
ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963
PICTURE_EXTENSIONS = {"image/webp": "EXT_texture_webp", "image/avif": "EXT_texture_avif"}
SAMPLER = {"magFilter": 9729, "minFilter": 9987, "wrapS": 33071, "wrapT": 33071}  # linear, mipmaps, clamped


@dataclass
class Document:
    """A GLB in the making."""

    json: dict[str, Any]
    binary: bytearray = field(default_factory=bytearray)
    plain_bytes: int = 0  # what the compressed views unpack to


def start_document(extensions: list[str]) -> Document:
    """An empty scene with one node for the mesh; the extensions are used and required."""
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": GENERATOR},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [],
        "materials": [],
        "accessors": [],
        "bufferViews": [],
        "buffers": [],
    }
    if extensions:
        document = {"extensionsUsed": list(extensions), "extensionsRequired": list(extensions), **document}
    return Document(document)


def add_plain(document: Document, rows: NDArray[Any], accessor: dict[str, Any], target: int = ARRAY_BUFFER) -> int:
    """The accessor number of rows as they are."""
    offset = _append(document, rows.tobytes())
    view = {"buffer": 0, "byteOffset": offset, "byteLength": rows.nbytes, "target": target}
    return _add_accessor(document, view, {"count": len(rows), **accessor})


def add_packed(document: Document, rows: NDArray[Any], accessor: dict[str, Any], filter_name: str = "NONE") -> int:
    """The accessor number of compressed vertex rows, already filtered; their place in buffer 1 is where they unpack to."""
    packed = meshopt.encode_gltf_buffer(rows, "ATTRIBUTES")
    stride = rows.nbytes // len(rows)
    extension = {"mode": "ATTRIBUTES", "count": len(rows), "byteStride": stride}
    if filter_name != "NONE":
        extension["filter"] = filter_name
    view = {**_packed_view(document, packed, rows.nbytes, extension), "byteStride": stride, "target": ARRAY_BUFFER}
    return _add_accessor(document, view, {"count": len(rows), **accessor})


def add_indices(document: Document, corners: NDArray[np.uint32]) -> int:
    """The accessor number of triangles' corners (3 m,), compressed."""
    size = 2 if int(corners.max()) < 65535 else 4
    packed = meshopt.encode_gltf_buffer(corners, "TRIANGLES")
    extension = {"mode": "TRIANGLES", "count": len(corners), "byteStride": size}
    view = {**_packed_view(document, packed, len(corners) * size, extension), "target": ELEMENT_BUFFER}
    kind = USHORT if size == 2 else UINT
    return _add_accessor(document, view, {"count": len(corners), "componentType": kind, "type": "SCALAR"})


def add_texture(document: Document, texture: Texture) -> dict[str, int]:
    """The textureInfo of a picture put into the document."""
    offset = _append(document, texture.data)
    document.json["bufferViews"].append({"buffer": 0, "byteOffset": offset, "byteLength": len(texture.data)})
    images = document.json.setdefault("images", [])
    images.append({"bufferView": len(document.json["bufferViews"]) - 1, "mimeType": texture.media_type})
    document.json["samplers"] = [SAMPLER]
    source = {"source": len(images) - 1}
    textures = document.json.setdefault("textures", [])
    extension = PICTURE_EXTENSIONS.get(texture.media_type)
    textures.append({"sampler": 0, **({"extensions": {extension: source}} if extension else source)})
    for key in ("extensionsUsed", "extensionsRequired") if extension else ():
        named = document.json.setdefault(key, [])
        if extension not in named:
            named.append(extension)
    return {"index": len(textures) - 1}


def pack_document(document: Document) -> bytes:
    """The document as a GLB file."""
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


def _append(document: Document, data: bytes) -> int:
    document.binary += b"\0" * (-len(document.binary) % 4)
    offset = len(document.binary)
    document.binary += data
    return offset


def _add_accessor(document: Document, view: dict[str, Any], accessor: dict[str, Any]) -> int:
    document.json["bufferViews"].append(view)
    document.json["accessors"].append({"bufferView": len(document.json["bufferViews"]) - 1, **accessor})
    return len(document.json["accessors"]) - 1


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
