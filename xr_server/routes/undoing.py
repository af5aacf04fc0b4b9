"""How records stood before a step, in the address of the page that offers to undo it, sealed for who took the step."""

import hmac
from collections.abc import Sequence
from typing import get_args

from xr_server.domain.account import Session
from xr_server.domain.catalog import Name, State
from xr_server.domain.review import Standing
from xr_server.errors import Invalid
from xr_server.routes.deeds import OWN_FORMS, REVIEWED
from xr_server.storage.reviews import Before

MOST_UNDONE = 60  # an experience, its scene and all it shows
SEAL_LENGTH = 32
STEPPED = (*REVIEWED, *OWN_FORMS, "schedule", "season", "site", "survey")


def seal(session: Session, text: str) -> str:
    """A text that an address carries to a form of ours, so that nobody can make a link whose button does something else."""
    return f"{_mark(session, text)}:{text}"


def unseal(session: Session, sealed: str) -> str:
    """The text of `seal`, when it was made in this session. Raises Invalid."""
    mark, _, text = sealed.partition(":")
    if not hmac.compare_digest(mark.encode(), _mark(session, text).encode()):
        raise _unreadable()
    return text


def _mark(session: Session, text: str) -> str:
    return hmac.new(session.csrf_token.encode(), text.encode(), "sha256").hexdigest()[:SEAL_LENGTH]


def dump_before(session: Session, steps: Sequence[Before]) -> str:
    """How records stood, sealed, short enough for an address; names hold no dots or tildes."""
    parts = (
        (b.name.kind, b.name.id, b.revision, b.standing.state, b.standing.published_revision or 0, b.led_to, b.replaced)
        for b in steps
    )
    return seal(session, "~".join(".".join(str(piece or 0) for piece in part) for part in parts))


def parse_before(session: Session, sealed: str, kinds: Sequence[str] = STEPPED) -> list[Before]:
    """How records of these kinds stood, from dump_before. Raises Invalid."""
    steps = []
    for part in unseal(session, sealed).split("~")[:MOST_UNDONE]:
        pieces = part.split(".")
        if len(pieces) != 7 or pieces[0] not in kinds or not all(pieces[at].isdecimal() for at in (2, 4, 6)):
            raise _unreadable()
        kind, record_id, revision, state, published, led_to, replaced = pieces
        standing = Standing(_read_state(state), int(published) or None)
        name = Name(session.site_id, kind, record_id)
        steps.append(Before(name, int(revision), standing, _read_state(led_to), int(replaced) or None))
    return steps


def _read_state(text: str) -> State:
    for known in get_args(State):
        if known == text:
            state: State = known
            return state
    raise _unreadable()


def _unreadable() -> Invalid:
    return Invalid("undo_unreadable", "This step cannot be undone from here. Open the record and change it there.")
