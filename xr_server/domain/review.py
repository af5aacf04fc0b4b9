"""The way of an editable record from draft to visitors and back: which step is possible from which state."""

from dataclasses import dataclass
from typing import Literal

from xr_server.domain.catalog import State
from xr_server.errors import Conflict, Invalid

Action = Literal["send_for_review", "take_back", "request_changes", "publish", "withdraw"]
MAX_NOTE_LENGTH = 2000

# from which states an action can be taken, and the state it leads to
WAYS: dict[Action, tuple[frozenset[State], State]] = {
    "send_for_review": (frozenset(("draft", "changes_requested", "withdrawn")), "in_review"),
    "take_back": (frozenset(("in_review",)), "draft"),
    "request_changes": (frozenset(("in_review",)), "changes_requested"),
    "publish": (frozenset(("draft", "in_review", "changes_requested", "withdrawn")), "published"),
    "withdraw": (frozenset(("published", "draft", "in_review", "changes_requested")), "withdrawn"),
}


@dataclass(frozen=True)
class Standing:
    """How a record stands: its state, and which revision visitors see (None: none)."""

    state: State
    published_revision: int | None


def is_possible(action: Action, standing: Standing) -> bool:
    """Whether an action can be taken on a record that stands so."""
    sources, _ = WAYS[action]
    return standing.state in sources and (action != "withdraw" or standing.published_revision is not None)


def next_state(action: Action, standing: Standing) -> State:
    """The state an action leads to. Raises Conflict with a sentence when it is not possible."""
    if not is_possible(action, standing):
        raise Conflict(
            "step_impossible",
            f"This is {standing.state.replace('_', ' ')} now, so that step is not possible; somebody may have been "
            "faster. Nothing was changed. Reload the page to see how it stands.",
        )
    return WAYS[action][1]


def check_note(text: str) -> str:
    """What staff tell a creator, trimmed. Raises Invalid when there is nothing to go by, or too much."""
    text = text.strip()
    if not text:
        raise Invalid("note_missing", "Write a sentence on what should change, so that the creator knows what to do.")
    if len(text) > MAX_NOTE_LENGTH:
        raise Invalid(
            "note_too_long", f"The note has {len(text)} characters; {MAX_NOTE_LENGTH} fit. Shorten it a little."
        )
    return text
