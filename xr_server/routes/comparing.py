"""A built scan and its levels side by side in 3D: for its creator, and, without the scan itself, for those who review."""

import json
import re
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asset_pipeline.manifest import Manifest, parse_manifest
from asset_pipeline.report.advice import say_bytes, say_length
from asset_pipeline.report.heat_scale import choose_scale, list_colours, list_ticks
from asset_pipeline.report.report_page import say_tick
from xr_server.domain.account import Session
from xr_server.errors import Conflict, NotFound
from xr_server.parts import parts_of
from xr_server.routes.guard import page
from xr_server.routes.packages import send_file
from xr_server.routes.pages import choose_language
from xr_server.routes.scans import get_own_scan, load_report
from xr_server.routes.staff import staff_page
from xr_server.storage.comparisons import INDEX_FILE, REFERENCE_FILE, find_comparison_file
from xr_server.storage.packages import find_package_file
from xr_server.storage.scans import StoredScan

LEVEL = re.compile(r"lod[0-7]\.glb")
LEGEND_STEPS = 32
PRIVATE = "private, no-store"


@page("upload")
def show_comparison(request: Request, session: Session) -> Response:
    """Both views and the figures of each level."""
    stored = get_own_scan(request, session, request.path_params["id"])
    manifest, report = _load(request, stored)
    index, language = _load_index(request, stored), choose_language(request)
    is_own = stored.account_id == session.account_id
    low_m, high_m = _scale_of(manifest, report, index)
    levels = [{**level, "triangles": level.get("points") or level["triangles"]} for level in report["levels"]]
    values = {
        "scan": stored,
        "levels": levels,
        "reference": index["reference"] if index and is_own else None,
        "measured": [each["file"] for each in index["levels"]] if index else [],
        "is_own": is_own,
        "points": "points" in report["levels"][0],
        "bounds": {"min": manifest.bounds_min_m, "max": manifest.bounds_max_m},
        "scale": {"low_m": low_m, "high_m": high_m, "colours": list_colours()},
        "legend": [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in list_colours(LEGEND_STEPS)],
        "ticks": [say_tick(tick) for tick in list_ticks(low_m)],
        "say_bytes": say_bytes,
        "say_length": lambda metres: say_length(metres, language),
    }
    return staff_page(request, session, "studio/compare.html", values)


def _load(request: Request, stored: StoredScan) -> tuple[Manifest, dict[str, Any]]:
    parts, digest = parts_of(request), stored.package_digest
    report = load_report(parts, digest)
    path = find_package_file(parts.settings.package_dir, digest or "", "manifest.json")
    if report is None or path is None:
        raise Conflict("not_built_yet", "This scan is not built yet, so there is nothing to look at. Wait until it is.")
    return parse_manifest(path.read_bytes()), report


def _load_index(request: Request, stored: StoredScan) -> dict[str, Any] | None:
    """What there is to compare; None for scans built before that was kept, and for points."""
    path = find_comparison_file(parts_of(request).settings.comparison_dir, stored.id, INDEX_FILE)
    index: dict[str, Any] | None = json.loads(path.read_bytes()) if path else None
    return index


def _scale_of(manifest: Manifest, report: dict[str, Any], index: dict[str, Any] | None) -> tuple[float, float]:
    """The ends of the scale in metres: those of the report, wherever they stand."""
    told = index or report.get("views")
    if told:
        return told["heat_low_m"], told["heat_high_m"]
    sides = (high - low for low, high in zip(manifest.bounds_min_m, manifest.bounds_max_m, strict=True))
    return choose_scale(sum(side**2 for side in sides) ** 0.5)


@page("upload")
def get_compared_file(request: Request, session: Session) -> Response:
    """A level of an unpublished package, or distances; the scan itself goes to its creator alone."""
    stored = get_own_scan(request, session, request.path_params["id"])
    name = request.path_params["file"]
    if name == REFERENCE_FILE and stored.account_id != session.account_id:
        raise _unknown()
    path = _find(request, stored, name)
    if path is None:
        raise _unknown()
    response = send_file(request, path, f'"{stored.id}-{name}-{path.stat().st_mtime_ns:x}"', PRIVATE)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _find(request: Request, stored: StoredScan, name: str) -> Path | None:
    settings = parts_of(request).settings
    if LEVEL.fullmatch(name):
        return find_package_file(settings.package_dir, stored.package_digest or "", name)
    return find_comparison_file(settings.comparison_dir, stored.id, name)


def _unknown() -> NotFound:
    return NotFound("file_unknown", "This scan has no picture or report of that name, or it is not built yet.")


routes = [
    Route("/studio/scans/{id}/compare", show_comparison),
    Route("/studio/scans/{id}/compare/{file}", get_compared_file),
]
