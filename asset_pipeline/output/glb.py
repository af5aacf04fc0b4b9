"""A GLB of ours opened again, as a client would: chunks, compressed views, attributes, the pictures of its material."""

import json
import struct
from dataclasses import dataclass
from typing import Any

import meshopt
import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import PackageBroken

MESHOPT = "EXT_meshopt_compression"
PICTURE_EXTENSIONS = {"EXT_texture_webp": "image/webp", "EXT_texture_avif": "image/avif"}
CORE_PICTURES = ("image/jpeg", "image/png")
DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WHOLE = {5120: 127.0, 5121: 255.0, 5122: 32767.0, 5123: 65535.0}
PARTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
POINTS, TRIANGLES = 0, 4  # primitive modes


@dataclass(frozen=True)
class GlbPicture:
    """One picture of a material as it lies in the file."""

    data: bytes
    media_type: str


@dataclass(frozen=True)
class GlbModel:
    """What one GLB shows.

    positions (n, 3) in metres, faces (m, 3); normals, uv, colours (linear, 0..1) float or None; pictures by purpose
    (colour, normal, roughness); required: extensions a client must know; step_m: the size of one quantisation step, 0
    for floats.
    """

    positions: NDArray[np.float64]
    faces: NDArray[np.int64]
    normals: NDArray[np.float32] | None
    uv: NDArray[np.float32] | None
    colours: NDArray[np.float32] | None
    pictures: dict[str, GlbPicture]
    required: tuple[str, ...]
    step_m: float


@dataclass(frozen=True)
class Glb:
    """The JSON of a GLB and its binary chunk."""

    name: str
    document: dict[str, Any]
    binary: bytes


def decode_glb(data: bytes, name: str) -> GlbModel:
    """The model in a GLB that this pipeline wrote. Raises PackageBroken."""
    try:
        return _decode(_split(data, name))
    except PackageBroken:
        raise
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, RuntimeError, struct.error) as error:
        raise PackageBroken("model_unreadable", f"{name} cannot be decoded: {error}.") from error


def _split(data: bytes, name: str) -> Glb:
    magic, version, total, json_bytes, kind = struct.unpack("<4sIII4s", data[:20])
    if (magic, version, total, kind) != (b"glTF", 2, len(data), b"JSON"):
        raise PackageBroken("model_header", f"{name} does not begin like a GLB of its size.")
    binary_bytes, kind = struct.unpack("<I4s", data[20 + json_bytes : 28 + json_bytes])
    if kind != b"BIN\0" or 28 + json_bytes + binary_bytes != total:
        raise PackageBroken("model_header", f"The chunks of {name} do not add up to its size.")
    return Glb(name, json.loads(data[20 : 20 + json_bytes]), data[28 + json_bytes :])


def _decode(glb: Glb) -> GlbModel:
    document = glb.document
    (mesh,), (node,) = document["meshes"], document["nodes"]
    (primitive,) = mesh["primitives"]
    attributes = primitive["attributes"]
    mode = primitive.get("mode", TRIANGLES)
    if mode not in {TRIANGLES, POINTS} or (mode == POINTS) == ("indices" in primitive):
        raise PackageBroken("model_mode", f"{glb.name} holds neither triangles nor points.")
    rows = {key: _read_accessor(glb, index) for key, index in attributes.items()}
    corners = np.zeros(0, np.int64)
    if mode == TRIANGLES:
        corners = _read_accessor(glb, primitive["indices"]).reshape(-1).astype(np.int64)
    counts = {len(values) for values in rows.values()}
    if len(counts) != 1 or len(corners) % 3 or corners.max(initial=-1) >= min(counts):
        raise PackageBroken("model_indices", f"A face of {glb.name} names a vertex that is not there.")
    scale = np.array(node.get("scale", (1.0, 1.0, 1.0)))
    quantised = document["accessors"][attributes["POSITION"]]["componentType"] != 5126
    return GlbModel(
        positions=rows["POSITION"].astype(np.float64) * scale + np.array(node.get("translation", (0.0, 0.0, 0.0))),
        faces=corners.reshape(-1, 3),
        normals=rows.get("NORMAL"),
        uv=rows.get("TEXCOORD_0"),
        colours=rows.get("COLOR_0"),
        pictures=_read_pictures(glb, primitive),
        required=tuple(document.get("extensionsRequired", ())),
        step_m=float(scale.max()) if quantised else 0.0,
    )


