"""Whether a site takes memories of residents, and what becomes of those that are shown while it takes none. Pure."""

from typing import Literal, get_args

from xr_server.errors import Forbidden, Invalid

Rule = Literal["open", "kept", "away"]
"""open: memories are taken and shown; kept: none is taken, those shown stay; away: none is taken and none is shown."""
RULES: tuple[Rule, ...] = get_args(Rule)
CLOSED_MARK = "closed"
"""What a page of a landmark without memories carries while none is taken; it has no invitation."""


def read_rule(typed: str) -> Rule:
    """The rule staff have chosen. Raises Invalid where none is chosen: what becomes of those shown is never guessed."""
    rule = next((one for one in RULES if one == typed), None)
    if rule is None:
        raise Invalid("memory_rule", "Choose one of the three. Nothing was changed.")
    return rule


def are_taken(rule: Rule) -> bool:
    """Whether visitors may add a memory."""
    return rule == "open"


def are_told(rule: Rule) -> bool:
    """Whether visitors see memories that staff have shown."""
    return rule != "away"


def check_taken(rule: Rule) -> None:
    """Refuse another memory while the site takes none. Raises Forbidden."""
    if not are_taken(rule):
        raise Forbidden("memories_closed", "This site takes no memories at present, so nothing is kept.")
