"""Header checks of GLB and glTF: lengths, JSON depth, counts against buffers, references, node loops, file names."""

import base64
import binascii
import json
import re
import struct
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote

from asset_pipeline.errors import ScanRefused
from asset_pipeline.prechecks.precheck_compressed import check_draco, check_meshopt, find_meshopt, is_hollow
from asset_pipeline.prechecks.precheck_plain import refuse
from asset_pipeline.prechecks.precheck_scene import Document, check_lists, check_scene, count_of, index_of, items_of
from asset_pipeline.readers.neighbours import find_beside

MAX_JSON_BYTES = 64 * 1024 * 1024
MAX_JSON_DEPTH = 64
MAX_JSON_VALUES = 2_000_000
GLB_HEADER_BYTES = 12
CHUNK_HEADER_BYTES = 8
JSON_CHUNK, BIN_CHUNK = 0x4E4F534A, 0x004E4942
JSON_STRUCTURE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{},]', re.DOTALL)
COMPONENT_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}
TYPE_PARTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
READ_EXTENSIONS = {
    "KHR_draco_mesh_compression",
    "EXT_meshopt_compression",
    "KHR_meshopt_compression",
    "KHR_mesh_quantization",
    "KHR_texture_transform",
    "EXT_texture_webp",
    "EXT_texture_avif",
    "KHR_lights_punctual",
    "KHR_xmp_json_ld",
}
UNREAD_PICTURES = {"image/ktx2", "image/vnd-ms.dds"}
MAX_SPARSE_ZEROS = 1_000_000  # elements that a sparse accessor may have without any bytes of their own


def check_glb(path: Path) -> None:
    """Hold a GLB against its own size and check the glTF inside. Raises ScanRefused."""
    document, binary = read_glb_parts(path)
    check_document(document, path, binary[1])


def check_gltf(path: Path) -> None:
    """Check a glTF text file and the sizes of the files it names. Raises ScanRefused."""
    if path.stat().st_size > MAX_JSON_BYTES:
        raise refuse(
            "json_too_large", f"{path.name} has more JSON than the {MAX_JSON_BYTES // 1024**2} MB that can be taken."
        )
    check_document(parse_json(path.read_bytes(), path.name), path, None)


