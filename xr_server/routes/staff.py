"""What every page of creators and staff is made with: the session, the page itself, the sentence of a refusal."""

from collections.abc import Mapping
from typing import get_args

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from xr_server.domain.account import Session, Step, may
from xr_server.domain.catalog import Change
from xr_server.errors import DejimaError
from xr_server.parts import parts_of
from xr_server.routes.menu import make_menu
from xr_server.routes.pages import PAGE_LANGUAGES, choose_language, fill, load_texts, render_page
from xr_server.storage.approvals import count_questions
from xr_server.storage.classes import Keeper, count_calls
from xr_server.storage.memories import count_waiting_memories
from xr_server.storage.permissions import count_answered, count_asked
from xr_server.storage.reviews import count_returned, count_waiting
from xr_server.storage.sessions import find_session

SESSION_COOKIE = "dejima_session"


def session_of(request: Request) -> Session | None:
    """The session of a request, None for a visitor."""
    token = request.cookies.get(SESSION_COOKIE, "")
    return find_session(parts_of(request).catalog, token, parts_of(request).clock()) if token else None


def change_by(request: Request, session: Session) -> Change:
    """Who changes something by a request, and when."""
    return Change(parts_of(request).clock(), session.account_id)


def field(sent: FormData, name: str) -> str:
    """One text field of a form, trimmed; empty when it was not sent."""
    value = sent.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def read_revision(sent: FormData, name: str = "revision") -> int:
    """The revision that a form was opened with, by its field; 0 for a new record or a form that lost it: then it is stale."""
    text = field(sent, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def read_moment(sent: FormData, name: str) -> int:
    """A moment in ms UTC that a form was made with; 0 where it lost it: then it is stale."""
    text = field(sent, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def say_problem(error: DejimaError, language: str) -> str:
    """The refusal's sentence in a language; its own English one where nobody has translated it."""
    sentence = load_texts(language).get(f"auth.problem.{error.code}")
    return error.text if sentence is None else fill(sentence, language, **error.values)


def home_of(session: Session | None) -> str:
    """The page where an account's work is."""
    pages: tuple[tuple[Step, str], ...] = (
        ("review", "/desk/"),
        ("teach", "/desk/classes"),
        ("upload", "/studio/"),
        ("read_figures", "/desk/figures"),
    )
    return next((path for step, path in pages if session is not None and may(session, step)), "/account")


def count_inbox(request: Request, session: Session) -> dict[str, int]:
    """What waits for whoever is signed in, by the menu entry that leads to it."""
    catalog = parts_of(request).catalog
    counts = {}
    if may(session, "upload"):
        counts["/studio/"] = count_returned(catalog, session.site_id, session.account_id)
    if may(session, "publish"):
        counts["/desk/"] = count_waiting(catalog, session.site_id, session.landmarks)
        counts["/desk/memories"] = count_waiting_memories(catalog, session.site_id, session.landmarks)
        asked = count_questions(catalog, session.site_id, session.account_id, session.landmarks)
        counts |= {} if asked is None else {"/desk/approvals": asked}
    if may(session, "teach"):
        counts["/desk/classes"] = count_calls(
            catalog, Keeper(session.site_id, session.account_id), parts_of(request).clock()
        )
    if may(session, "ask_permission"):
        counts["/studio/permissions"] = count_answered(catalog, session.site_id, session.account_id)
    if may(session, "give_permission"):
        counts["/desk/permissions"] = count_asked(catalog, session.site_id)
    return counts


def staff_page(request: Request, session: Session | None, template: str, values: Mapping[str, object]) -> Response:
    """A page of studio or desk: private, in the language asked for, which a cookie remembers."""
    language = choose_language(request)
    steps = {step: session is not None and may(session, step) for step in get_args(Step)}
    home = home_of(session)
    waiting = count_inbox(request, session) if session else {}
    common = {
        "session": session,
        "home": home,
        "inbox": waiting,
        "menu": make_menu(session, request.url.path, home, waiting) if session else None,
        "may": steps,
        "for_pupil": session is not None and "pupil" in session.roles,
        "csrf": session.csrf_token if session else "",
        "notice": None,
    }
    response = render_page(request, template, language, {**common, **values})
    response.headers["Cache-Control"] = "private, no-store"
    if request.query_params.get("lang") in PAGE_LANGUAGES:
        response.set_cookie("lang", language, max_age=31_536_000, samesite="lax", secure=is_secure(request))
    return response


def is_secure(request: Request) -> bool:
    """Whether cookies may insist on HTTPS."""
    return request.url.scheme == "https" or parts_of(request).settings.public_url.startswith("https://")
