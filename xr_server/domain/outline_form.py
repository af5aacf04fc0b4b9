"""The outline on the form of a landmark: its corners as they are typed, the polygon they make, and what to mind. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from xr_server.domain.catalog import Landmark
from xr_server.domain.fields import Place
from xr_server.domain.outline import (
    area_m2,
    away_from_m,
    corners_of,
    find_flaw,
    make_polygon,
    overlap_m2,
)
from xr_server.domain.typed import Faults, Typed, parse_number
from xr_server.domain.whereabouts import Surroundings, find_misplaced
from xr_server.errors import Invalid

MOST_DEGREES = 180.0  # of either number: exchanged ones are told apart later
DECIMALS = 9
MOST_FAULTS = 5  # corners that are named at once
OVERLAP_M2 = 1.0  # less is the thickness of a line
Row = tuple[str, str]  # latitude and longitude of one corner, as typed
Others = Sequence[tuple[str, Landmark]]  # landmarks with what they are called


@dataclass(frozen=True)
class Remark:
    """Something to mind about an outline, which keeps nobody from saving it."""

    code: str
    values: Mapping[str, str | int] = field(default_factory=dict)


def join_rows(rows: Iterable[Row]) -> str:
    """Rows as one typed text; those where nothing is typed are left out."""
    return "\n".join(f"{lat}\t{lon}" for lat, lon in rows if lat or lon)


def split_rows(typed: Typed) -> list[Row]:
    """The typed corners, row by row."""
    rows = [row.partition("\t") for row in typed.get("corners", "").split("\n") if row]
    return [(lat, lon) for lat, _, lon in rows]


def type_corners(corners: Sequence[Place]) -> str:
    """Corners as the form shows them, to a tenth of a millimetre: files of other tools hold more digits than fields take."""
    return join_rows((_say_degrees(lat), _say_degrees(lon)) for lat, lon in corners)


def _say_degrees(value: float) -> str:
    return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")


def exchange_rows(typed: Typed) -> str:
    """The typed corners with latitude and longitude exchanged."""
    return join_rows((lon, lat) for lat, lon in split_rows(typed))


def find_corners(typed: Typed) -> list[Place]:
    """The corners as far as they can be read, for a drawing of them."""
    return [corner for corner in map(_read_row, split_rows(typed)) if corner is not None]


def _read_row(row: Row) -> Place | None:
    lat, lon = parse_number(row[0]), parse_number(row[1])
    if lat is None or lon is None or max(abs(lat), abs(lon)) > MOST_DEGREES:
        return None
    return lat, lon


def read_outline(
    typed: Typed, before: Mapping[str, Any] | None, around: Surroundings, faults: Faults
) -> dict[str, Any] | None:
    """The polygon that the corners make, None for none; faults name `corner-1` and so on, or `outline` as a whole.

    A shape that is no outline, such as one with holes, stays while no corner is typed; an outline goes with its corners.
    """
    stood = corners_of(before)
    rows, kept = split_rows(typed), set(split_rows({"corners": type_corners(stood or [])}))
    if before is not None and stood and join_rows(rows) == type_corners(stood):
        return dict(before)
    if not rows:
        return dict(before) if before is not None and stood is None else None
    corners: list[Place] = []
    wrong: Faults = {}
    for number, row in enumerate(rows, 1):
        corner = _read_row(row)
        if corner is None:
            wrong[f"corner-{number}"] = Invalid(
                "outline_number", "Give latitude and longitude as numbers, such as 32.74360 and 129.87274."
            )
            continue
        corners.append(corner)
        fault = None if row in kept else find_misplaced(corner, around)
        if fault is not None:
            wrong[f"corner-{number}"] = fault
    _tell(wrong, len(rows), faults)
    flaw = None if wrong else find_flaw(corners)
    if flaw is not None:
        faults["outline"] = flaw
    return None if wrong or flaw else make_polygon(corners)


def _tell(wrong: Faults, count: int, faults: Faults) -> None:
    """Name what is wrong with corners: all exchanged in one sentence, otherwise a few of them."""
    if len(wrong) == count and all(fault.code == "spot_exchanged" for fault in wrong.values()):
        faults["outline"] = Invalid("outline_exchanged", "Latitude and longitude are exchanged in every corner.")
        return
    faults.update(list(wrong.items())[:MOST_FAULTS])


def find_remarks(corners: Sequence[Place], landmark: Landmark, others: Others) -> list[Remark]:
    """What to mind about a sound outline of a landmark: its place beside it, and what else stands in it."""
    if landmark.lat is None or landmark.lon is None:
        return [Remark("unplaced")]
    remarks = []
    off_m = away_from_m(corners, (landmark.lat, landmark.lon))
    if off_m > 0:
        remarks.append(Remark("off", {"metres": max(1, round(off_m))}))
    if landmark.geofence is None:
        remarks.append(Remark("unfenced"))
    for name, other in others:
        if other.id != landmark.id and other.lat is not None and other.geofence is not None:
            remarks += _compare(corners, name, other)
    return remarks


def _compare(corners: Sequence[Place], name: str, other: Landmark) -> list[Remark]:
    """What to mind about another landmark at which visitors arrive."""
    theirs = corners_of(other.geometry)
    if theirs and find_flaw(theirs) is None:
        common_m2 = overlap_m2(corners, theirs)
        return [Remark("overlap", {"name": name, "area": round(common_m2)})] if common_m2 > OVERLAP_M2 else []
    if other.lat is not None and other.lon is not None and away_from_m(corners, (other.lat, other.lon)) < 0:
        return [Remark("holds", {"name": name})]
    return []


def find_area_m2(typed: Typed) -> float | None:
    """The area of the typed corners in square metres; None while they make no simple polygon."""
    corners = find_corners(typed)
    if len(corners) != len(split_rows(typed)) or find_flaw(corners) is not None:
        return None
    return area_m2(corners)