def _read_accessor(glb: Glb, index: int) -> NDArray[Any]:
    """Values (count, parts); floats when the accessor is normalised. Minimum and maximum must be what it states."""
    accessor = glb.document["accessors"][index]
    kind, parts, count = accessor["componentType"], PARTS[accessor["type"]], accessor["count"]
    view = glb.document["bufferViews"][accessor["bufferView"]]
    dtype = np.dtype(DTYPES[kind])
    data = _read_view(glb, view)
    stride = view.get("byteStride", dtype.itemsize * parts)
    if count < 1 or len(data) != count * stride:
        raise PackageBroken("model_accessor", f"An accessor of {glb.name} does not fit its {len(data)} bytes.")
    table = np.frombuffer(data, np.uint8).reshape(count, stride)[:, : dtype.itemsize * parts]
    values: NDArray[Any] = np.ascontiguousarray(table).view(dtype)
    for limit, found in (("min", values.min(axis=0)), ("max", values.max(axis=0))):
        if limit in accessor and not np.array_equal(np.asarray(accessor[limit], dtype), found):
            raise PackageBroken("model_limits", f"An accessor of {glb.name} does not state its true {limit}.")
    if accessor.get("normalized"):
        return np.asarray(np.maximum(values.astype(np.float32) / WHOLE[kind], -1.0))
    return values


def _read_view(glb: Glb, view: dict[str, Any]) -> bytes:
    packed = view.get("extensions", {}).get(MESHOPT)
    source = packed or view
    start = source.get("byteOffset", 0)
    data = glb.binary[start : start + source["byteLength"]]
    if source["buffer"] != 0 or len(data) != source["byteLength"]:
        raise PackageBroken("model_view", f"A buffer view of {glb.name} reaches past its data.")
    if packed is None:
        return data
    rows = meshopt.decode_gltf_buffer(
        data, packed["count"], packed["byteStride"], packed["mode"], packed.get("filter", "NONE")
    )
    if packed["mode"] != "ATTRIBUTES":
        rows = rows.astype({2: "<u2", 4: "<u4"}[packed["byteStride"]])
    plain: bytes = rows.tobytes()
    if len(plain) != view["byteLength"]:
        raise PackageBroken("model_view", f"A compressed view of {glb.name} unpacks to another length than it states.")
    return plain


def _read_pictures(glb: Glb, primitive: dict[str, Any]) -> dict[str, GlbPicture]:
    """The pictures of the one material, each of which must be used, and read with the first texture coordinates."""
    (material,) = glb.document["materials"]
    surface = material.get("pbrMetallicRoughness", {})
    infos = {
        "colour": surface.get("baseColorTexture"),
        "normal": material.get("normalTexture"),
        "roughness": surface.get("metallicRoughnessTexture"),
    }
    found = {purpose: _read_picture(glb, info) for purpose, info in infos.items() if info is not None}
    if found and "TEXCOORD_0" not in primitive["attributes"]:
        raise PackageBroken("model_pictures", f"{glb.name} has pictures but no texture coordinates.")
    if primitive["material"] != 0 or len(found) != len(glb.document.get("images", ())):
        raise PackageBroken("model_pictures", f"{glb.name} holds a picture that its material does not show.")
    return found


def _read_picture(glb: Glb, info: dict[str, Any]) -> GlbPicture:
    texture = glb.document["textures"][info["index"]]
    named = {
        media: texture["extensions"][key]
        for key, media in PICTURE_EXTENSIONS.items()
        if key in texture.get("extensions", {})
    }
    (source,) = {item["source"] for item in named.values()} or {texture["source"]}
    image = glb.document["images"][source]
    media_type = image["mimeType"]
    if media_type not in (named or CORE_PICTURES) or info.get("texCoord", 0) != 0:
        raise PackageBroken(
            "model_pictures", f"{glb.name} holds a picture as {media_type} where another kind is stated."
        )
    return GlbPicture(_read_view(glb, glb.document["bufferViews"][image["bufferView"]]), media_type)
