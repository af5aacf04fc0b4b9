"""What a package says about itself put into its files, when it is built and whenever it changes: title, rights, place.

Of a GLB only the JSON chunk is written anew, of a USDZ the head of its layer; what shows the scan stays byte for byte.
A build goes through the same functions, so that a stamped package and one built anew with the same facts are one.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from asset_pipeline.errors import PackageBroken
from asset_pipeline.manifest import Anchor, Credit, FileEntry, Manifest
from asset_pipeline.options import change_anchor, change_credit, looks_like_sea_level
from asset_pipeline.output.listing import REPORT_FILE, check_listing, dump_report, parse_report
from asset_pipeline.output.usdz_archive import replace_head
from asset_pipeline.output.xmp import copyright_line, make_packet
from asset_pipeline.report.advice import say_advice

XMP = "KHR_xmp_json_ld"
HEIGHT_CODE = "height_like_sea_level"


def stamp_package(folder: Path, out: Path, credit: Credit, anchor: Anchor) -> tuple[str, Path]:
    """(digest, folder) of a new package under `out`: the one in `folder` with another credit and anchor.

    What shows the scan was verified when it was built and is byte for byte the same, so the digests of all files are held
    against both manifests, and nothing is decoded again. Nothing is left behind when it fails. Raises PackageBroken.
    """
    from asset_pipeline.output.folder import write_package

    manifest, _ = check_listing(folder)
    read = {name: (folder / name).read_bytes() for name in sorted(manifest.files)}
    outdated = _outdated_codes(manifest.anchor, anchor)
    report = parse_report(read.pop(REPORT_FILE))
    report["warnings"] = [item for item in report["warnings"] if item["code"] not in outdated]
    files, _ = stamp_files(read, report, credit, anchor)
    return write_package(out, files, list_files(replace(manifest, credit=credit, anchor=anchor), files), check_listing)


def restamp_package(
    folder: Path, out: Path, metadata: Mapping[str, Any], moved: Mapping[str, float | None]
) -> tuple[str, Path]:
    """(digest, folder) of a new package under `out` in which what the metadata and `moved` name is changed.

    moved: lat, lon, height, heading, accuracy, each or None. Raises OptionRefused, PackageBroken.
    """
    manifest, _ = check_listing(folder)
    credit = change_credit(manifest.credit, metadata)
    return stamp_package(folder, out, credit, change_anchor(manifest.anchor, metadata, moved))


def stamp_files(
    files: Mapping[str, bytes], report: Mapping[str, Any], credit: Credit, anchor: Anchor
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """(all files with what is said in them, report.json included; the report), from files without a report."""
    stamped = {name: stamp_file(name, data, credit) for name, data in files.items()}
    told = {
        **report,
        "levels": _restate_bytes(report["levels"], stamped),
        "warnings": [item for item in report["warnings"] if item["code"] != HEIGHT_CODE],
    }
    if looks_like_sea_level(anchor):
        values = {"height_m": anchor.geopose.position.h}
        told["warnings"].append(
            {"code": HEIGHT_CODE, "text": say_advice(HEIGHT_CODE, values, "en").text, "values": values}
        )
    return {**stamped, REPORT_FILE: dump_report(told)}, told


def _outdated_codes(old: Anchor, new: Anchor) -> set[str]:
    """Warnings about the old place that say nothing of the new one."""
    was, now = old.geopose.position, new.geopose.position
    moved = {"place_from_map", "place_differs"} if (was.lat, was.lon) != (now.lat, now.lon) else set()
    return moved | ({"height_from_survey"} if was.h != now.h else set())


def list_files(manifest: Manifest, files: Mapping[str, bytes]) -> Manifest:
    """The manifest with the digest and size of each of these files."""
    levels = tuple(
        replace(
            level,
            bytes=len(files[level.file]),
            avif=level.avif and replace(level.avif, bytes=len(files[level.avif.file])),
        )
        for level in manifest.levels
    )
    entries = {name: FileEntry(hashlib.sha256(data).hexdigest(), len(data)) for name, data in sorted(files.items())}
    return replace(manifest, levels=levels, files=entries)


def stamp_glb(data: bytes, credit: Credit) -> bytes:
    """The GLB with the credit in its JSON: names, copyright, and an XMP packet for the whole file. Raises PackageBroken."""
    document, rest = _split(data)
    asset = {key: value for key, value in document["asset"].items() if key != "copyright"}
    asset["extensions"] = {**asset.get("extensions", {}), XMP: {"packet": 0}}
    if line := copyright_line(credit):
        asset["copyright"] = line
    document["asset"] = asset
    document["extensions"] = {**document.get("extensions", {}), XMP: {"packets": [make_packet(credit)]}}
    document["extensionsUsed"] = [*(name for name in document.get("extensionsUsed", ()) if name != XMP), XMP]
    for named in (document["scenes"][0], document["nodes"][0]):
        named.pop("name", None)
        if credit.title:
            named["name"] = credit.title
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sII", b"glTF", 2, 20 + len(text) + len(rest)) + struct.pack("<I4s", len(text), b"JSON")
    return head + text + rest


def _split(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The JSON of a GLB, and all that follows its chunk."""
    try:
        magic, _, _, size, kind = struct.unpack("<4sIII4s", data[:20])
        document = json.loads(data[20 : 20 + size])
        if (magic, kind) != (b"glTF", b"JSON") or not {"asset", "scenes", "nodes"} <= document.keys():
            raise ValueError("it has no scene")
    except (struct.error, ValueError, AttributeError, RecursionError) as error:
        raise PackageBroken("model_unreadable", f"A GLB of the package cannot be read: {error}.") from error
    return document, data[20 + size :]


def stamp_file(name: str, data: bytes, credit: Credit) -> bytes:
    """A file of a package with the credit in it, when it is of a kind that says whose it is. Raises PackageBroken."""
    if name.endswith(".glb"):
        return stamp_glb(data, credit)
    return replace_head(data, credit) if name.endswith(".usdz") else data


def _restate_bytes(told: Any, files: Mapping[str, bytes]) -> Any:
    """What the report says of levels, wherever it names a file beside its size, with the size the file has now."""
    if isinstance(told, list):
        return [_restate_bytes(item, files) for item in told]
    if not isinstance(told, dict):
        return told
    again = {key: _restate_bytes(value, files) for key, value in told.items()}
    if again.get("file") in files and "bytes" in again:
        again["bytes"] = len(files[again["file"]])
    return again
