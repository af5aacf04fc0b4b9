"""Header checks of a glTF's scene: references, types of attributes, transforms, node loops, and how much it would show."""

import math
from typing import Any

from asset_pipeline.prechecks.precheck_plain import refuse

MAX_NODE_DEPTH = 256
MAX_CORNERS = 300_000_000  # 100 million triangles
FREE_CORNERS, FREE_VERTICES = 3_000_000, 12_000_000
CORNERS_PER_BYTE = 32  # Draco packs a corner into a third of a byte at the best, and it may be placed several times
MAX_REPEATS = 16  # how often, on average, the same triangles may be placed
UNSIGNED = {5121, 5123, 5125}
ATTRIBUTE_TYPES = {"POSITION": {"VEC3"}, "TEXCOORD_": {"VEC2"}, "COLOR_0": {"VEC3", "VEC4"}}
PICTURE_EXTENSIONS = ("EXT_texture_avif", "EXT_texture_webp")
LISTS = ("accessors", "bufferViews", "buffers", "images", "materials", "meshes", "nodes", "scenes", "textures")
TRANSFORMS = {"matrix": 16, "rotation": 4, "scale": 3, "translation": 3}

Document = dict[str, Any]


def list_of(document: Document, name: str) -> list[Document]:
    """A list of objects in a glTF object, empty when absent. Raises ScanRefused."""
    value = document.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise refuse("gltf_shape", f"{name} must be a list of objects.")
    return value


def check_lists(document: Document) -> None:
    """Hold all the lists of a document against their shape, once: they are asked for in every loop. Raises ScanRefused."""
    for name in LISTS:
        list_of(document, name)


def items_of(document: Document, name: str) -> list[Document]:
    """One of the lists that check_lists has looked at."""
    found: list[Document] = document.get(name, [])
    return found


def count_of(item: Document, name: str, default: int | None = None) -> int:
    """A whole number of at least 0. Raises ScanRefused, KeyError when it is absent and has no default."""
    value = item[name] if default is None else item.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise refuse("gltf_number", f"{name} must be a whole number of at least 0, not {str(value)[:30]}.")
    return value


def index_of(item: Document, name: str, length: int) -> int:
    """A reference into a list of that length. Raises ScanRefused."""
    value = count_of(item, name)
    if value >= length:
        raise refuse("gltf_reference", f"{name} {value} names something that is not there (there are {length}).")
    return value


def check_scene(document: Document, data_bytes: int) -> None:
    """Hold meshes, materials, nodes and scenes against each other and against the bytes of all buffers. Raises ScanRefused."""
    _check_materials(document)
    sizes = [_check_mesh(mesh, document) for mesh in items_of(document, "meshes")]
    _check_nodes(document)
    _check_scenes(document)
    shown = [sizes[node["mesh"]] for node in items_of(document, "nodes") if "mesh" in node]
    placed = sum(corners for corners, _ in shown)
    repeats = MAX_REPEATS * sum(corners for corners, _ in sizes)
    # parts may share their data, and one small buffer be named by thousands of them
    most = FREE_CORNERS + min(repeats, CORNERS_PER_BYTE * data_bytes)
    vertices = sum(count for _, count in shown)
    if placed > min(most, MAX_CORNERS) or vertices > FREE_VERTICES + CORNERS_PER_BYTE * data_bytes:
        raise refuse("gltf_too_large", f"The scene would place {placed // 3} triangles, far more than the file holds.")


def find_source(texture: Document) -> int | None:
    """Which image a texture shows: the AVIF or WebP of an extension before its fallback. None: none that we read."""
    extensions = texture.get("extensions", {})
    holders = [extensions.get(name, {}) for name in PICTURE_EXTENSIONS]
    return next((holder["source"] for holder in (*holders, texture) if "source" in holder), None)


def _check_materials(document: Document) -> None:
    for texture in items_of(document, "textures"):
        extensions = texture.get("extensions", {})
        for holder in (texture, *(extensions.get(name, {}) for name in PICTURE_EXTENSIONS)):
            if "source" in holder:
                index_of(holder, "source", len(items_of(document, "images")))
    for material in items_of(document, "materials"):
        _check_material(material, document)


