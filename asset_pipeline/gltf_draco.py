"""Primitives compressed with Draco (KHR_draco_mesh_compression), unpacked in a process of its own under limits."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.gltf_buffers import DTYPES, Gltf, plain_values, read_view
from asset_pipeline.precheck_gltf import TYPE_PARTS
from asset_pipeline.precheck_scene import Document

MESH = 1
BASE_MEMORY_BYTES = 128 * 1024**2
ELEMENT_BYTES = 400  # of a triangle or a vertex while it is unpacked; measured: 70
BASE_CPU_S, ELEMENTS_PER_CPU_S = 5, 200_000  # measured: 6 million in a second
MAX_WAIT_S = 1200


@dataclass(frozen=True)
class Unpacked:
    """corners (3 m,) of triangles, and the primitive's attributes (n, k) as read_accessor would give them."""

    corners: NDArray[np.uint32]
    rows: dict[str, NDArray[Any]]


def read_draco(gltf: Gltf, primitive: Document, packed: Document) -> Unpacked:
    """The triangles and attributes of a primitive's Draco stream. Raises ScanRefused."""
    stream = read_view(gltf, packed["bufferView"]).tobytes()
    accessors = gltf.items("accessors")
    claims = {name: accessors[primitive["attributes"][name]] for name in packed["attributes"]}
    points = max((int(item["count"]) for item in claims.values()), default=0)
    corners = int(accessors[primitive["indices"]]["count"]) if "indices" in primitive else 3 * points
    _check_header(stream)
    with tempfile.TemporaryDirectory(prefix="dejima-draco-") as name:
        folder = Path(name)
        _run_child(stream, folder, points + corners // 3, sorted(set(packed["attributes"].values())))
        faces = np.load(folder / "faces.npy")
        tables = {key: np.load(folder / f"{number}.npy") for key, number in packed["attributes"].items()}
    if 3 * len(faces) > corners or len({len(table) for table in tables.values()}) != 1:
        raise _refuse(f"it holds {len(faces)} triangles where the file says {corners // 3}")
    return Unpacked(faces.reshape(-1), {key: _as_stated(table, claims[key]) for key, table in tables.items()})


def _refuse(why: str) -> ScanRefused:
    return ScanRefused("gltf_draco", f"A Draco stream cannot be unpacked: {why}. Export the scan again.", "read")


def _check_header(stream: bytes) -> None:
    if stream[:5] != b"DRACO" or len(stream) < 11:
        raise _refuse("it does not begin like Draco data")
    if stream[7] != MESH:
        raise _refuse("it holds points without triangles")


def _run_child(stream: bytes, folder: Path, elements: int, attributes: list[int]) -> None:
    memory = BASE_MEMORY_BYTES + ELEMENT_BYTES * elements + 4 * len(stream)
    cpu_s = BASE_CPU_S + elements // ELEMENTS_PER_CPU_S
    command = [sys.executable, "-m", "asset_pipeline.draco_child", str(folder), str(memory), str(cpu_s)]
    root = str(Path(__file__).parents[1])
    try:
        ended = subprocess.run(  # noqa: S603 - a fixed command of ours, no shell
            [*command, *map(str, attributes)],
            input=stream,
            capture_output=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": root},
            timeout=MAX_WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _refuse("it takes too long") from error
    if ended.returncode:
        reason = ended.stderr.decode("utf-8", "replace").strip() if ended.returncode == 3 else "its decoder stopped"
        raise _refuse(reason.splitlines()[-1].rstrip(".") if reason else "it is broken")


def _as_stated(table: NDArray[Any], accessor: Document) -> NDArray[Any]:
    """Values in the type that the accessor states: the decoder hands whole numbers on in wider types."""
    code, parts = DTYPES[accessor["componentType"]], TYPE_PARTS[accessor["type"]]
    if len(table) > int(accessor["count"]) or table.shape[1:] != (parts,):  # encoders may drop what no triangle uses
        shape = " x ".join(map(str, table.shape))
        raise _refuse(f"an attribute has {shape} values where the file says {accessor['count']} x {parts}")
    if np.dtype(code).kind == "f":
        return np.asarray(table, code)
    limits = np.iinfo(code)
    return plain_values(np.clip(np.nan_to_num(table), limits.min, limits.max).astype(code), accessor)
