"""USD scans: what a USDZ's list of members claims, before pxr, which is large and written in C++, sees any of it."""

import struct
import zipfile
from pathlib import Path, PurePosixPath

from asset_pipeline.prechecks.precheck_archive import MAX_MEMBERS
from asset_pipeline.prechecks.precheck_image import HEAD_BYTES, check_picture, find_picture_size
from asset_pipeline.prechecks.precheck_plain import is_plain_name, refuse

LAYERS = {".usd", ".usda", ".usdc"}
PICTURES = {".png", ".jpg", ".jpeg"}
UNUSED = {".avif", ".exr", ".m4a", ".mp3", ".wav"}  # allowed in a USDZ; not opened
CRATE, TEXT = b"PXR-USDC", b"#usda "


def check_usdz(path: Path) -> None:
    """Hold a USDZ's members against what the format allows. Raises ScanRefused."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = list_members(archive)
            for member in members:
                with archive.open(member) as file:
                    _check_content(member.filename, file.read(HEAD_BYTES))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, IndexError, struct.error, OSError) as error:
        raise refuse("usdz_broken", f"{path.name} is no sound USDZ archive; export the scan again.") from error


def check_layer(path: Path) -> None:
    """Hold a USD layer that comes alone against its first bytes. Raises ScanRefused."""
    with path.open("rb") as file:
        _check_content(path.name, file.read(HEAD_BYTES))


def list_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The files in a USDZ, the layer to open first. Raises ScanRefused."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    names = [member.filename for member in members]
    if not members or _suffix(names[0]) not in LAYERS:
        raise refuse("usdz_layer", "A USDZ must begin with a USD layer; export the scan again.")
    if len(members) > MAX_MEMBERS:
        raise refuse("zip_members", f"The USDZ holds {len(members)} files; at most {MAX_MEMBERS} can be taken.")
    if len({name.casefold() for name in names}) < len(names):
        raise refuse("usdz_names", "Two files in the USDZ have one name.")
    for member in members:
        _check_member(member)
    return members


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    if not is_plain_name(name):
        raise refuse("path_outside", f"The USDZ has a file that would land outside its folder ({name[:80]}).")
    if _suffix(name) not in LAYERS | PICTURES | UNUSED:
        raise refuse("usdz_kind", f"A USDZ holds USD layers and pictures, not {name[:80]}.")
    if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size or member.flag_bits & 1:
        raise refuse("usdz_packed", f"{name[:80]} in the USDZ is compressed or locked; the format forbids both.")


def _check_content(name: str, head: bytes) -> None:
    suffix = _suffix(name)
    if (
        suffix in PICTURES and find_picture_size(head) is not None
    ):  # else its header is longer: held later, when decoded
        check_picture(head, name)
    elif suffix in LAYERS and not head.startswith((CRATE, TEXT)):
        raise refuse("usd_layer", f"{name[:80]} does not begin like a USD layer.")
    elif head.startswith({".usda": CRATE, ".usdc": TEXT}.get(suffix, b"PK")):
        raise refuse("usd_layer", f"{name[:80]} is of another kind than its name says.")


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
