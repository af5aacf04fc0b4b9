"""What every page of creators and staff is made with: the session, the page itself, the sentence of a refusal."""

from collections.abc import Mapping

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from xr_server.domain.account import Session, Step, may
from xr_server.errors import DejimaError
from xr_server.parts import parts_of
from xr_server.routes.pages import PAGE_LANGUAGES, choose_language, load_texts, render_page
from xr_server.storage.reviews import count_returned, count_waiting
from xr_server.storage.sessions import find_session

SESSION_COOKIE = "dejima_session"
SHOWN_STEPS: tuple[Step, ...] = ("upload", "review", "publish", "schedule", "read_figures", "manage_people")


def session_of(request: Request) -> Session | None:
    """The session of a request, None for a visitor."""
    token = request.cookies.get(SESSION_COOKIE, "")
    return find_session(parts_of(request).catalog, token, parts_of(request).clock()) if token else None


def field(sent: FormData, name: str) -> str:
    """One text field of a form, trimmed; empty when it was not sent."""
    value = sent.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def read_revision(sent: FormData, name: str = "revision") -> int:
    """The revision that a form was opened with, by its field; 0 for a new record or a form that lost it: then it is stale."""
    text = field(sent, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def say_problem(error: DejimaError, language: str) -> str:
    """The refusal's sentence in a language; its own English one where nobody has translated it."""
    return load_texts(language).get(f"auth.problem.{error.code}", error.text)


def home_of(session: Session | None) -> str:
    """The page where an account's work is."""
    pages: tuple[tuple[Step, str], ...] = (
        ("review", "/desk/"),
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
        counts["/desk/"] = count_waiting(catalog, session.site_id)
    return counts


def staff_page(request: Request, session: Session | None, template: str, values: Mapping[str, object]) -> Response:
    """A page of studio or desk: private, in the language asked for, which a cookie remembers."""
    language = choose_language(request)
    steps = {step: session is not None and may(session, step) for step in SHOWN_STEPS}
    common = {
        "session": session,
        "home": home_of(session),
        "inbox": count_inbox(request, session) if session else {},
        "may": steps,
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
