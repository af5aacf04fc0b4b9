"""USD scenes, such as the USDZ of a phone's object capture: read by pxr in a process of its own, put together here."""

import importlib.util
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Material, Mesh
from asset_pipeline.options import METRES, Unit, Up
from asset_pipeline.prechecks.precheck_usd import list_members
from asset_pipeline.readers.gltf_primitives import Part
from asset_pipeline.readers.read_gltf import join_parts
from asset_pipeline.readers.usd_materials import Laid, read_look
from asset_pipeline.scan import Progress, ScanWarning, Stated, no_progress, warn

CHUNK_BYTES = 1024 * 1024
BASE_MEMORY_BYTES, MEMORY_PER_BYTE = 1024**3, 60  # a text layer takes up to 40 times its size on the way
BASE_CPU_S, BYTES_PER_CPU_S = 20, 2_000_000
MAX_WAIT_S = 1200
EQUAL_UNITS = 1e-6  # relative


@dataclass
class Reading:
    """A scene as the other process left it, and what to tell people."""

    folder: Path
    scene: dict[str, Any]
    pictures: Path
    warnings: list[ScanWarning] = field(default_factory=list)


def read_usd(path: Path, progress: Progress = no_progress) -> tuple[Mesh, list[ScanWarning], Stated]:
    """The surface of a USDZ or of one USD layer, in its own unit and axes. Raises ScanRefused."""
    if importlib.util.find_spec("pxr") is None:
        text = "Reading USD needs the extra `usd`, which is 200 MB large: pip install 'dejima-xr[usd]'. Or send GLB or OBJ."
        raise ScanRefused("usd_missing", text, "read")
    with tempfile.TemporaryDirectory(prefix="dejima-usd-") as name:
        folder = Path(name)
        layer = _unpack(path, folder / "scan") if path.suffix.lower() == ".usdz" else path
        (folder / "out").mkdir()
        _run_child(layer, folder / "out", path.stat().st_size)
        progress("read", 0.5)
        scene = json.loads((folder / "out" / "scene.json").read_text(encoding="utf-8"))
        reading = Reading(folder / "out", scene, layer.parent)
        mesh, stated = _put_together(reading, path.name)
    if scene["lost"]:
        reading.warnings.append(warn("usd_dropped", file=path.name, names=", ".join(scene["lost"])))
    return mesh, reading.warnings, stated


