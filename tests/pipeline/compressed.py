"""Compressed glTF made by code: Draco streams and meshopt views, as other tools write them."""

from typing import Any

import DracoPy
import meshopt
import numpy as np

from tests.pipeline.builders import COMPONENT, TYPES, Gltf
from tests.pipeline.shapes import hills

DRACO = "KHR_draco_mesh_compression"
MESHOPT = "EXT_meshopt_compression"


def claim(scene: Gltf, values: np.ndarray, **more: Any) -> int:
    """An accessor without data of its own, as Draco primitives have them."""
    table = values.reshape(len(values), -1)
    item = {"componentType": COMPONENT[values.dtype.str[1:]], "count": len(values), "type": TYPES[table.shape[1]]}
    return scene.add("accessors", {**item, **more})


def draco_primitive(scene: Gltf, positions: np.ndarray, faces: np.ndarray, **colours: Any) -> dict[str, Any]:
    """A primitive whose data is in a Draco stream only; its attribute ids are the encoder's own."""
    stream = DracoPy.encode(positions, faces, quantization_bits=16, preserve_order=True, **colours)
    decoded = DracoPy.decode(stream)
    ids = {DracoPy.AttributeType(item["attribute_type"]).name: item["unique_id"] for item in decoded.attributes}
    attributes = {"POSITION": claim(scene, positions.astype("<f4"))}
    names = {"POSITION": ids["POSITION"]}
    if "tex_coord" in colours:
        attributes["TEXCOORD_0"] = claim(scene, colours["tex_coord"].astype("<f4"))
        names["TEXCOORD_0"] = ids["TEX_COORD"]
    if "colors" in colours:
        attributes["COLOR_0"] = claim(scene, colours["colors"], normalized=True)
        names["COLOR_0"] = ids["COLOR"]
    return {
        "attributes": attributes,
        "indices": claim(scene, faces.reshape(-1).astype("<u4")),
        "extensions": {DRACO: {"bufferView": scene.view(stream), "attributes": names}},
    }


def draco_scene(**changes: Any) -> Gltf:
    """The hills with their colours, Draco all through."""
    scene, land = Gltf(), hills(12)
    primitive = draco_primitive(scene, land.positions.astype(np.float32), land.faces, colors=land.colours)
    scene.document["extensionsRequired"] = [DRACO]
    scene.node(mesh=scene.add("meshes", {"primitives": [{**primitive, **changes}]}))
    return scene


def meshopt_view(scene: Gltf, rows: np.ndarray, mode: str = "ATTRIBUTES", **more: Any) -> int:
    """A view that is there only in compressed form; `filter` and `version` as the extensions have them."""
    version = more.pop("version", 0)
    data = meshopt.encode_gltf_buffer(rows, mode, version)
    where = scene.view(data)
    packed = scene.document["bufferViews"].pop(where)
    stride = rows.nbytes // len(rows)
    name = more.pop("extension", MESHOPT)
    fallback = {"byteLength": rows.nbytes, "extensions": {name: {"fallback": True}}}
    scene.document["buffers"].append(fallback)
    item = {"buffer": len(scene.document["buffers"]) - 1, "byteLength": rows.nbytes}
    item |= {"byteStride": stride} if mode == "ATTRIBUTES" else {}
    extension = {**packed, "mode": mode, "count": len(rows), "byteStride": stride, **more}
    return scene.add("bufferViews", {**item, "extensions": {name: extension}})


def meshopt_scene(version: int = 0, extension: str = MESHOPT) -> Gltf:
    """The hills, quantised and meshopt all through: exponential positions, filtered normals, 16-bit colours."""
    scene, land = Gltf(), hills(12)
    more = {"version": version, "extension": extension}
    count = len(land.positions)
    packed = meshopt.encode_filter_exp(land.positions.astype(np.float32), 20)
    exact = meshopt_view(scene, packed, filter="EXPONENTIAL", **more)
    normals = np.tile(np.array([0, 1, 0, 1], np.float32), (count, 1))
    turned = meshopt_view(scene, meshopt.encode_filter_oct(normals, 4, 8), filter="OCTAHEDRAL", **more)
    colours = np.zeros((count, 4), np.uint8)
    colours[:, :3] = land.colours
    painted = meshopt_view(scene, colours, **more)
    corners = meshopt_view(scene, land.faces.reshape(-1).astype("<u4"), "TRIANGLES", extension=extension)
    attributes = {
        "POSITION": scene.add(
            "accessors", {"bufferView": exact, "componentType": 5126, "count": count, "type": "VEC3"}
        ),
        "NORMAL": scene.add("accessors", {"bufferView": turned, "componentType": 5120, "count": count, "type": "VEC3"}),
        "COLOR_0": scene.add(
            "accessors",
            {"bufferView": painted, "componentType": 5121, "count": count, "type": "VEC4", "normalized": True},
        ),
    }
    indices = scene.add(
        "accessors", {"bufferView": corners, "componentType": 5125, "count": land.faces.size, "type": "SCALAR"}
    )
    scene.document["extensionsRequired"] = [extension, "KHR_mesh_quantization"]
    scene.node(mesh=scene.add("meshes", {"primitives": [{"attributes": attributes, "indices": indices}]}))
    return scene
