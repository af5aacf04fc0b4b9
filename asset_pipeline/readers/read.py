"""A scan file in, a mesh and what is known about it out: the one door to all readers."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from asset_pipeline.clouds.read_cloud import is_cloud, read_cloud
from asset_pipeline.errors import ScanRefused
from asset_pipeline.manifest import Source
from asset_pipeline.mesh import Mesh, ordinary_points
from asset_pipeline.options import BuildOptions
from asset_pipeline.output.listing import hash_file
from asset_pipeline.prechecks.precheck import check_scan_file
from asset_pipeline.prechecks.precheck_archive import unpack
from asset_pipeline.readers import read_gltf, read_obj, read_ply, read_stl, read_usd
from asset_pipeline.readers.guess import resolve_unit, resolve_up
from asset_pipeline.scan import Progress, Scan, ScanWarning, SourceFacts, Stated, no_progress

READERS: dict[str, Callable[[Path, Progress], tuple[Mesh, list[ScanWarning]]]] = {
    ".obj": read_obj.read_obj,
    ".ply": read_ply.read_ply,
    ".stl": read_stl.read_stl,
    ".glb": read_gltf.read_gltf,
    ".gltf": read_gltf.read_gltf,
}
USD = {".usd", ".usda", ".usdc", ".usdz"}


def read_scan(path: Path, options: BuildOptions, progress: Progress = no_progress) -> Scan:
    """The scan in a file, checked before anything is allocated. Raises ScanRefused."""
    kind = check_scan_file(path)
    progress("read", 0.0)
    if kind == ".zip":
        with tempfile.TemporaryDirectory(prefix="dejima-scan-") as folder:
            inner = unpack(path, Path(folder))
            kind = check_scan_file(inner)
            if is_cloud(inner, kind):
                return read_cloud(inner, kind, options, progress)
            mesh, warnings, stated = _read(inner, kind, progress)
    else:
        if is_cloud(path, kind):
            return read_cloud(path, kind, options, progress)
        mesh, warnings, stated = _read(path, kind, progress)
    _check_surface(mesh, path.name)
    unit, unit_from, unit_warnings = resolve_unit(mesh, kind, options.unit, stated.unit)
    up, up_from, up_warnings = resolve_up(mesh, kind, options.up, stated.up)
    source = Source(
        file=path.name,
        sha256=hash_file(path),
        bytes=path.stat().st_size,
        triangles=mesh.triangles,
        vertices=mesh.vertices,
        unit=unit,
        up=up,
    )
    progress("read", 1.0)
    facts = SourceFacts(source, kind.removeprefix("."), unit_from, up_from)
    return Scan(mesh, facts, (*warnings, *unit_warnings, *up_warnings))


def _read(path: Path, kind: str, progress: Progress) -> tuple[Mesh, list[ScanWarning], Stated]:
    # numbers out of range are for the cleaning step, which counts them; here they must only not chatter
    with np.errstate(invalid="ignore", over="ignore"):
        if kind in USD:
            return read_usd.read_usd(path, progress)
        mesh, warnings = READERS[kind](path, progress)
        return mesh, warnings, Stated()


def _check_surface(mesh: Mesh, name: str) -> None:
    if mesh.triangles == 0:
        raise ScanRefused("no_triangles", f"{name} holds no triangles.", "read")
    if not ordinary_points(mesh.positions).any():
        raise ScanRefused("no_finite_point", f"{name} holds no point with ordinary coordinates.", "read")