def read_glb_parts(path: Path) -> tuple[Document, tuple[int, int | None]]:
    """The JSON of a GLB, and (offset, bytes) of its binary chunk, bytes None when there is none. Raises ScanRefused."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(GLB_HEADER_BYTES + CHUNK_HEADER_BYTES)
        if len(head) < GLB_HEADER_BYTES + CHUNK_HEADER_BYTES or head[:4] != b"glTF":
            raise refuse("glb_header", f"{path.name} does not begin like a GLB file.")
        version, total, json_bytes, kind = struct.unpack("<IIII", head[4:])
        if version != 2:
            raise refuse("glb_version", f"{path.name} is glTF version {version}; version 2 is read.")
        if total != size:
            raise refuse("glb_length", f"{path.name} says it has {total} bytes and has {size}: it is cut off or false.")
        json_end = len(head) + json_bytes
        if kind != JSON_CHUNK or json_bytes == 0 or json_end > size or json_bytes > MAX_JSON_BYTES:
            raise refuse("glb_json_chunk", f"The first chunk of {path.name} is not JSON of a possible length.")
        document = parse_json(file.read(json_bytes), path.name)
        rest = file.read(CHUNK_HEADER_BYTES)
    if not rest:
        return document, (json_end, None)
    if len(rest) < CHUNK_HEADER_BYTES:
        raise refuse("glb_chunk", f"{path.name} ends inside a chunk header.")
    chunk_bytes, kind = struct.unpack("<II", rest)
    start = json_end + CHUNK_HEADER_BYTES
    if start + chunk_bytes > size:
        raise refuse("glb_chunk", f"A chunk of {path.name} claims {chunk_bytes} bytes; the file ends before that.")
    return document, (start, chunk_bytes if kind == BIN_CHUNK else None)


def parse_json(data: bytes, name: str) -> Document:
    """JSON without NaN, of bounded depth, with an object on top. Raises ScanRefused."""
    check_json_structure(data, name)
    try:
        document = json.loads(data, parse_constant=_refuse_constant, parse_float=_parse_float)
    except (ValueError, RecursionError) as error:
        raise refuse("json_broken", f"{name} does not hold sound JSON: {error}.") from error
    if not isinstance(document, dict):
        raise refuse("json_shape", f"{name} does not hold a glTF object.")
    return document


def check_json_structure(data: bytes, name: str) -> None:
    """Hold depth and number of values against limits before the parser, which recurses and allocates. Raises ScanRefused."""
    depth = values = 0
    for token in JSON_STRUCTURE.finditer(data):
        first = token.group()[:1]
        if first in b"[{":
            depth += 1
        elif first in b"]}":
            depth -= 1
        else:
            values += 1
        if depth > MAX_JSON_DEPTH:
            raise refuse("json_depth", f"{name} nests its JSON deeper than {MAX_JSON_DEPTH} levels.")
        if values > MAX_JSON_VALUES:
            raise refuse("json_values", f"{name} has more than {MAX_JSON_VALUES} values in its JSON.")


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number JSON allows")


def _parse_float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def check_document(document: Document, path: Path, binary_bytes: int | None) -> None:
    """Hold every count and reference of a glTF against what is there. Raises ScanRefused."""
    try:
        _check_version(document)
        check_lists(document)
        _check_extensions(document)
        buffers, views = items_of(document, "buffers"), items_of(document, "bufferViews")
        sizes = [_buffer_bytes(buffer, path, binary_bytes, index) for index, buffer in enumerate(buffers)]
        for view in views:
            _check_view(view, sizes, buffers)
        held = [0 if is_hollow(buffer) else size for size, buffer in zip(sizes, buffers, strict=True)]
        check_meshopt(document, held)
        packed = check_draco(document, sum(held))
        for index, accessor in enumerate(items_of(document, "accessors")):
            _check_accessor(accessor, views, index in packed)
        _check_pictures(document, path)
        check_scene(document, sum(held))
    except ScanRefused:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise refuse(
            "gltf_shape", f"{path.name} does not follow glTF 2.0: {type(error).__name__} at {error}."
        ) from error


def _check_version(document: Document) -> None:
    version = str(document.get("asset", {}).get("version", ""))
    if not version.startswith("2."):
        raise refuse(
            "gltf_version", f"The file says it is glTF version {version[:10] or 'nothing'}; version 2 is read."
        )


def _check_extensions(document: Document) -> None:
    required = document.get("extensionsRequired", [])
    if not isinstance(required, list):
        raise refuse("gltf_shape", "extensionsRequired must be a list.")
    unknown = [name for name in required if name not in READ_EXTENSIONS and not str(name).startswith("KHR_materials_")]
    if unknown:
        name = str(unknown[0])[:60]
        raise refuse(
            "gltf_extension", f"The file requires the extension {name}, which we do not read; export it without."
        )


def _buffer_bytes(buffer: Document, path: Path, binary_bytes: int | None, index: int) -> int:
    claimed = count_of(buffer, "byteLength")
    uri = buffer.get("uri")
    if uri is None:
        if is_hollow(buffer):
            return claimed
        if index != 0 or binary_bytes is None:
            raise refuse("gltf_buffer", f"Buffer {index} has no data.")
        there = binary_bytes
    else:
        there = resource_bytes(uri, path)
    if claimed > there:
        raise refuse("gltf_buffer", f"Buffer {index} claims {claimed} bytes; {there} are there.")
    return claimed


def resource_bytes(uri: object, path: Path) -> int:
    """How many bytes a data URI or a file beside the glTF has. Raises ScanRefused for any other address."""
    if not isinstance(uri, str):
        raise refuse("gltf_uri", "A uri must be text.")
    if uri.startswith("data:"):
        return len(decode_data_uri(uri))
    return resource_path(uri, path).stat().st_size


def resource_path(uri: str, path: Path) -> Path:
    """The file beside the glTF that a relative uri names. Raises ScanRefused."""
    name = unquote(uri)
    target = find_beside(path, name)
    if target is None:
        raise refuse(
            "gltf_file_missing",
            f"The file {name[:80]} that {path.name} needs is not beside it; pack both into one ZIP.",
        )
    return target


def decode_data_uri(uri: str) -> bytes:
    """The bytes of a base64 data URI. Raises ScanRefused."""
    head, _, body = uri.partition(",")
    if not head.endswith(";base64"):
        raise refuse("gltf_uri", "A data URI must be in base64.")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise refuse("gltf_uri", "A data URI holds broken base64.") from error


def _check_view(view: Document, sizes: list[int], buffers: list[Document]) -> None:
    buffer = index_of(view, "buffer", len(sizes))
    if is_hollow(buffers[buffer]) and find_meshopt(view) is None:
        raise refuse("gltf_buffer", f"Buffer {buffer} has no data.")
    end = count_of(view, "byteOffset", 0) + count_of(view, "byteLength")
    if end > sizes[buffer]:
        raise refuse("gltf_view", f"A buffer view ends at byte {end}; its buffer has {sizes[buffer]}.")
    stride = count_of(view, "byteStride", 4)
    if not 4 <= stride <= 252:
        raise refuse("gltf_view", f"A buffer view's stride of {stride} bytes is outside 4 to 252.")


def _check_accessor(accessor: Document, views: list[Document], packed: bool) -> None:
    count = count_of(accessor, "count")
    size = COMPONENT_BYTES[count_of(accessor, "componentType")] * TYPE_PARTS[accessor["type"]]
    if "bufferView" in accessor:
        _check_span(accessor, "bufferView", (count, size), views)
    elif count and "sparse" not in accessor and not packed:
        raise refuse("gltf_accessor", f"An accessor of {count} elements has no data.")
    sparse = accessor.get("sparse")
    if sparse is None:
        return
    changed = count_of(sparse, "count")
    # without a view the base is zeros, which would be allocated on a claim alone
    if changed > count or ("bufferView" not in accessor and count > MAX_SPARSE_ZEROS):
        raise refuse("gltf_sparse", f"A sparse accessor changes {changed} of {count} elements with too little data.")
    indices = sparse["indices"]
    _check_span(indices, "bufferView", (changed, COMPONENT_BYTES[count_of(indices, "componentType")]), views)
    _check_span(sparse["values"], "bufferView", (changed, size), views)


def _check_span(item: Document, name: str, span: tuple[int, int], views: list[Document]) -> None:
    count, size = span
    view = views[index_of(item, name, len(views))]
    stride = count_of(view, "byteStride", size)
    if stride < size:
        raise refuse("gltf_accessor", f"An accessor's elements of {size} bytes do not fit a stride of {stride}.")
    end = count_of(item, "byteOffset", 0) + (stride * (count - 1) + size if count else 0)
    if end > count_of(view, "byteLength"):
        raise refuse("gltf_accessor", f"An accessor claims {count} elements; its buffer view is shorter.")


def _check_pictures(document: Document, path: Path) -> None:
    from asset_pipeline.prechecks.precheck_image import HEAD_BYTES, check_picture

    views = items_of(document, "bufferViews")
    for image in items_of(document, "images"):
        uri = image.get("uri")
        if image.get("mimeType") in UNREAD_PICTURES:
            continue  # harmless as long as nothing shows it
        if uri is None:
            index_of(image, "bufferView", len(views))
        elif isinstance(uri, str) and uri.startswith("data:"):
            check_picture(decode_data_uri(uri), "in a data URI")
        else:
            with _picture_path(uri, path).open("rb") as file:
                check_picture(file.read(HEAD_BYTES * 16), str(uri))


def _picture_path(uri: object, path: Path) -> Path:
    try:
        resource_bytes(uri, path)
    except ScanRefused as error:
        if error.code != "gltf_file_missing":
            raise
        text = f"No texture found: put {unquote(str(uri))[:80]} beside {path.name}, or pack both into one ZIP."
        raise refuse("picture_missing", text) from error
    return resource_path(str(uri), path)
