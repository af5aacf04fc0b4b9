"""A built scan read in another unit, with another axis up, or as points: chosen by the size that comes out, built again."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from asset_pipeline.manifest import Manifest
from asset_pipeline.report.advice import say_length
from xr_server.domain.account import Session
from xr_server.domain.rereading import UNITS, UPS, Reading, Vector, read_reading, size_as
from xr_server.errors import Conflict, DejimaError
from xr_server.parts import parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.scans import get_own_scan, load_report
from xr_server.routes.staff import change_by, field, say_problem, staff_page
from xr_server.storage.packages import load_packages
from xr_server.storage.rebuilding import ask_rebuild
from xr_server.storage.scans import StoredScan

CHOICES = ("unit", "up", "points")


def _load(request: Request, session: Session) -> StoredScan:
    stored = get_own_scan(request, session, request.path_params["id"], creator_alone=True)
    if stored.is_start:
        raise Conflict("not_your_words", "This model is somebody else's, so what it says of itself stays as it is.")
    if stored.state != "built":
        raise Conflict("scan_not_built", "This scan is not built yet, so there is nothing to attach. Wait until it is.")
    return stored


@page("upload")
def show_rebuild(request: Request, session: Session) -> Response:
    """The ways to read the file, each with the size that comes of it; `unit` in the address is chosen beforehand."""
    asked = request.query_params.get("unit", "")
    typed = {"unit": asked} if asked in UNITS else {}
    return _rebuild_page(request, session, {"typed": typed})


def _rebuild_page(request: Request, session: Session, values: Mapping[str, Any]) -> Response:
    parts, stored, language = parts_of(request), _load(request, session), choose_language(request)
    manifest = _find_manifest(request, stored)
    now, size_m = _read_now(manifest, stored), _size_of(manifest)
    report = load_report(parts, stored.package_digest) or {}

    def say_size(unit: str, up: str) -> dict[str, str]:
        width, height, depth = size_as(size_m, (now.unit, now.up), (unit, up))
        sides = {"width": width, "height": height, "depth": depth}
        return {name: say_length(metres, language) for name, metres in sides.items()}

    common = {
        "scan": stored,
        "now": now,
        "units": [(unit, say_size(unit, now.up)) for unit in UNITS],
        "ups": [(up, say_size(now.unit, up)) for up in UPS],
        "is_cloud": "cloud" in report.get("source", {}),
        "problem": None,
    }
    typed = {"unit": now.unit, "up": now.up, "points": now.points, **values["typed"]}
    return staff_page(request, session, "studio/rebuild.html", {**common, **values, "typed": typed})


def _find_manifest(request: Request, stored: StoredScan) -> Manifest:
    return load_packages(parts_of(request).catalog, stored.site_id)[0][stored.package_digest or ""]


def _read_now(manifest: Manifest, stored: StoredScan) -> Reading:
    """How the file was read when the package was built; what was guessed then is known by now."""
    now = {"unit": manifest.source.unit, "up": manifest.source.up, "points": stored.details.points}
    return msgspec.convert(now, Reading)


def _size_of(manifest: Manifest) -> Vector:
    low, high = manifest.bounds_min_m, manifest.bounds_max_m
    return high[0] - low[0], high[1] - low[1], high[2] - low[2]


@form("upload")
def post_rebuild(request: Request, session: Session, sent: FormData) -> Response:
    """Let the scan wait for a worker that reads it as chosen."""
    parts, stored = parts_of(request), _load(request, session)
    typed = {name: field(sent, name) for name in CHOICES if name in sent}
    try:
        reading = read_reading(typed, _read_now(_find_manifest(request, stored), stored))
        ask_rebuild(parts.catalog, stored, reading, change_by(request, session))
    except DejimaError as error:
        problem = say_problem(error, choose_language(request))
        response = _rebuild_page(request, session, {"typed": typed, "problem": problem})
        response.status_code = STATUS[type(error)]
        return response
    return RedirectResponse(f"/studio/scans/{stored.id}", status_code=303)


routes = [
    Route("/studio/scans/{id}/rebuild", show_rebuild, methods=["GET"]),
    Route("/studio/scans/{id}/rebuild", post_rebuild, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
