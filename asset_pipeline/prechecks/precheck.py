"""The first look at a file: its kind and what its header claims, before numpy or any 3D library is loaded.

Standard library only. Every number a file claims is held against the bytes that are there, so that nothing later
allocates on a claim alone.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from asset_pipeline.errors import ScanRefused
from asset_pipeline.prechecks import (
    precheck_archive,
    precheck_gltf,
    precheck_image,
    precheck_las,
    precheck_plain,
    precheck_usd,
)

MAX_SCAN_BYTES = 8 * 1024**3
READABLE = "OBJ (with MTL and pictures, also zipped), PLY, STL, GLB, glTF, USDZ, LAS or LAZ"

CHECKS: dict[str, Callable[[Path], None]] = {
    ".obj": precheck_plain.check_obj,
    ".ply": precheck_plain.check_ply,
    ".stl": precheck_plain.check_stl,
    ".glb": precheck_gltf.check_glb,
    ".gltf": precheck_gltf.check_gltf,
    ".las": precheck_las.check_las,
    ".laz": precheck_las.check_las,
    ".usd": precheck_usd.check_layer,
    ".usda": precheck_usd.check_layer,
    ".usdc": precheck_usd.check_layer,
    ".usdz": precheck_usd.check_usdz,
    ".zip": precheck_archive.check_zip,
}
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".bmp", ".svg"}


def check_scan_file(path: Path) -> str:
    """The scan's kind, its suffix in lower case, once its header holds. Raises ScanRefused."""
    if not path.is_file():
        raise ScanRefused("no_such_file", f"There is no file {path.name}.", "check")
    size = path.stat().st_size
    if size == 0:
        raise ScanRefused("empty_file", f"{path.name} is empty.", "check")
    if size > MAX_SCAN_BYTES:
        raise ScanRefused("too_large", f"{path.name} has {size / 1024**3:.1f} GB; at most 8 GB can be taken.", "check")
    kind = path.suffix.lower()
    check = CHECKS.get(kind)
    if check is None:
        what = "is a picture" if kind in PICTURES else f"is of a kind ({kind or 'no suffix'}) we do not read"
        raise ScanRefused("not_a_scan", f"{path.name} {what}; a scan is {READABLE}.", "check")
    check(path)
    return kind


def check_tiles(paths: Sequence[Path]) -> None:
    """Refuse what are no surveyed tiles. Raises ScanRefused."""
    for path in paths:
        kind = check_scan_file(path)
        if CHECKS[kind] is not precheck_las.check_las:
            raise ScanRefused("not_a_tile", f"{path.name} is no LAS or LAZ file; terrain is made of surveys.", "check")


def check_picture(data: bytes, name: str) -> None:
    """Hold a picture's claimed size against the limit. Raises ScanRefused."""
    precheck_image.check_picture(data, name)
