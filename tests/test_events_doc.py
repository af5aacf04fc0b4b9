"""docs/events.md says what the server takes: it is made from the same types."""

import re

from scripts.make_events_doc import FILE, describe_type, make_document
from xr_server.domain.campaign import Code
from xr_server.domain.vocabulary import EVENT_TYPES, Reason, StayS


def test_the_document_of_events_is_the_one_made_from_the_types():
    assert FILE.read_text(encoding="utf-8") == make_document(), "run python scripts/make_events_doc.py"


def test_every_type_has_its_row_with_words_and_fields():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \|$", make_document().partition("## Fields")[0], re.MULTILINE)
    assert [name for name, _, _ in rows] == list(EVENT_TYPES)
    assert {name: fields for name, _, fields in rows}["failed"] == "`reason`, `experience`?"


def test_types_of_fields_are_told_in_words():
    assert describe_type(StayS) == "a whole number from 1 to 600"
    assert describe_type(Code) == "a code of six letters and digits"
    assert "`no_floor`" in describe_type(Reason)
