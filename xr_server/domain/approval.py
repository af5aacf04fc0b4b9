"""Two organisations share a site: whose publishing waits for whose approval, what never waits, who looks after what. Pure."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Literal, get_args

from xr_server.domain.belonging import landmark_of
from xr_server.domain.catalog import RECORD_TYPES, Record
from xr_server.domain.notice import Notice
from xr_server.domain.rally import Rally
from xr_server.domain.season import Season
from xr_server.domain.survey import Survey
from xr_server.errors import Invalid

RULED_KINDS = tuple(RECORD_TYPES)
URGENT = ("closed", "danger")
QuestionState = Literal["open", "approved", "returned", "taken_back", "lapsed", "overruled"]
QUESTION_STATES: tuple[QuestionState, ...] = get_args(QuestionState)
LETS_OUT: tuple[QuestionState, ...] = ("approved", "overruled")
Others = Literal["read", "edit"]
OTHERS: tuple[Others, ...] = get_args(Others)


@dataclass(frozen=True)
class Extent:
    """A part of what a site holds: kinds of records (none: all), at landmarks (none: everywhere)."""

    kinds: frozenset[str] = frozenset()
    landmarks: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rule:
    """What one organisation publishes of an extent waits for the approval of another one."""

    id: str
    organisation_id: str
    approver_id: str
    extent: Extent


@dataclass(frozen=True)
class Part:
    """What an organisation looks after, and what others may do with the drafts there."""

    organisation_id: str
    extent: Extent
    others: Others = "read"


def places_of(body: Record) -> frozenset[str]:
    """The landmarks a record stands at; none: it is for the site as a whole, and so for each of them."""
    if isinstance(body, Rally | Season):
        return frozenset(body.landmarks)
    if isinstance(body, Survey):
        return frozenset(point.landmark for point in body.points if point.landmark)
    return frozenset({landmark_of(body)} - {""})


def is_urgent(body: Record) -> bool:
    """Whether a record is never held up: visitors have to know at once what is closed or dangerous."""
    return isinstance(body, Notice) and body.severity in URGENT


def reaches(extent: Extent, kind: str, landmarks: Set[str]) -> bool:
    """Whether a record of a kind at some landmarks is in an extent; what is for the whole site is at each landmark."""
    of_kind = kind in (extent.kinds or RULED_KINDS)
    return of_kind and (not extent.landmarks or not landmarks or bool(extent.landmarks & landmarks))


def find_rule(rules: Iterable[Rule], organisations: Set[str], kind: str, landmarks: Set[str]) -> Rule | None:
    """The rule by which somebody of these organisations has to ask; who belongs to the side that approves need not."""
    for rule in rules:
        bound = rule.organisation_id in organisations and rule.approver_id not in organisations
        if bound and reaches(rule.extent, kind, landmarks):
            return rule
    return None


def may_edit(parts: Iterable[Part], organisations: Set[str], kind: str, landmarks: Set[str]) -> bool:
    """Whether people of these organisations may change a record: it is theirs, nobody's, or its side lets others."""
    here = [part for part in parts if reaches(part.extent, kind, landmarks)]
    owned = [part for part in here if part.organisation_id in organisations]
    return bool(owned) or not here or any(part.others == "edit" for part in here)


def read_extent(kinds: Iterable[str], landmarks: Iterable[str], there: Set[str]) -> Extent:
    """The extent that a form names. Raises Invalid for a kind or a landmark that is not there."""
    extent = Extent(frozenset(kinds), frozenset(landmarks))
    if not extent.kinds <= set(RULED_KINDS) or not extent.landmarks <= there:
        raise Invalid("extent_unknown", "Choose kinds and landmarks from the lists of the page.")
    return extent


def check_rule(rule: Rule, others: Sequence[Rule], known: Set[str]) -> None:
    """Refuse a rule that names one organisation twice, one that is not there, or a second side to ask. Raises Invalid."""
    if rule.organisation_id == rule.approver_id:
        raise Invalid(
            "rule_itself", "Choose two different organisations: nobody approves what they publish themselves."
        )
    if not {rule.organisation_id, rule.approver_id} <= known:
        raise Invalid("organisation_unknown", "There is no such organisation at this site. Choose it from the list.")
    own = [one for one in others if one.organisation_id == rule.organisation_id]
    if any(one.approver_id != rule.approver_id for one in own):
        raise Invalid(
            "rule_two_approvers",
            "Another rule of this organisation names another side to ask. What goes out together is asked of one side: "
            "choose that one, or end the other rule first.",
        )
    if any(one.extent == rule.extent for one in own):
        raise Invalid("rule_there", "This rule is there already.")


def read_others(others: str) -> Others:
    """What other organisations may do with drafts of a part. Raises Invalid."""
    known = next((one for one in OTHERS if one == others), None)
    if known is None:
        raise Invalid("extent_unknown", "Choose kinds and landmarks from the lists of the page.")
    return known
