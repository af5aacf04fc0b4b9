"""What pages say before somebody publishes: whom they have to ask first, and that they have asked already."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from xr_server.domain.account import Session, check_may
from xr_server.domain.approval import is_urgent, places_of, reaches
from xr_server.domain.catalog import Landmark, Name, Record
from xr_server.domain.published import pick
from xr_server.errors import Conflict, DejimaError
from xr_server.parts import Parts, parts_of
from xr_server.routes.staff import change_by
from xr_server.routes.wording import say_when
from xr_server.storage.approvals import Need, ask_approval, find_need, find_question, refuse_unasked
from xr_server.storage.catalog import StoredRecord, kind_of, list_records
from xr_server.storage.partners import find_keeper
from xr_server.storage.reviews import Seen

STAYING = ("experience", "scene", "media", "schedule", "landmark", "site")
"""Kinds that stand where they stand: the forms that publish them do not say where."""
NOTHING: dict[str, Any] = {"need": None, "question": None, "keeper": ""}


def asking_values(
    parts: Parts, session: Session, kind: str, stored: StoredRecord | None, language: str
) -> dict[str, Any]:
    """What a page with a button that publishes tells of asking; stored None: a record that is not there yet."""
    name = Name(stored.site_id, stored.kind, stored.id) if stored else None
    return {
        "need": _say_need(parts, session, (kind, name, stored.body if stored else None), language),
        "question": say_question_of(parts, name, language) if name else None,
        "keeper": find_keeper(parts.catalog, name, stored.body, session.account_id) if name and stored else "",
    }


def say_question_of(parts: Parts, name: Name, language: str) -> dict[str, Any] | None:
    """The open question about a record, for its page."""
    question = find_question(parts.catalog, name)
    if question is None:
        return None
    return {"asked": question, "when": say_when(question.asked_at, language), "href": f"/desk/approvals/{question.id}"}


def _say_need(
    parts: Parts, session: Session, about: tuple[str, Name | None, Record | None], language: str
) -> dict[str, Any] | None:
    need = find_need(parts.catalog, (session.site_id, session.account_id), about)
    if need is None:
        return None
    kind, name, body = about
    if name is not None and not need.is_sure and kind in STAYING:
        return None
    return {
        "approver": need.approver,
        "is_sure": need.is_sure,
        "landmarks": _name_landmarks(parts, session.site_id, need, language),
        "is_urgent": body is not None and is_urgent(body),
        "can_be_urgent": kind == "notice",
    }


def _name_landmarks(parts: Parts, site_id: str, need: Need, language: str) -> list[str]:
    wanted = frozenset().union(*(rule.extent.landmarks for rule in need.rules))
    bodies = [one.body for one in list_records(parts.catalog, site_id, "landmark")] if wanted else []
    return sorted(
        pick(one.name, language) or one.id for one in bodies if isinstance(one, Landmark) and one.id in wanted
    )


def is_bound_at(parts: Parts, session: Session, kind: str, where: Record) -> bool:
    """Whether a record of a kind that will stand where another one does has to be asked about."""
    need = find_need(parts.catalog, (session.site_id, session.account_id), (kind, None, None))
    return need is not None and any(reaches(rule.extent, kind, places_of(where)) for rule in need.rules)


def has_to_ask(parts: Parts, session: Session, body: Record) -> bool:
    """Whether somebody has to ask before a body goes out."""
    about = kind_of(body), Name(session.site_id, kind_of(body), body.id), body
    need = find_need(parts.catalog, (session.site_id, session.account_id), about)
    return need is not None and need.is_sure and not is_urgent(body)


def need_of(error: DejimaError) -> dict[str, Any]:
    """What a page shows after a refusal: that it has to be asked about, where that is why; nothing else changes."""
    if error.code != "approval_needed":
        return {}
    said = {"approver": error.values.get("approver", "?"), "is_sure": True, "landmarks": []}
    return {"need": {**said, "is_urgent": False, "can_be_urgent": False}}


def check_before_publishing(parts: Parts, session: Session, body: Record) -> None:
    """Refuse to publish what has to be asked about, before anything is saved. Raises Conflict."""
    name = Name(session.site_id, kind_of(body), body.id)
    refuse_unasked(parts.catalog, name, body, session.account_id)


def check_before_asking(parts: Parts, session: Session, body: Record) -> None:
    """Refuse to ask about what may be published, before anything is saved. Raises Conflict, Forbidden."""
    check_may(session, "publish")
    if not has_to_ask(parts, session, body):
        raise Conflict(
            "approval_not_needed", "Nobody has to be asked about this, so nothing was done. Publish it on its page."
        )


def ask(request: Request, session: Session, which: Sequence[Seen]) -> str:
    """Ask the other side to let out what was seen; gives the question's id. Raises Forbidden, Stale, Conflict."""
    check_may(session, "publish")
    parts = parts_of(request)
    return ask_approval(parts.catalog, which, change_by(request, session), parts.random_bytes)
