"""The outline on the form of a landmark: its corners as fields, out of GeoJSON, and what is said of it while it is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.catalog import Geofence, Landmark
from xr_server.domain.outline import FEWEST_CORNERS, corners_of, find_flaw
from xr_server.domain.outline_file import parse_outline
from xr_server.domain.outline_form import (
    Remark,
    exchange_rows,
    find_area_m2,
    find_corners,
    find_remarks,
    join_rows,
    read_outline,
    split_rows,
    type_corners,
)
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.domain.typed import YES, Faults, Typed, parse_number
from xr_server.domain.whereabouts import Surroundings, gather_known
from xr_server.errors import Invalid
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form
from xr_server.routes.live import Place, find_place
from xr_server.routes.pages import fill, load_texts
from xr_server.routes.records import find_record
from xr_server.routes.staff import field, say_problem
from xr_server.storage.catalog import list_records

MAX_FILE_BYTES = 1024 * 1024
MOST_FIELDS = 700  # two for each of as many corners as an outline may have, and those of the rest of the form
TAKE_OUT = "corner-out-"
ABOUT = ("lat", "lon", "enter_m", "leave_m", "sure")


@dataclass(frozen=True)
class Reader:
    """For whom an outline is told of: the parts of the server, and where and in which language it is looked at."""

    parts: Parts
    place: Place


def read_corners(sent: FormData) -> str:
    """The corners of a form as one typed text."""
    return join_rows(_rows_sent(sent))


def _rows_sent(sent: FormData) -> list[tuple[str, str]]:
    lats, lons = (
        [value.replace("\t", " ").strip() if isinstance(value, str) else "" for value in sent.getlist(name)]
        for name in ("corner_lat", "corner_lon")
    )
    return list(zip(lats, lons, strict=False))


def is_arranging(step: str) -> bool:
    """Whether a button of a form changes the corners that it shows, and saves nothing."""
    return step in ("corner", "exchange", "geojson") or step.startswith(TAKE_OUT)


def arrange(sent: FormData, step: str, typed: Typed, landmark_id: str) -> dict[str, str]:
    """What is typed after such a button was pressed. Raises Invalid where GeoJSON cannot be taken."""
    if step == "geojson":
        corners = parse_outline(_read_geojson(sent), landmark_id)
        return {**typed, "corners": type_corners(corners), "geojson": ""}
    if step == "exchange":
        return {**typed, "corners": exchange_rows(typed)}
    gone = step.removeprefix(TAKE_OUT)
    rows = [row for number, row in enumerate(_rows_sent(sent), 1) if str(number) != gone]
    return {**typed, "corners": join_rows(rows)}


def _read_geojson(sent: FormData) -> str:
    """The text of the chosen file, else what was pasted. Raises Invalid."""
    file = sent.get("geojson_file")
    if isinstance(file, UploadFile) and file.filename:
        data = file.file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise Invalid("outline_large", f"A file of one outline has {MAX_FILE_BYTES >> 10} kB at most.")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Invalid("outline_json", "This is no GeoJSON: it cannot be read as JSON.") from error
    if not field(sent, "geojson"):
        raise Invalid("outline_missing", "Choose a file, or paste the GeoJSON.")
    return field(sent, "geojson")


def outline_values(reader: Reader, typed: Typed, landmark: Landmark | None, blank: int = 1) -> dict[str, Any]:
    """What the form shows of an outline: its corners, empty rows for more, and what is said of it."""
    rows = split_rows(typed)
    geometry = landmark.geometry if landmark else None
    return {
        "rows": rows,
        "blank_rows": max(FEWEST_CORNERS - len(rows), blank),
        "keeps_shape": geometry is not None and corners_of(geometry) is None,
        "outline_said": say_outline(reader, typed, landmark),
    }


def count_blank(sent: FormData, step: str) -> int:
    """How many empty rows a form shows next: one more than it had, where another was asked for."""
    blank = sum(not (lat or lon) for lat, lon in _rows_sent(sent))
    return min(blank + 1, 20) if step == "corner" else 1


def say_outline(reader: Reader, typed: Typed, landmark: Landmark | None) -> dict[str, Any]:
    """The area of the typed outline in a sentence, and what is wrong with it or to be minded; empty without corners."""
    rows = split_rows(typed)
    if not rows:
        return {"area": "", "remarks": [], "is_exchanged": False}
    place = reader.place
    stored = list_records(reader.parts.catalog, place.site.id, "landmark")
    bodies = [one.body for one in stored if isinstance(one.body, Landmark) and one.state != "withdrawn"]
    around = Surroundings(
        place.site, gather_known(place.site, bodies, landmark.id if landmark else ""), typed.get("sure") == YES
    )
    faults: Faults = {}
    read_outline(typed, landmark.geometry if landmark else None, around, faults)
    area_m2 = find_area_m2(typed)
    if area_m2 is None and not faults:  # it stood there before we looked at shapes
        flaw = find_flaw(find_corners(typed))
        faults |= {"outline": flaw} if flaw else {}
    said = [_say_fault(name, fault, place.language) for name, fault in faults.items()]
    if not faults:
        others = [(plain(pick(body.name, place.language)) or body.id, body) for body in bodies]
        remarks = find_remarks(find_corners(typed), _sketch(typed, landmark), others)
        said += [_say_remark(remark, place.language) for remark in remarks]
    told = load_texts(place.language)["places.outline_area"]
    return {
        "area": "" if area_m2 is None else fill(told, place.language, area=round(area_m2), count=len(rows)),
        "remarks": said,
        "is_exchanged": any(fault.code == "outline_exchanged" for fault in faults.values()),
    }


def _say_fault(name: str, fault: Invalid, language: str) -> str:
    said = say_problem(fault, language)
    number = name.removeprefix("corner-")
    if number == name:
        return said
    return fill(load_texts(language)["places.outline_of_corner"], language, number=number, said=said)


def _say_remark(remark: Remark, language: str) -> str:
    return fill(load_texts(language)[f"places.outline_{remark.code}"], language, **remark.values)


def _sketch(typed: Typed, landmark: Landmark | None) -> Landmark:
    """The landmark with the place and the distances that are typed, as far as they can be read."""
    lat, lon, enter_m, leave_m = (parse_number(typed.get(name, "")) for name in ABOUT[:4])
    fence = None if enter_m is None or leave_m is None else Geofence(enter_m=enter_m, leave_m=leave_m)
    is_placed = lat is not None and lon is not None
    return Landmark(
        id=landmark.id if landmark else "",
        name={},
        category="",
        status="",
        lat=lat if is_placed else None,
        lon=lon if is_placed else None,
        geofence=fence,
    )


@form("review", most_fields=MOST_FIELDS)
def post_outline(request: Request, session: Session, sent: FormData) -> Response:
    """What is said of an outline while somebody draws it, for the script of the form; nothing is saved."""
    parts, place = parts_of(request), find_place(request, session)
    stored = find_record(parts, session.site_id, "landmark", field(sent, "landmark"))
    landmark = stored.body if stored is not None and isinstance(stored.body, Landmark) else None
    if landmark is not None:
        check_may_at(session, landmark.id)
    typed: Mapping[str, str] = {**{name: field(sent, name) for name in ABOUT}, "corners": read_corners(sent)}
    return JSONResponse(say_outline(Reader(parts, place), typed, landmark))


routes = [Route("/desk/outline", post_outline, methods=["POST"], max_body_size=MAX_FORM_BYTES)]
