"""The entrance tablet's set-up: read from a form, told by the site document, and what it leaves out."""

from datetime import date

import msgspec
import pytest

from tests.samples import GATE, SITE
from xr_server.domain.kiosk import Kiosk, kiosk_of, languages_of, read_kiosk, shows
from xr_server.domain.publish import Edition, compile_site
from xr_server.domain.published import gather
from xr_server.domain.typed import Unfit

OFFERED = (["ja", "en", "nl"], ["gate", "house"])
ALL = (["nl", "en", "ja"], ["house", "gate"])


def read(after_s="60", chosen=ALL, **typed):
    return read_kiosk({"after_s": after_s, **typed}, chosen, OFFERED)


def test_all_of_a_kind_is_kept_as_none_so_that_later_ones_are_shown_too():
    assert read() == Kiosk(after_s=60)
    assert read("90", (["nl"], ["gate"]), prints="yes") == Kiosk(
        after_s=90, languages=["nl"], landmarks=["gate"], prints=True
    )


@pytest.mark.parametrize("after_s", ["", "19", "601", "soon", "-60"])
def test_seconds_that_make_no_sense_are_refused(after_s):
    with pytest.raises(Unfit) as refused:
        read(after_s)
    assert list(refused.value.faults) == ["after_s"]


def test_every_field_that_is_not_right_is_named_at_once():
    with pytest.raises(Unfit) as refused:
        read("x", (["xx"], []))
    assert list(refused.value.faults) == ["after_s", "languages", "landmarks"]


def test_the_site_document_says_it_and_says_nothing_of_what_nobody_set_up():
    kiosk = Kiosk(after_s=30, languages=["en"], landmarks=["water-gate"])
    for site, expected in ((SITE, Kiosk()), (msgspec.structs.replace(SITE, kiosk=kiosk), kiosk)):
        published = gather([site, GATE], {}, {})
        assert published is not None
        document = compile_site(published, Edition(1, date(2026, 11, 24), "en"))
        assert kiosk_of(document) == expected
        assert ("kiosk" in document["site"]) == (site.kiosk is not None)


def test_a_language_that_the_site_has_given_up_leaves_all_of_its_others():
    assert languages_of(Kiosk(languages=["nl"]), ["ja", "en"]) == ["ja", "en"]
    assert languages_of(Kiosk(languages=["en", "nl"]), ["ja", "en"]) == ["en"]
    assert shows(Kiosk(), "gate") and not shows(Kiosk(landmarks=["house"]), "gate")
