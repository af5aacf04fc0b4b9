"""Tying a scan to survey points: which point lies where on the model, how well they agree, and where the model then stands."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, check_may_at
from xr_server.domain.published import pick
from xr_server.domain.survey import Survey, SurveyPoint
from xr_server.domain.tying import ROW_FIELDS, find_fit, measured_on_model, put_ties, read_ties, type_ties
from xr_server.errors import DejimaError, Invalid, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.pages import choose_language
from xr_server.routes.placing import load_placed, model_values
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import change_by, field, read_revision, say_problem, staff_page
from xr_server.routes.studio import list_landmarks
from xr_server.storage.catalog import load_published, save_records

FEWEST_ROWS, EMPTY_ROWS, MOST_ROWS = 3, 1, 40


@page("attach")
def show_ties(request: Request, session: Session) -> Response:
    """The model's ties, and how well they agree."""
    _, scene, _, node = load_placed(request, session)
    return _ties_page(request, session, type_ties(node.ties), {"revision": scene.revision})


def _ties_page(request: Request, session: Session, rows: list[dict[str, str]], values: Mapping[str, Any]) -> Response:
    parts, language = parts_of(request), choose_language(request)
    stored, scene, body, node = load_placed(request, session)
    points, model = load_points(parts, session.site_id), model_values(parts, stored)
    read = read_ties(rows, points, (model["min"], model["max"]))
    fit = find_fit(read.ties, points)
    empty = max(FEWEST_ROWS - len(rows), EMPTY_ROWS if len(rows) < MOST_ROWS else 0)
    common = {
        "scan": stored,
        "revision": scene.revision,
        "rows": [*rows, *[dict.fromkeys(ROW_FIELDS, "")] * empty],
        "slips": read.slips,
        "groups": _group_points(
            points, dict(list_landmarks(parts, session.site_id, language)), body.landmark, language
        ),
        "names": {point.id: pick(point.name, language) or point.id for point in points.values()},
        "points": points,
        "count": len(read.ties),
        "fit": fit,
        "fit_arrows": measured_on_model(fit, read.ties) if fit else [],
        "is_saved": list(read.ties) == list(node.ties),
        "model": model,
        "problem": None,
        "theirs": None,
        "notice": _notice(request),
    }
    return staff_page(request, session, "studio/ties.html", {**common, **values})


def load_points(parts: Parts, site_id: str) -> dict[str, SurveyPoint]:
    """The published survey points of a site by id: those that visitors' phones know too."""
    surveys = [body for body in load_published(parts.catalog, site_id) if isinstance(body, Survey)]
    return {point.id: point for survey in surveys for point in survey.points}


def _group_points(
    points: Mapping[str, SurveyPoint], names: Mapping[str, str], landmark: str, language: str
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The points by landmark for a list to choose from, those of the scene's own landmark first."""
    order = sorted({point.landmark or "" for point in points.values()}, key=lambda one: (one != landmark, one))
    return [
        (
            names.get(one, ""),
            sorted((p.id, pick(p.name, language) or p.id) for p in points.values() if (p.landmark or "") == one),
        )
        for one in order
    ]


def _notice(request: Request) -> dict[str, Any] | None:
    return {"text": "studio.notice_tied", "undo": None} if request.query_params.get("done") == "tied" else None


def read_rows(sent: FormData) -> list[dict[str, str]]:
    """The rows of the form as they were typed; those left empty at its end are dropped."""
    columns = [[str(value).strip() for value in sent.getlist(name)][:MOST_ROWS] for name in ROW_FIELDS]
    rows = [dict(zip(ROW_FIELDS, cells, strict=True)) for cells in zip(*columns, strict=False)]
    while rows and not any(rows[-1].values()):
        rows.pop()
    return rows


@form("attach")
def post_ties(request: Request, session: Session, sent: FormData) -> Response:
    """Say how well typed ties agree, offer another row, or save them: a new revision of the scene."""
    parts, rows, revision = parts_of(request), read_rows(sent), read_revision(sent)
    stored, _, body, node = load_placed(request, session)
    step = field(sent, "step")
    typed: dict[str, Any] = {"revision": revision, "notice": None}
    if step != "save":
        if step == "row":
            rows.append(dict.fromkeys(ROW_FIELDS, ""))
        return _ties_page(request, session, rows, typed)
    try:
        check_may_at(session, body.landmark)
        model = model_values(parts, stored)
        read = read_ties(rows, load_points(parts, session.site_id), (model["min"], model["max"]))
        if read.slips:
            raise Invalid("ties_slips", "Some rows cannot be taken as they are. Nothing was saved; each says why.")
        tied = put_ties(body, node.id, read.ties)
        save_records(parts.catalog, session.site_id, [(tied, revision)], change_by(request, session))
    except DejimaError as error:
        typed["problem"] = say_problem(error, choose_language(request))
        if isinstance(error, Stale):  # whoever saves again after it has seen what stands there now
            del typed["revision"]
            typed["theirs"] = type_ties(node.ties)
        response = _ties_page(request, session, rows, typed)
        response.status_code = STATUS[type(error)]
        return response
    return RedirectResponse(f"/studio/scans/{stored.id}/ties?done=tied", status_code=303)


routes = [
    Route("/studio/scans/{id}/ties", show_ties, methods=["GET"]),
    Route("/studio/scans/{id}/ties", post_ties, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
