"""STL, text and binary: bare triangles."""

from pathlib import Path

import numpy as np

from asset_pipeline.errors import ScanRefused
from asset_pipeline.mesh import Mesh
from asset_pipeline.precheck_plain import STL_HEADER_BYTES, is_binary_stl
from asset_pipeline.scan import Progress, ScanWarning, no_progress

FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def read_stl(path: Path, _: Progress = no_progress) -> tuple[Mesh, list[ScanWarning]]:
    """The triangles of an STL, three vertices each. Raises ScanRefused."""
    if is_binary_stl(path):
        corners = np.fromfile(path, FACET, offset=STL_HEADER_BYTES)["corners"].reshape(-1, 3).astype(np.float64)
    else:
        corners = _read_text(path)
    faces = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    return Mesh(corners, faces), []


def _read_text(path: Path) -> np.ndarray:
    lines = (line.split() for line in path.read_bytes().splitlines())
    numbers = [words[1:4] for words in lines if words[:1] == [b"vertex"]]
    try:
        corners = np.array(numbers, dtype=np.float64).reshape(-1, 3)
    except ValueError as error:
        raise ScanRefused("stl_number", f"{path.name} has a vertex that is not three numbers.", "read") from error
    if len(corners) % 3:
        raise ScanRefused("stl_cut", f"{path.name} ends inside a triangle.", "read")
    return corners
