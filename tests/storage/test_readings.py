"""Texts read at the desk, on both databases: who read which words first, and what the site then says of it."""

import secrets

import pytest

from tests.samples import GATE, NOW, SITE, publish
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change, Name
from xr_server.domain.text_status import Reading
from xr_server.storage.accounts import add_account
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.catalog import list_publications, load_published
from xr_server.storage.readings import add_readings, list_readings, save_readings, tell_servers

DAY_MS = 24 * 3_600_000
GATE_NAME = Name("dejima", "landmark", "water-gate")
PATH = "landmarks.water-gate.name"


@pytest.fixture
def readers(catalog):
    for body in (SITE, GATE):
        publish(catalog, body)
    return [
        add_account(catalog, NewAccount("dejima", name, "staff", "water gate 1820"), NOW, secrets.token_bytes)
        for name in ("sato", "mori")
    ]


def test_whoever_read_the_words_first_stays_and_other_words_are_another_text(catalog, readers):
    sato, mori = readers
    save_readings(catalog, GATE_NAME, ("en", {PATH: "a" * 12}), Change(NOW, sato))
    save_readings(catalog, GATE_NAME, ("en", {PATH: "a" * 12}), Change(NOW + DAY_MS, mori))
    save_readings(catalog, GATE_NAME, ("en", {PATH: "b" * 12}), Change(NOW + DAY_MS, mori))
    assert dict(list_readings(catalog, SITE)) == {
        ("en", PATH, "a" * 12): Reading("sato", "2026-11-24"),
        ("en", PATH, "b" * 12): Reading("mori", "2026-11-25"),
    }
    entries = list_entries(catalog, "dejima", Wanted(deeds=("texts_read",)), 10)
    assert [(entry.name, entry.details) for entry in entries] == [
        ("mori", {"language": "en"}),
        ("sato", {"language": "en"}),
    ]


def test_the_site_says_what_was_read_and_nothing_is_published_by_it(catalog, readers):
    before = list_publications(catalog)
    save_readings(catalog, GATE_NAME, ("en", {PATH: "a" * 12, "landmarks.x.name": "c" * 12}), Change(NOW, readers[0]))
    records = load_published(catalog, "dejima")
    site, gate = (
        next(body for body in add_readings(catalog, records) if body.id == name) for name in ("dejima", "water-gate")
    )
    (review,) = site.reviews
    assert (review.language, review.by, review.on, len(review.texts)) == ("en", "sato", "2026-11-24", 2)
    assert gate == GATE and list_publications(catalog) == before
    tell_servers(catalog, "dejima", Change(NOW))
    assert list_publications(catalog)["dejima"] == before["dejima"] + 1


def test_a_text_is_read_by_a_person(catalog, readers):
    with pytest.raises(ValueError, match="by a person"):
        save_readings(catalog, GATE_NAME, ("en", {PATH: "a" * 12}), Change(NOW))
