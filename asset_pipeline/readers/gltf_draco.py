"""Primitives compressed with Draco (KHR_draco_mesh_compression), unpacked in a process of its own under limits."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.prechecks.precheck_compressed import find_draco
from asset_pipeline.prechecks.precheck_gltf import TYPE_PARTS
from asset_pipeline.prechecks.precheck_scene import Document
from asset_pipeline.readers.gltf_buffers import DTYPES, Gltf, plain_values, read_view

MESH = 1
BASE_MEMORY_BYTES = 128 * 1024**2
ELEMENT_BYTES = 400  # of a triangle or a vertex while it is unpacked; measured: 70
BASE_CPU_S, ELEMENTS_PER_CPU_S = 5, 200_000  # measured: 6 million in a second
MAX_WAIT_S = 1200
MAPPED_BYTES = 1024**2  # from here on a result is mapped rather than read


@dataclass
class Stream:
    """A Draco stream's view, the attribute ids asked of it, and the most elements that the file says it has."""

    attributes: set[int] = field(default_factory=set)
    elements: int = 0


@dataclass(frozen=True)
class Unpacked:
    """corners (3 m,) of a stream's triangles, and its attributes (n, k) by their ids in it."""

    corners: NDArray[np.uint32]
    tables: dict[int, NDArray[Any]]


def needs_draco(gltf: Gltf, primitive: Document) -> bool:
    """Whether a primitive's data is in a Draco stream only; some stands in the open beside it."""
    if find_draco(primitive) is None:
        return False
    needed = [*primitive["attributes"].values(), *([primitive["indices"]] if "indices" in primitive else [])]
    return not all("bufferView" in gltf.items("accessors")[index] for index in needed)


def unpack_draco(gltf: Gltf, primitives: Iterable[Document]) -> dict[int, Unpacked]:
    """The Draco streams that primitives need, by their buffer views, each unpacked once. Raises ScanRefused."""
    streams: dict[int, Stream] = {}
    accessors = gltf.items("accessors")
    for primitive in primitives:
        packed = find_draco(primitive)
        if packed is None or not needs_draco(gltf, primitive):
            continue
        stream = streams.setdefault(packed["bufferView"], Stream())
        stream.attributes.update(packed["attributes"].values())
        used = [primitive["attributes"][name] for name in packed["attributes"]]
        points = max((int(accessors[index]["count"]) for index in used), default=0)
        corners = int(accessors[primitive["indices"]]["count"]) if "indices" in primitive else 3 * points
        stream.elements = max(stream.elements, points + corners // 3)
    return _unpack(gltf, streams) if streams else {}


def read_draco_rows(gltf: Gltf, primitive: Document, name: str, unpacked: Unpacked) -> NDArray[Any] | None:
    """An attribute of a primitive as read_accessor would give it, None when its stream has none. Raises ScanRefused."""
    number = (find_draco(primitive) or {"attributes": {}})["attributes"].get(name)
    if number is None:
        return None
    accessor = gltf.items("accessors")[primitive["attributes"][name]]
    table = unpacked.tables[number]
    code, parts = DTYPES[accessor["componentType"]], TYPE_PARTS[accessor["type"]]
    if len(table) > int(accessor["count"]) or table.shape[1:] != (parts,):  # encoders may drop what no triangle uses
        shape = " x ".join(map(str, table.shape))
        raise _refuse(f"an attribute has {shape} values where the file says {accessor['count']} x {parts}")
    if np.dtype(code).kind == "f":
        return np.asarray(table, code)
    limits = np.iinfo(code)  # the decoder hands whole numbers on in wider types
    return plain_values(np.clip(np.nan_to_num(table), limits.min, limits.max).astype(code), accessor)


def _refuse(why: str) -> ScanRefused:
    return ScanRefused("gltf_draco", f"A Draco stream cannot be unpacked: {why}. Export the scan again.", "read")


def _unpack(gltf: Gltf, streams: dict[int, Stream]) -> dict[int, Unpacked]:
    with tempfile.TemporaryDirectory(prefix="dejima-draco-") as name:
        folder, jobs, largest = Path(name), list[tuple[int, list[int]]](), 0
        with (folder / "streams.bin").open("wb") as file:
            for view, stream in streams.items():
                data = read_view(gltf, view)
                _check_header(data[:11].tobytes())
                file.write(data.data)
                jobs.append((len(data), sorted(stream.attributes)))
                largest = max(largest, ELEMENT_BYTES * stream.elements + 4 * len(data))
        (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
        elements = sum(stream.elements for stream in streams.values())
        _run_child(folder, BASE_MEMORY_BYTES + largest, BASE_CPU_S + elements // ELEMENTS_PER_CPU_S)
        return {
            view: Unpacked(
                _load(folder / f"{number}.faces.npy"),
                {wanted: _load(folder / f"{number}.{wanted}.npy") for wanted in stream.attributes},
            )
            for number, (view, stream) in enumerate(streams.items())
        }


def _load(path: Path) -> NDArray[Any]:
    """An array of a file that is about to go: what is mapped stays until nobody holds it."""
    found: NDArray[Any] = np.load(path, mmap_mode="r" if path.stat().st_size > MAPPED_BYTES else None)
    return found


def _check_header(head: bytes) -> None:
    if head[:5] != b"DRACO" or len(head) < 11:
        raise _refuse("it does not begin like Draco data")
    if head[7] != MESH:
        raise _refuse("it holds points without triangles")


def _run_child(folder: Path, memory_bytes: int, cpu_s: int) -> None:
    command = [sys.executable, "-m", "asset_pipeline.readers.draco_child", str(folder), str(memory_bytes), str(cpu_s)]
    try:
        ended = subprocess.run(  # noqa: S603 - a fixed command of ours, no shell
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
            timeout=MAX_WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _refuse("it takes too long") from error
    if ended.returncode:
        reason = ended.stderr.decode("utf-8", "replace").strip() if ended.returncode == 3 else "its decoder stopped"
        raise _refuse(reason.splitlines()[-1].rstrip(".") if reason else "it is broken")
