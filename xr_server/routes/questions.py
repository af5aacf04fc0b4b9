"""What visitors are asked at the end of a visit: one page without a script, whose answers are counted once.

It lies outside the pages that a phone keeps for times without a signal: its form is good for one sending.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.fields import Text
from xr_server.domain.languages import NAMES, html_tag
from xr_server.domain.published import pick, told_in
from xr_server.domain.questionnaire import Asked, Questionnaire, find_current, list_asked, read_answers
from xr_server.domain.ruby import dress_page
from xr_server.domain.visit import issue_token, read_token
from xr_server.errors import Busy, DejimaError, Invalid, NotFound
from xr_server.parts import Parts, parts_of
from xr_server.routes.guard import MAX_FORM_BYTES
from xr_server.routes.pages import load_texts, render_html, style_source
from xr_server.routes.problems import status_of
from xr_server.routes.shell import CONTENT_SECURITY_POLICY
from xr_server.routes.staff import is_secure
from xr_server.storage.answers import Sent, count_answers, load_questionnaires
from xr_server.storage.keys import load_secret
from xr_server.storage.publish import Compiled

COOKIE = "dejima_answered"
SECRET_NAME = "question-token"  # noqa: S105 - the name of a file, not the secret
ENTRY, SHEET = "src/main.ts", "src/questions/questions.css"
MOST_FIELDS = 100
MOST_A_MINUTE = 120
"""Answers that one server process takes of a site; a class with a tablet each sends forty."""
MINUTE_MS = 60_000
MOST_FOLLOWING = 8  # as many questions after one the style sheet knows


@dataclass(frozen=True)
class Asking:
    """What one request is about: the site's document in a language, the local day, and what is asked on it."""

    compiled: Compiled
    site_id: str
    language: str
    now: datetime
    questionnaire: Questionnaire | None

    @property
    def today(self) -> date:
        """The local day at the site."""
        return self.now.date()


def _open(request: Request) -> Asking:
    """Raises NotFound for a site or language that is not there."""
    parts, site_id, language = parts_of(request), request.path_params["site"], request.path_params["lang"]
    compiled = parts.published.site(site_id, language)
    now = datetime.fromtimestamp(parts.clock() / 1000, parts.published.get_site(site_id).zone)
    # on days of quiet the document names none
    asked = "questionnaire" in compiled.document
    current = find_current(load_questionnaires(parts.catalog, site_id), now.date()) if asked else None
    return Asking(compiled, site_id, language, now, current)


def _has_answered(request: Request, asking: Asking) -> bool:
    return request.cookies.get(COOKIE) == asking.today.isoformat()


def show_questions(request: Request) -> Response:
    """The questions; once they are answered, thanks."""
    asking = _open(request)
    if "sent" in request.query_params:
        return _page(asking, {"state": "thanks", "answered": asking.questionnaire.id if asking.questionnaire else None})
    if _has_answered(request, asking):
        return _page(asking, {"state": "already"})
    return _form(request, asking, {})


async def post_questions(request: Request) -> Response:
    """Count the answers; a refusal brings the form back with what was answered."""
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as sent:
        return await run_in_threadpool(_post, request, sent)


def _post(request: Request, sent: FormData) -> Response:
    asking, typed = _open(request), _read_sent(sent)
    if _has_answered(request, asking):
        return _remember(request, asking, RedirectResponse(_address(asking), status_code=303))
    if asking.questionnaire is None:
        return _form(request, asking, {})
    try:
        counted = _count(request, asking, asking.questionnaire, typed)
    except DejimaError as error:
        code = "token" if error.code.startswith("token_") else error.code
        problem = load_texts(asking.language).get(f"questions.problem_{code}", error.text)
        response = _form(request, asking, {"typed": typed, "problem": problem})
        response.status_code = status_of(error)
        if isinstance(error, Busy):
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    target = f"{_address(asking)}?sent" if counted else _address(asking)
    return _remember(request, asking, RedirectResponse(target, status_code=303))


def _read_sent(sent: FormData) -> Mapping[str, Sequence[str]]:
    return {name: [value for value in sent.getlist(name) if isinstance(value, str)] for name in sent}


def _count(request: Request, asking: Asking, questionnaire: Questionnaire, typed: Mapping[str, Sequence[str]]) -> bool:
    """Whether the answers were counted, or had been before. Raises Invalid, Busy, Unavailable."""
    parts, token = parts_of(request), (typed.get("token") or [""])[0]
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Invalid("token_refused", "This form was sent by a page of another site. Open the questions here.")
    if read_token(token, parts.clock(), _secret(parts)).site_id != asking.site_id:
        raise Invalid("token_refused", "This form is of another site. Open the questions here.")
    answers = read_answers(questionnaire, typed)
    _check_pace(request, asking.site_id)
    sent = Sent(asking.site_id, questionnaire.id, asking.today, asking.language, token)
    return count_answers(parts.events, sent, answers)


def _secret(parts: Parts) -> bytes:
    return load_secret(parts.settings.key_dir, SECRET_NAME, parts.random_bytes)


