"""The way of an editable record from draft to visitors and back: which step is possible from which state."""

from dataclasses import dataclass
from typing import Literal

from xr_server.domain.catalog import State
from xr_server.errors import Conflict, Invalid

Action = Literal["hand_in", "send_for_review", "take_back", "request_changes", "publish", "withdraw"]
MAX_NOTE_LENGTH = 2000
WITHDRAWAL_REASONS = ("rights", "mistake", "other")

# from which states an action can be taken, and the state it leads to
WAYS: dict[Action, tuple[frozenset[State], State]] = {
    "hand_in": (frozenset(("draft", "changes_requested", "withdrawn")), "with_teacher"),
    "send_for_review": (frozenset(("draft", "with_teacher", "changes_requested", "withdrawn")), "in_review"),
    "take_back": (frozenset(("with_teacher", "in_review")), "draft"),
    "request_changes": (frozenset(("with_teacher", "in_review")), "changes_requested"),
    "publish": (frozenset(("draft", "in_review", "changes_requested", "withdrawn")), "published"),
    "withdraw": (
        frozenset(("published", "draft", "with_teacher", "in_review", "changes_requested")),
        "withdrawn",
    ),
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


def check_reason(reason: str, words: str) -> tuple[str, str]:
    """Why something is withdrawn, and words about it, trimmed; none of both has to be given. Raises Invalid."""
    words = words.strip()
    if reason not in ("", *WITHDRAWAL_REASONS):
        raise Invalid("reason_unknown", "Choose one of the reasons of the page, or none.")
    if reason == "other" and not words:
        raise Invalid("reason_words_missing", "Say in a sentence what the other reason is; its creator will read it.")
    return reason, check_note(words) if words else ""


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
