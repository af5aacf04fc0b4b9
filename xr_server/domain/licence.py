"""What a licence allows others to do with a model, and which licence what they make may have. Pure."""

from typing import Literal

from asset_pipeline.licences import Licence, find_licence
from xr_server.errors import Conflict

Use = Literal[
    "free",
    "credit",
    "share_alike",
    "not_commercial",
    "not_commercial_share_alike",
    "no_derivatives",
    "unknown",
    "not_stated",
]
Fault = Literal[
    "licence_share_alike", "licence_not_commercial", "licence_credit", "licence_no_derivatives", "licence_unknown"
]
CLOSED: frozenset[Use] = frozenset(("no_derivatives", "unknown", "not_stated"))
DEDICATED = frozenset(("zero", "mark", "pddl"))
SENTENCES: dict[Fault, str] = {
    "licence_share_alike": "What this is made from asks that it is passed on under the same licence. Choose that licence.",
    "licence_not_commercial": "What this is made from may not be used for money, so your licence must say the same (NC).",
    "licence_credit": "What this is made from asks that its maker is named, so it cannot be given away without conditions.",
    "licence_no_derivatives": "What this is made from may be shown but not changed, so nothing can be made from it.",
    "licence_unknown": "This licence is not known here, so nobody can tell whether it fits. Choose one of the list.",
}


def judge_use(licence: str) -> Use:
    """What others may do with a work under this licence, in one word for which pages have a sentence."""
    if not licence.strip():
        return "not_stated"
    known = find_licence(licence)
    if known is None:
        return "unknown"
    if not known.derivatives:
        return "no_derivatives"
    if known.is_free_of_rights:
        return "free"
    if not known.commercial:
        return "not_commercial_share_alike" if known.share_alike else "not_commercial"
    return "share_alike" if known.share_alike else "credit"


def may_start(licence: str) -> bool:
    """Whether others may start from a work under this licence."""
    return judge_use(licence) not in CLOSED


def check_may_start(licence: str) -> None:
    """Refuse to start from a work whose licence does not allow it, or is not known. Raises Conflict."""
    use = judge_use(licence)
    if use == "no_derivatives":
        raise _refuse("licence_no_derivatives")
    if use in CLOSED:
        raise Conflict(
            "licence_source_unknown",
            "This model states no licence that is known here, so it belongs to its maker alone. Ask the maker to choose "
            "one of the list.",
        )


def find_fault(source: str, made: str) -> Fault | None:
    """Why a work made from one under the licence `source` cannot have the licence `made`; None when it can."""
    before, after = find_licence(source), find_licence(made)
    if before is None:
        return "licence_unknown"
    if not before.derivatives:
        return "licence_no_derivatives"
    if before.share_alike:
        return None if after is not None and _is_same_or_later(before, after) else "licence_share_alike"
    if not before.commercial:
        return None if after is not None and not after.commercial else "licence_not_commercial"
    gives_all_away = after is not None and after.family in DEDICATED
    return "licence_credit" if before.credit and gives_all_away else None


def _is_same_or_later(before: Licence, after: Licence) -> bool:
    """Creative Commons and Open Data Commons let what is made go under a later version of the same licence."""
    return before.family == after.family and before.version <= after.version


def check_fits(source: str, made: str) -> None:
    """Refuse a licence that does not fit what the work was made from. Raises Conflict."""
    fault = find_fault(source, made)
    if fault is not None:
        raise _refuse(fault)


def _refuse(fault: Fault) -> Conflict:
    return Conflict(fault, f"{SENTENCES[fault]} Nothing was handed in; say it otherwise on the page of the scan.")