def _check_pace(request: Request, site_id: str) -> None:
    """Let so many answers through a minute, whoever they are from. Raises Busy."""
    state, now = request.app.state, parts_of(request).clock()
    if not hasattr(state, "answer_moments"):
        state.answer_moments = {}
    moments: deque[int] = state.answer_moments.setdefault(site_id, deque())
    while moments and moments[0] <= now - MINUTE_MS:
        moments.popleft()
    if len(moments) >= MOST_A_MINUTE:
        raise Busy("answers_busy", "Many people are answering just now. Send yours again in a minute.", 60)
    moments.append(now)


def _remember(request: Request, asking: Asking, response: Response) -> Response:
    """Have the browser keep until midnight that its visit has answered: the day, which is the same for everybody."""
    midnight = (asking.now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    response.set_cookie(
        COOKIE,
        asking.today.isoformat(),
        max_age=max(1, int((midnight - asking.now).total_seconds())),
        path=f"/questions/{asking.site_id}",
        httponly=True,
        samesite="lax",
        secure=is_secure(request),
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _address(asking: Asking, language: str | None = None) -> str:
    return f"/questions/{asking.site_id}/{language or asking.language}"


def _form(request: Request, asking: Asking, values: Mapping[str, Any]) -> Response:
    """The page with the questions and a token that is good for one sending. Raises NotFound while nothing is asked."""
    questionnaire, parts = asking.questionnaire, parts_of(request)
    if questionnaire is None:
        if "text/html" not in request.headers.get("accept", ""):
            raise NotFound("questionnaire_unknown", "Nothing is asked here just now. Thank you for wanting to answer.")
        gone = _page(asking, {"state": "gone"})
        gone.status_code = 404
        return gone
    token, _ = issue_token(asking.site_id, parts.clock(), _secret(parts), parts.random_bytes(8))
    common = {
        "state": "open",
        "title": pick(questionnaire.title, asking.language),
        "title_in": told_in(questionnaire.title, asking.language).get("told_in"),
        "questions": _describe(questionnaire, asking.language, values.get("typed", {})),
        "token": token,
        "problem": None,
    }
    return _page(asking, {**common, **values})


def _page(asking: Asking, values: Mapping[str, Any]) -> Response:
    document = asking.compiled.document
    common = {
        "site": document["site"],
        "home": f"/{asking.language}/{asking.site_id}/",
        "languages": [
            (code, dress_page(NAMES[code]), html_tag(code), _address(asking, code))
            for code in document["site"]["languages"]
        ],
        "style_inside": True,
        "answered": None,
        "sheet": SHEET,
        "action": _address(asking),
    }
    html = render_html("visitor/questions.html", asking.language, {**common, **values})
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Language": asking.language,
        "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; style-src 'self' {style_source(ENTRY)}",
        "X-Robots-Tag": "noindex",
    }
    return HTMLResponse(html, headers=headers)


def _describe(questionnaire: Questionnaire, language: str, typed: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """The questions as the page shows them, each with those that follow some answer of it."""
    asked = list_asked(questionnaire)
    words = {one.id: say_question(questionnaire, one, language) for one in asked}
    tops = [one for one in asked if one.after is None]
    return [_describe_one(one, asked, words, typed) for one in tops]


def _describe_one(
    one: Asked, asked: Sequence[Asked], words: Mapping[str, "Words"], typed: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    following = [other for other in asked if other.after and other.after.question == one.id][:MOST_FOLLOWING]
    chosen = [value for value in typed.get(one.id, ()) if value]
    said = words[one.id]

    def opened_by(choice: str) -> list[int]:
        numbered = enumerate(following, 1)
        return [number for number, other in numbered if other.after and choice in other.after.choices]

    return {
        "id": one.id,
        "form": one.form,
        "several": one.several,
        "words": said.text,
        "told_in": said.told_in,
        "choices": [
            {"id": choice, "words": said.choices[choice], "chosen": choice in chosen, "opens": opened_by(choice)}
            for choice in one.choices
        ],
        "chosen": chosen,
        "after": [],
        "following": [
            {
                **_describe_one(other, [], words, typed),
                "after": [
                    said.choices[choice] for choice in one.choices if other.after and choice in other.after.choices
                ],
            }
            for other in following
        ],
    }


@dataclass(frozen=True)
class Words:
    """A question in a language: its words, the tag of another language they stand in, and its answers' by id."""

    text: str
    told_in: str | None
    choices: Mapping[str, str]


def say_question(questionnaire: Questionnaire, asked: Asked, language: str) -> Words:
    """A question in words: of our texts, or those that staff wrote."""
    texts = load_texts(language)
    if asked.own is None:
        choices = {choice: texts[f"questions.{asked.id}_{choice}"] for choice in asked.choices}
        return Words(texts[f"questions.q_{asked.id}"], None, choices)
    written: dict[str, Text] = {choice.id: choice.text for choice in questionnaire.choices}
    return Words(
        pick(asked.own.text, language),
        told_in(asked.own.text, language).get("told_in"),
        {choice: pick(written[choice], language) for choice in asked.choices},
    )


routes = [
    Route("/questions/{site}/{lang}", show_questions, methods=["GET"]),
    Route("/questions/{site}/{lang}", post_questions, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