def _check_material(material: Document, document: Document) -> None:
    surface = material.get("pbrMetallicRoughness", {})
    glossy = material.get("extensions", {}).get("KHR_materials_pbrSpecularGlossiness", {})
    _check_numbers(surface, "baseColorFactor", 4)
    _check_numbers(glossy, "diffuseFactor", 4)
    _check_numbers(material, "emissiveFactor", 3)
    for holder, names in (
        (surface, ("roughnessFactor", "metallicFactor")),
        (glossy, ("glossinessFactor",)),
        (material.get("normalTexture", {}), ("scale",)),
    ):
        for name in names:
            _check_numbers({name: [holder.get(name, 1.0)]}, name, 1)
    for holder, name in (
        (surface, "baseColorTexture"),
        (surface, "metallicRoughnessTexture"),
        (glossy, "diffuseTexture"),
        (material, "normalTexture"),
    ):
        if name in holder:
            _check_map(holder[name], document)


def _check_map(info: Document, document: Document) -> None:
    index_of(info, "index", len(items_of(document, "textures")))
    count_of(info, "texCoord", 0)
    change = info.get("extensions", {}).get("KHR_texture_transform", {})
    _check_numbers(change, "scale", 2)
    _check_numbers(change, "offset", 2)
    _check_numbers({"rotation": [change.get("rotation", 0.0)]}, "rotation", 1)
    count_of(change, "texCoord", 0)


def _check_numbers(item: Document, name: str, length: int) -> None:
    if name not in item:
        return
    value = item[name]
    numbers = isinstance(value, list) and all(isinstance(v, int | float) and math.isfinite(v) for v in value)
    if not numbers or len(value) != length:
        raise refuse("gltf_number", f"{name} must be {length} numbers.")


def _check_mesh(mesh: Document, document: Document) -> tuple[int, int]:
    """How many corners of triangles the mesh draws, and from how many vertices."""
    corners = vertices = 0
    accessors = items_of(document, "accessors")
    for primitive in list_of(mesh, "primitives"):
        count = _check_attributes(primitive["attributes"], accessors)
        vertices += count
        if "indices" in primitive:
            indices = accessors[index_of(primitive, "indices", len(accessors))]
            if indices["componentType"] not in UNSIGNED or indices["type"] != "SCALAR":
                raise refuse("gltf_indices", "The corners of a primitive must be unsigned whole numbers.")
            count = indices["count"]
        if "material" in primitive:
            index_of(primitive, "material", len(items_of(document, "materials")))
        corners += count if count_of(primitive, "mode", 4) == 4 else 3 * count
    return corners, vertices


def _check_attributes(attributes: Document, accessors: list[Document]) -> int:
    """How many vertices a primitive has."""
    if "POSITION" not in attributes:
        raise refuse("gltf_primitive", "A primitive has no positions.")
    counts = set()
    for name in attributes:
        accessor = accessors[index_of(attributes, name, len(accessors))]
        allowed = ATTRIBUTE_TYPES.get("TEXCOORD_" if name.startswith("TEXCOORD_") else name)
        if allowed and accessor["type"] not in allowed:
            raise refuse("gltf_primitive", f"{name} is of type {accessor['type']}; that is not glTF 2.0.")
        counts.add(accessor["count"])
    if len(counts) > 1:
        raise refuse("gltf_primitive", "The attributes of a primitive differ in length.")
    return int(counts.pop())


def _check_scenes(document: Document) -> None:
    scenes = items_of(document, "scenes")
    for scene in scenes:
        for node in scene.get("nodes", []):
            index_of({"node": node}, "node", len(items_of(document, "nodes")))
        if len(set(scene.get("nodes", []))) != len(scene.get("nodes", [])):
            raise refuse("gltf_nodes", "A scene names the same node twice.")
    if scenes and "scene" in document:
        index_of(document, "scene", len(scenes))


def _check_nodes(document: Document) -> None:
    nodes = items_of(document, "nodes")
    parents = [0] * len(nodes)
    for node in nodes:
        for name, length in TRANSFORMS.items():
            _check_numbers(node, name, length)
        if "mesh" in node:
            index_of(node, "mesh", len(items_of(document, "meshes")))
        for child in node.get("children", []):
            parents[index_of({"child": child}, "child", len(nodes))] += 1
    if any(count > 1 for count in parents):
        raise refuse("gltf_nodes", "A node stands under two parents, which glTF does not allow.")
    reached = _walk(nodes, [index for index, count in enumerate(parents) if count == 0])
    if reached < len(nodes):
        raise refuse("gltf_node_loop", "The nodes form a loop, so the scene has no end.")


def _walk(nodes: list[Document], roots: list[int]) -> int:
    """How many nodes can be reached from the roots; each has one parent, so none is met twice."""
    reached, level, depth = 0, roots, 0
    while level:
        depth += 1
        if depth > MAX_NODE_DEPTH:
            raise refuse("gltf_node_depth", f"The nodes are nested deeper than {MAX_NODE_DEPTH} levels.")
        reached += len(level)
        level = [child for index in level for child in nodes[index].get("children", [])]
    return reached