def _unpack(path: Path, folder: Path) -> Path:
    """The archive's files in a folder of ours, so that nothing outside can be meant; gives the first layer."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = list_members(archive)
            for member in members:
                target = folder / member.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as sink:
                    while chunk := source.read(CHUNK_BYTES):
                        sink.write(chunk)
    except (zipfile.BadZipFile, struct.error, EOFError, ValueError, OSError) as error:
        if isinstance(error, ScanRefused):
            raise
        raise ScanRefused(
            "usdz_broken", f"{path.name} is no sound USDZ archive; export the scan again.", "read"
        ) from error
    return folder / members[0].filename


def _run_child(layer: Path, out: Path, size: int) -> None:
    limits = (BASE_MEMORY_BYTES + MEMORY_PER_BYTE * size, BASE_CPU_S + size // BYTES_PER_CPU_S)
    command = [sys.executable, "-m", "asset_pipeline.readers.usd_child", str(layer), str(out), *map(str, limits)]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PXR_")}
    plain |= {"OPENBLAS_NUM_THREADS": "1", "PXR_WORK_THREAD_LIMIT": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    try:
        ended = subprocess.run(  # noqa: S603 - a fixed command of ours, no shell
            command, stdin=subprocess.DEVNULL, capture_output=True, env=plain, timeout=MAX_WAIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _refuse("it takes too long") from error
    if ended.returncode:
        reason = ended.stderr.decode("utf-8", "replace").strip() if ended.returncode == 3 else ""
        raise _refuse(reason.splitlines()[-1].rstrip(".") if reason else "its reader stopped")


def _refuse(why: str) -> ScanRefused:
    return ScanRefused("usd_scene", f"The USD scene cannot be read: {why}.", "read")


def _put_together(reading: Reading, name: str) -> tuple[Mesh, Stated]:
    unit, scale = _state_unit(reading.scene["metres_per_unit"])
    if scale != 1.0:
        reading.warnings.append(warn("unit_converted", file=name, unit_m=float(reading.scene["metres_per_unit"])))
    looks: dict[int, Laid] = {}
    parts: list[Part] = []
    for index, mesh in enumerate(reading.scene["meshes"]):
        arrays = {key: np.load(reading.folder / f"{index}.{key}.npy") for key in mesh["arrays"]}
        matrix = np.array(mesh["matrix"]) * scale
        for number in np.unique(arrays["look"]).tolist():
            if number not in looks:
                looks[number] = read_look(reading.scene["looks"][number], reading.pictures, reading.warnings)
            parts.append(_make_part(arrays, number, looks[number], matrix))
    materials: dict[int, Material] = {number - 1: laid.material for number, laid in looks.items()}
    up: Up = "z" if reading.scene["up"] == "z" else "y"
    return join_parts(parts, materials, reading.warnings, name), Stated(unit, up)


def _state_unit(metres: float | None) -> tuple[Unit | None, float]:
    """The unit a scene counts in, and what its numbers are to be multiplied by to be in it."""
    if metres is None:
        return None, 1.0
    for unit in get_args(Unit):
        if abs(metres / METRES[unit] - 1) < EQUAL_UNITS:
            return unit, 1.0
    if not 1e-9 < metres < 1e9:
        raise _refuse(f"it states {metres:g} metres for its unit")
    return "m", metres


def _make_part(arrays: dict[str, NDArray[Any]], number: int, laid: Laid, matrix: NDArray[np.float64]) -> Part:
    """The faces of a mesh that have one look, placed in the scene."""
    chosen = np.flatnonzero(arrays["look"] == number)
    corners = arrays["corners"][chosen].reshape(-1)
    at = (chosen[:, None] * 3 + np.arange(3)).reshape(-1)
    uv = laid.lay(arrays["uv"][at]) if "uv" in arrays else None
    colours = arrays["colours"][at] if "colours" in arrays and laid.shows_colours else None
    kept, faces = _join_corners(corners, uv)
    if np.linalg.det(matrix[:3, :3]) < 0:
        faces = faces[:, [0, 2, 1]]  # a mirrored part would show its back
    return Part(
        arrays["points"][corners[kept]] @ matrix[:3, :3] + matrix[3, :3],  # rows stand to the left in USD
        faces,
        None if uv is None else uv[kept],
        None if colours is None else to_srgb(colours[kept]),
        number - 1,  # 0, no material, is -1 in a glTF part
    )


def _join_corners(corners: NDArray[np.int64], uv: NDArray[np.float32] | None) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """(a corner for each vertex, faces): corners at one point with one texture coordinate are one vertex."""
    key = corners.astype(np.int64)
    if uv is not None:
        pairs = np.ascontiguousarray(uv + np.float32(0)).view(np.int64)[:, 0]  # + 0: no negative zero
        _, number = np.unique(pairs, return_inverse=True)
        key = key * (int(number.max(initial=0)) + 1) + number
    _, kept, faces = np.unique(key, return_index=True, return_inverse=True)
    return kept, faces.reshape(-1, 3).astype(np.int32)


def to_srgb(linear: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Linear colours 0..1 as sRGB bytes."""
    share = np.clip(np.nan_to_num(linear), 0, 1)
    srgb = np.where(share <= 0.0031308, 12.92 * share, 1.055 * share ** (1 / 2.4) - 0.055)
    return np.asarray(srgb * 255 + 0.5, np.uint8)
