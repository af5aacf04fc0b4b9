"""Figures for everyone, at the desk: which months can be released, what would be hidden, what that spends, what was."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, may
from xr_server.domain.open_figures import (
    MEASURES,
    MOST_LANDMARKS,
    SMALLEST_OPEN,
    MeasureName,
    month_epsilon_thousandths,
    read_month,
)
from xr_server.domain.open_month import Month, describe_month_of
from xr_server.domain.open_tables import DEFINITIONS, TABLES, TITLES, expect_error
from xr_server.errors import Conflict, Forbidden
from xr_server.parts import parts_of
from xr_server.routes.guard import form, page
from xr_server.routes.live import Place, find_place
from xr_server.routes.noting import note_read
from xr_server.routes.open_data import say_month
from xr_server.routes.staff import change_by, say_problem, staff_page
from xr_server.routes.wording import say_when
from xr_server.storage.accounts import load_names
from xr_server.storage.catalog import load_published
from xr_server.storage.open_data import (
    Budget,
    Release,
    Stores,
    check_month,
    list_months,
    list_releases,
    load_budget,
    preview,
    release_month,
)
from xr_server.storage.privacy import is_installed


@page("read_figures")
def show_releases(request: Request, session: Session) -> Response:
    """The ledger, what is left of each year's budget, and the months that can be released now."""
    place, parts = find_place(request, session), parts_of(request)
    note_read(request, session, "open_data")
    releases = list_releases(parts.events, session.site_id)
    ready = list_months(parts.events, session.site_id, place.zone, parts.clock())
    years = sorted({read_month(month).year for month in [*ready, *(one.month for one in releases)]}, reverse=True)
    names = load_names(parts.catalog, {one.account_id for one in releases if one.account_id})
    values = {
        **_common(place),
        "ready": [(month, say_month(month, place.language)) for month in ready],
        "releases": [_say_release(one, place, names) for one in releases],
        "budgets": [_say_budget(_load_budget(request, session, year)) for year in years],
        "notice": {"text": "releases.notice_released", "undo": None} if "done" in request.query_params else None,
    }
    return staff_page(request, session, "desk/open_data.html", values)


def _common(place: Place) -> dict[str, Any]:
    return {
        "site_id": place.site.id,
        "installed": is_installed(),
        "smallest": SMALLEST_OPEN,
        "most_landmarks": MOST_LANDMARKS,
        "epsilon": _say_epsilon(month_epsilon_thousandths()),
    }


def _say_epsilon(thousandths: int) -> str:
    return f"{thousandths / 1000:g}"


def _load_budget(request: Request, session: Session, year: int) -> Budget:
    parts = parts_of(request)
    return load_budget(parts.events, session.site_id, year, _allowed(request))


def _allowed(request: Request) -> int:
    """The budget of a year in thousandths of epsilon."""
    return round(parts_of(request).settings.open_data_epsilon * 1000)


def _say_budget(budget: Budget) -> dict[str, Any]:
    told = {"allowed": budget.allowed, "spent": budget.spent, "left": budget.left}
    months = budget.left // month_epsilon_thousandths()
    return {"year": str(budget.year), "months": months} | {name: _say_epsilon(it) for name, it in told.items()}


def _say_release(release: Release, place: Place, names: dict[str, str]) -> dict[str, Any]:
    return {
        "it": release,
        "words": say_month(release.month, place.language),
        "when": say_when(release.released_at, place.language, place.site.time_zone),
        "who": names.get(release.account_id or "", ""),
        "epsilon": _say_epsilon(release.epsilon_thousandths),
    }


def _open_month(request: Request, session: Session) -> Month:
    """The month of the address. Raises Invalid, NotFound."""
    month = request.path_params["month"]
    read_month(month)
    return describe_month_of(load_published(parts_of(request).catalog, session.site_id), month)


@page("read_figures")
def show_month(request: Request, session: Session) -> Response:
    """A month before its release: each table, what would likely be hidden, how far it would be off; or that it is released."""
    place, month, parts = find_place(request, session), _open_month(request, session), parts_of(request)
    note_read(request, session, "open_data", _days(month))
    found = next(
        (one for one in list_releases(parts.events, session.site_id) if one.month == month.universe.month), None
    )
    problem, tables = None, []
    if found is None:
        try:
            check_month(parts.events, month, parts.clock())
            tables = _preview(request, month, place.language)
        except Conflict as error:
            problem = say_problem(error, place.language)
    names = load_names(parts.catalog, {found.account_id} if found and found.account_id else set())
    values = {
        **_common(place),
        "month": month.universe.month,
        "words": say_month(month.universe.month, place.language),
        "released": _say_release(found, place, names) if found else None,
        "problem": problem,
        "tables": tables,
        "budget": _say_budget(_load_budget(request, session, read_month(month.universe.month).year)),
        "may_release": may(session, "publish") and not session.landmarks,
    }
    return staff_page(request, session, "desk/open_month.html", values)


def _days(month: Month) -> tuple[date, date]:
    days: Sequence[str] = month.universe.days
    return date.fromisoformat(days[0]), date.fromisoformat(days[-1])


def _preview(request: Request, month: Month, language: str) -> list[dict[str, Any]]:
    sizes = preview(parts_of(request).events, month)
    return [_say_table(name, measure, sizes, (month, language)) for name, measure in TABLES.items() if measure]


def _say_table(
    name: str, measure: MeasureName, sizes: dict[MeasureName, tuple[int, int]], about: tuple[Month, str]
) -> dict[str, Any]:
    month, language = about
    cells, hidden = sizes[measure]
    half, most = expect_error(name, month.universe)
    return {
        "title": TITLES[name][language],
        "definition": DEFINITIONS[name][language],
        "cells": cells,
        "hidden": min(hidden, cells),
        "share": f"{float(MEASURES[measure].epsilon):g}",
        "half": half,
        "most": most,
    }


@form("publish")
def post_month(request: Request, session: Session, _sent: FormData) -> Response:
    """Release a month for good."""
    if session.landmarks:
        raise Forbidden(
            "part_not_yours",
            "Your account is for a part of the site, and this is outside it. Nothing was changed; ask an administrator.",
        )
    parts, month = parts_of(request), _open_month(request, session)
    stores = Stores(parts.catalog, parts.events)
    release_month(stores, month, change_by(request, session), _allowed(request))
    return RedirectResponse("/desk/open-data?done=released", status_code=303)


routes = [
    Route("/desk/open-data", show_releases),
    Route("/desk/open-data/{month}", show_month, methods=["GET"]),
    Route("/desk/open-data/{month}", post_month, methods=["POST"]),
]
