"""Header checks of compressed glTF geometry: what meshopt and Draco data say they unpack to, held against their bytes."""

from typing import Any

from asset_pipeline.prechecks.precheck_plain import refuse
from asset_pipeline.prechecks.precheck_scene import Document, count_of, index_of, items_of, list_of

MESHOPT = ("KHR_meshopt_compression", "EXT_meshopt_compression")
DRACO = "KHR_draco_mesh_compression"
FREE_BYTES, MAX_RATIO = 16 * 1024**2, 100  # meshopt reaches 64 at its very best, and more on columns that never change
MAX_STREAM_SHARE = 2  # all Draco streams together, of the bytes there are
FREE_ELEMENTS, ELEMENTS_PER_BYTE = 300_000, 600  # a flat, regular grid packs to a tenth of a byte a corner
STRIDES = {"TRIANGLES": {2, 4}, "INDICES": {2, 4}, "ATTRIBUTES": set(range(4, 257, 4))}
FILTER_STRIDES = {
    "NONE": STRIDES["ATTRIBUTES"],
    "EXPONENTIAL": STRIDES["ATTRIBUTES"],
    "OCTAHEDRAL": {4, 8},
    "COLOR": {4, 8},
    "QUATERNION": {8},
}


def find_meshopt(item: Document) -> Document | None:
    """The compressed form of a buffer view, or what marks a buffer as a place to unpack to; None when there is none."""
    extensions = item.get("extensions", {})
    return next((extensions[name] for name in MESHOPT if name in extensions), None)


def is_hollow(buffer: Document) -> bool:
    """Whether a buffer without data only says where compressed views may be unpacked."""
    return "uri" not in buffer and bool((find_meshopt(buffer) or {}).get("fallback"))


def check_meshopt(document: Document, sizes: list[int]) -> None:
    """Hold the compressed views against the buffers of `sizes` bytes, 0 for hollow ones. Raises ScanRefused."""
    unpacked = 0
    for view in items_of(document, "bufferViews"):
        packed = find_meshopt(view)
        if packed is not None:
            unpacked += _check_packed(view, packed, sizes)
    if unpacked > FREE_BYTES + MAX_RATIO * sum(sizes):
        raise refuse(
            "gltf_too_large", f"The compressed data of {sum(sizes)} bytes would unpack to {unpacked}; that is no scan."
        )


def _check_packed(view: Document, packed: Document, sizes: list[int]) -> int:
    """How many bytes a compressed view unpacks to."""
    end = count_of(packed, "byteOffset", 0) + count_of(packed, "byteLength")
    if end > sizes[index_of(packed, "buffer", len(sizes))]:
        raise refuse("gltf_view", f"A compressed buffer view ends at byte {end}, past its buffer.")
    count, stride = count_of(packed, "count"), count_of(packed, "byteStride")
    mode, name = packed["mode"], packed.get("filter", "NONE")
    fits = stride in STRIDES.get(mode, ()) and (mode != "TRIANGLES" or count % 3 == 0)
    if not fits or (name != "NONE" and (mode != "ATTRIBUTES" or stride not in FILTER_STRIDES.get(name, ()))):
        raise refuse(
            "gltf_meshopt", f"A compressed buffer view has mode {mode!s:.20}, stride {stride}, filter {name!s:.20}."
        )
    if count_of(view, "byteLength") > count * stride:
        raise refuse("gltf_meshopt", "A compressed buffer view unpacks to fewer bytes than it states.")
    return count * stride


def find_draco(primitive: Document) -> Document | None:
    """The Draco form of a primitive, None when it has none."""
    found: Document | None = primitive.get("extensions", {}).get(DRACO)
    return found


def check_draco(document: Document, data_bytes: int) -> set[int]:
    """The accessors whose data is in Draco streams, once their counts are believable. Raises ScanRefused."""
    inside: set[int] = set()
    streams: dict[int, int] = {}
    for mesh in items_of(document, "meshes"):
        for primitive in list_of(mesh, "primitives"):
            packed = find_draco(primitive)
            if packed is not None:
                view, size = _check_stream(primitive, packed, document)
                streams[view] = size
                inside.update(_named(primitive, packed).values())
    if sum(streams.values()) > MAX_STREAM_SHARE * data_bytes:
        raise refuse("gltf_too_large", "The Draco streams overlap one another many times; that is no scan.")
    return inside


def _named(primitive: Document, packed: Document) -> dict[str, int]:
    """The accessors, by the names of their attributes, whose data is in the primitive's stream."""
    named = {name: primitive["attributes"][name] for name in packed["attributes"]}
    return {**named, "indices": primitive["indices"]} if "indices" in primitive else named


def _check_stream(primitive: Document, packed: Document, document: Document) -> tuple[int, int]:
    """Which view holds a primitive's stream, and its bytes."""
    views, accessors = items_of(document, "bufferViews"), items_of(document, "accessors")
    view = index_of(packed, "bufferView", len(views))
    size = count_of(views[view], "byteLength")
    named = _named(primitive, packed)
    for name in named:
        _check_claim(accessors[index_of(named, name, len(accessors))], size)
    for name in packed["attributes"]:
        count_of(packed["attributes"], name)
    return view, size


def _check_claim(accessor: dict[str, Any], stream_bytes: int) -> None:
    count = count_of(accessor, "count")
    if count > FREE_ELEMENTS + ELEMENTS_PER_BYTE * stream_bytes:
        raise refuse(
            "gltf_too_large", f"A Draco stream of {stream_bytes} bytes claims {count} elements; that is no scan."
        )
