"""Whose name a scan carries: a pupil's is always the pen name, with what the class's teacher wants beside it."""

from xr_server.domain.school import check_open, credit_line
from xr_server.parts import Parts
from xr_server.storage.accounts import load_names
from xr_server.storage.classes import SchoolClass, today_at
from xr_server.storage.pupils import find_class_of


def find_credit(parts: Parts, account_id: str) -> str | None:
    """The credit line of a pupil's work; None for everybody else, who say themselves who made a scan."""
    found = find_class_of(parts.catalog, account_id)
    return None if found is None else _credit(parts, account_id, found)


def find_credit_of_new(parts: Parts, account_id: str) -> str | None:
    """The same for a scan that is about to be sent. Raises Conflict when the pupil's class has ended."""
    found = find_class_of(parts.catalog, account_id)
    if found is None:
        return None
    check_open(found.said.ends_on, today_at(parts.catalog, found.site_id, parts.clock()))
    return _credit(parts, account_id, found)


def _credit(parts: Parts, account_id: str, found: SchoolClass) -> str:
    return credit_line(load_names(parts.catalog, {account_id})[account_id], found.said)
