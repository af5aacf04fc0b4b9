"""The whole report of a package as a page: for its creator beside the scan, for those who review beside the record."""

import json

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from asset_pipeline.manifest import MANIFEST_FILE, parse_manifest
from asset_pipeline.report.report_page import make_page, style_source
from xr_server.domain.account import Session
from xr_server.errors import NotFound
from xr_server.parts import parts_of
from xr_server.routes.guard import page
from xr_server.routes.pages import choose_language
from xr_server.routes.scans import get_own_scan
from xr_server.routes.within import check_package_within
from xr_server.storage.packages import find_package_file, load_packages

REPORT_POLICY = f"default-src 'none'; style-src {style_source()}; img-src data:; base-uri 'none'; form-action 'none'"


@page("upload")
def show_scan_report(request: Request, session: Session) -> Response:
    """The report of a scan's package."""
    stored = get_own_scan(request, session, request.path_params["id"])
    return _answer(request, stored.package_digest or "", f"/studio/scans/{stored.id}")


@page("review")
def show_package_report(request: Request, session: Session) -> Response:
    """The report of a package, published or not, of the part of the site that a membership is for."""
    digest = request.path_params["digest"]
    check_package_within(parts_of(request), session, digest)
    manifests, _ = load_packages(parts_of(request).catalog, session.site_id)
    return _answer(request, digest if digest in manifests else "", "/desk/")


def _answer(request: Request, digest: str, back: str) -> Response:
    language = choose_language(request)
    try:
        manifest = parse_manifest(_read(request, digest, MANIFEST_FILE))
        report = json.loads(_read(request, digest, "report.json"))
        html = make_page(manifest, report, lambda name: _read(request, digest, name), language, back)
    except FileNotFoundError as error:
        raise NotFound(
            "report_unknown", "There is no report yet: it is written when the scan has been built."
        ) from error
    headers = {"Cache-Control": "private, no-store", "X-Robots-Tag": "noindex", "Content-Language": language}
    return HTMLResponse(html, headers={**headers, "Content-Security-Policy": REPORT_POLICY})


def _read(request: Request, digest: str, name: str) -> bytes:
    path = find_package_file(parts_of(request).settings.package_dir, digest, name)
    if path is None:
        raise FileNotFoundError(name)
    return path.read_bytes()


routes = [
    Route("/studio/scans/{id}/report", show_scan_report),
    Route("/desk/packages/{digest}/report", show_package_report),
]
