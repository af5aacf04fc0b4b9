"""Zipped scans: what an archive claims, and unpacking it under limits."""

import stat
import struct
import zipfile
import zlib
from pathlib import Path

from asset_pipeline.errors import ScanRefused
from asset_pipeline.prechecks.precheck_plain import is_plain_name, refuse

MAX_MEMBERS = 2000
MAX_UNPACKED_BYTES = 8 * 1024**3
MAX_RATIO = 100  # text OBJ packs to about a fifth; bombs to a thousandth
RATIO_FREE_BYTES = 1024 * 1024
SCANS = {".obj", ".ply", ".stl", ".glb", ".gltf", ".usd", ".usda", ".usdc", ".usdz", ".las", ".laz"}
CHUNK_BYTES = 1024 * 1024


def check_zip(path: Path) -> None:
    """Hold a ZIP's list of members against the limits, before anything is unpacked. Raises ScanRefused."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, IndexError, struct.error) as error:
        raise refuse("zip_broken", f"{path.name} is not a sound ZIP archive.") from error
    if len(members) > MAX_MEMBERS:
        raise refuse("zip_members", f"{path.name} holds {len(members)} files; at most {MAX_MEMBERS} can be taken.")
    for member in members:
        _check_member(member)
    unpacked, packed = sum(m.file_size for m in members), path.stat().st_size
    if unpacked > MAX_UNPACKED_BYTES or unpacked > RATIO_FREE_BYTES + MAX_RATIO * packed:
        raise refuse(
            "zip_bomb", f"{path.name} would unpack from {packed} to {unpacked} bytes; that is no ordinary scan."
        )
    find_scan_member(members)


def _check_member(member: zipfile.ZipInfo) -> None:
    if not is_plain_name(member.filename):
        raise refuse(
            "path_outside", f"The archive has a file that would land outside its folder ({member.filename[:80]})."
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise refuse("zip_link", f"The archive holds a link ({member.filename[:80]}); pack the files themselves.")
    if member.flag_bits & 1:
        raise refuse("zip_encrypted", "The archive asks for a password; pack the scan without one.")


def find_scan_member(members: list[zipfile.ZipInfo]) -> zipfile.ZipInfo:
    """The one scan in the archive. Raises ScanRefused when there is none, or more than one."""
    scans = [member for member in members if _is_scan(member.filename)]
    if len(scans) != 1:
        found = ", ".join(member.filename for member in scans[:3]) or "none"
        raise refuse(
            "zip_scan",
            f"An archive must hold exactly one scan (OBJ, PLY, STL, GLB, glTF, USDZ, LAS or LAZ); found: {found}.",
        )
    return scans[0]


def _is_scan(name: str) -> bool:
    path = Path(name)
    hidden = path.name.startswith(".") or path.parts[0] == "__MACOSX"
    return path.suffix.lower() in SCANS and not hidden


def unpack(path: Path, folder: Path) -> Path:
    """Unpack a checked archive into a folder, counting bytes as they come; gives the scan's path. Raises ScanRefused."""
    check_zip(path)
    limit = RATIO_FREE_BYTES + MAX_RATIO * path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            for member in members:
                target = folder / member.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as sink:
                    while chunk := source.read(CHUNK_BYTES):
                        limit -= len(chunk)
                        if limit < 0:
                            raise refuse(
                                "zip_bomb", f"{path.name} unpacks to more than it says; that is no ordinary scan."
                            )
                        sink.write(chunk)
            return folder / find_scan_member(members).filename
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError, OSError) as error:
        if isinstance(error, ScanRefused):
            raise
        raise refuse(
            "zip_broken", f"{path.name} cannot be unpacked ({ascii(str(error))[1:61]}); pack it again."
        ) from error
