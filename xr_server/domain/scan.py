"""A creator's scan: its states, what its creator says about it, and what came out of building it."""

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

import msgspec

from xr_server.domain.fields import Language, Latitude, LocalDate, Longitude, Provenance
from xr_server.domain.remix import BasedOn, say_link
from xr_server.domain.said import MOST_SOURCES, find_faults, gather
from xr_server.errors import Invalid, TooLarge

State = Literal["receiving", "waiting", "building", "built", "rejected", "failed", "cancelled", "expired"]
FINAL_STATES: frozenset[State] = frozenset(("built", "rejected", "failed", "cancelled", "expired"))

# how a list of scans is divided, by what there is to do: wait, go on, mend, nothing
GROUPS: dict[str, tuple[State, ...]] = {
    "under_way": ("receiving", "waiting", "building"),
    "built": ("built",),
    "refused": ("rejected", "failed"),
    "over": ("cancelled", "expired"),
}

MAX_SCAN_BYTES = 4 * 1024**3
UPLOAD_LIFE_MS = 7 * 24 * 3_600_000  # an upload nobody goes on with is swept after a week
LEASE_MS = 30_000
MAX_ATTEMPTS = 3
MAX_METADATA_LENGTH = 8000
SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")

Line = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class ScanDetails(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a creator says about a scan. height: metres above the WGS 84 ellipsoid; unit and up None: the pipeline guesses.

    points: what becomes of a point cloud, its upper surface or fewer points. names: its title in languages; period: the time
    that it shows; credit_line: how visitors are told of it, when not by maker and licence; permission: the number of the
    permission to scan; no_persons: its creator has looked that nobody and no number plate can be recognised.
    based_on: whose works it was made from.
    """

    title: Line
    creator: Line
    licence: Line
    lat: Latitude
    lon: Longitude
    height: Annotated[float, msgspec.Meta(ge=-1000, le=10_000)]
    heading: Annotated[float, msgspec.Meta(ge=0, lt=360)] = 0.0
    accuracy: Annotated[float, msgspec.Meta(gt=0, le=10_000)] = 15.0
    provenance: Provenance = "estimate"
    unit: Literal["m", "cm", "mm", "ft"] | None = None
    up: Literal["y", "z"] | None = None
    points: Literal["surface", "points"] = "surface"
    names: dict[Language, Line] = {}
    period: Annotated[str, msgspec.Meta(max_length=100)] = ""
    surveyed_on: LocalDate | None = None
    sources: Annotated[list[Line], msgspec.Meta(max_length=MOST_SOURCES)] = []
    credit_line: Annotated[str, msgspec.Meta(max_length=300)] = ""
    permission: Annotated[str, msgspec.Meta(max_length=100)] = ""
    no_persons: bool = False
    based_on: tuple[BasedOn, ...] = ()


class Reason(msgspec.Struct, frozen=True):
    """Why a scan was not built: a stable code and a sentence for people."""

    code: str
    text: str


class Upload(msgspec.Struct, frozen=True):
    """A scan that is about to be received."""

    file_name: str
    details: ScanDetails
    length_bytes: int


def parse_upload_metadata(header: str) -> dict[str, str]:
    """The pairs of a tus Upload-Metadata header, values decoded. Raises Invalid."""
    broken = Invalid(
        "metadata_broken", "The Upload-Metadata header is not a list of `name base64value` pairs with commas between."
    )
    if len(header) > MAX_METADATA_LENGTH:
        raise Invalid("metadata_too_long", f"Upload-Metadata may have {MAX_METADATA_LENGTH} characters at most.")
    pairs: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in header.split(","))):
        name, _, value = part.partition(" ")
        if name in pairs:
            raise broken
        try:
            pairs[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise broken from error
    return pairs


def read_upload(metadata: Mapping[str, str], length_bytes: int) -> Upload:
    """The upload that metadata and length announce. Raises Invalid naming the field, TooLarge."""
    if length_bytes > MAX_SCAN_BYTES:
        raise TooLarge(
            "scan_too_large",
            f"This file has {length_bytes / 1024**3:.1f} GB; at most {MAX_SCAN_BYTES / 1024**3:g} GB can be taken. "
            "Export the scan with fewer triangles or smaller pictures and send that.",
        )
    if length_bytes <= 0:
        raise Invalid("empty_file", "This file is empty. Choose the file your scanning program exported.")
    values: dict[str, Any] = {name: value.strip() for name, value in metadata.items() if value.strip()}
    values.pop("filetype", None)  # uploaders such as Uppy add it; the content decides, not the claim
    file_name = str(values.pop("filename", ""))[:200]
    if not file_name:
        raise Invalid("metadata_filename", "The upload does not say what the file is called (`filename`).")
    return Upload(file_name, parse_details(values), length_bytes)


def parse_details(values: Mapping[str, Any]) -> ScanDetails:
    """Form or metadata values as scan details; numbers may be text, based_on a digest. Raises Invalid naming the field."""
    said = gather(values)
    if isinstance(said.get("based_on"), str):
        said["based_on"] = [{"package": said["based_on"]}] if said["based_on"] else []
    try:
        details = msgspec.convert(said, ScanDetails, strict=False)
        if faults := find_faults(msgspec.to_builtins(details)):
            raise msgspec.ValidationError(
                ", ".join(f"{fault.replace('_', ' ')} - at `$.{name}`" for name, fault in faults.items())
            )
        return details
    except msgspec.ValidationError as error:
        raise Invalid(
            "details_invalid", f"What you say about the scan cannot be taken as it is: {error}. Nothing was sent yet."
        ) from error


def stored_suffix(file_name: str) -> str:
    """The suffix a scan is stored under, such as .ply; nothing else of a visitor-given name ever reaches the disk."""
    suffix = PurePosixPath(file_name).suffix.lower()
    return suffix if SUFFIX.fullmatch(suffix) else ".bin"


def build_arguments(details: ScanDetails) -> list[str]:
    """The pipeline's options that place a scan and say how to read it."""
    arguments = [
        f"--lat={details.lat!r}",
        f"--lon={details.lon!r}",
        f"--height={details.height!r}",
        f"--heading={details.heading!r}",
        f"--accuracy={details.accuracy!r}",
    ]
    arguments += [f"--unit={details.unit}"] if details.unit else []
    arguments += [f"--up={details.up}"] if details.up else []
    return [*arguments, f"--points={details.points}"]


def build_metadata(details: ScanDetails) -> dict[str, Any]:
    """What the pipeline writes into the package about the scan; its sources name whose works it was made from."""
    return {
        "title": details.title,
        "creator": details.creator,
        "licence": details.licence,
        "provenance": details.provenance,
        "sources": [*(say_link(link) for link in details.based_on), *details.sources],
        "period": details.period,
        "surveyed_on": details.surveyed_on,
    }
