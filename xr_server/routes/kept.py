"""A form whose session ended while it was filled in: what was typed waits behind the login, and then goes on.

Nothing is stored: it travels in the login page and the page after it. Only forms of our own pages are kept, and the last
step is a button its owner presses, so that no other site can have something sent in their name.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from xr_server.domain.account import Session
from xr_server.parts import parts_of
from xr_server.routes.staff import field, is_secure, staff_page

LOGIN_COOKIE = "dejima_login"
OWN_AREAS = ("/studio/", "/desk/")
HIDDEN = frozenset(("csrf", "revision", "words_revision", "schedule", "step", "before", "initial"))
MARK = re.compile(r"-(id|node|x|y|z|media|remove)$|-stands-|^sound-")  # of a part of a scene: says nothing by itself
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Kept:
    """A form that could not be taken: where it was going, and its fields in order, the old token left out."""

    path: str
    pairs: Pairs

    @property
    def texts(self) -> list[str]:
        """What a person typed or chose, to be recognised."""
        said = ((name, value) for name, value in self.pairs if value.strip())
        return [value for name, value in said if name not in HIDDEN and not MARK.search(name)]


@dataclass(frozen=True)
class LoginForm:
    """What the login page brings back: the name typed, what was wrong, where to go, a form that waits, what was done."""

    name: str = ""
    problem: str | None = None
    after: str = ""
    kept: Kept | None = None
    notice: dict[str, str | None] | None = None


def keep_form(request: Request, sent: FormData) -> Kept | None:
    """The form of a request, when one of our own pages sent it; None when another site may have."""
    if not is_own_path(request.url.path) or not _is_same_origin(request):
        return None
    pairs = [(name, value) for name, value in sent.multi_items() if isinstance(value, str) and name != "csrf"]
    return Kept(request.url.path, pairs)


def _is_same_origin(request: Request) -> bool:
    host = urlsplit(request.headers.get("origin", "")).netloc
    return bool(host) and host == request.headers.get("host")


def read_kept(sent: FormData) -> Kept | None:
    """The form that waits behind a login form; None when there is none, or it was meddled with."""
    path = field(sent, "kept_path")
    if not is_own_path(path):
        return None
    try:
        return Kept(path, msgspec.json.decode(field(sent, "kept"), type=Pairs))
    except msgspec.DecodeError:
        return None


def is_own_path(path: str) -> bool:
    """Whether a path leads to studio, desk or one's account, and nowhere else."""
    return (path.startswith(OWN_AREAS) or path == "/account") and "\\" not in path and path.isprintable()


def login_page(request: Request, form: LoginForm, status: int = 200) -> Response:
    """The form carries a random value that must come back together with its cookie: no row for an anonymous visitor."""
    token = request.cookies.get(LOGIN_COOKIE) or parts_of(request).random_bytes(16).hex()
    kept = msgspec.json.encode(form.kept.pairs).decode() if form.kept else ""
    values = {"login_token": token, "form": form, "kept_pairs": kept, "notice": form.notice}
    response = staff_page(request, None, "login.html", values)
    response.status_code = status
    response.set_cookie(
        LOGIN_COOKIE, token, max_age=3600, path="/login", httponly=True, samesite="lax", secure=is_secure(request)
    )
    return response


def go_on_page(request: Request, session: Session, kept: Kept) -> Response:
    """What waited, with the session's own token and one button that sends it."""
    return staff_page(request, session, "kept.html", {"kept": kept})
