import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace as change
from sqlalchemy import delete, insert

from tests.samples import EXPERIENCE, GATE, NOW, SITE, publish
from xr_server.errors import Conflict, NotFound, NotSignedIn, Stale
from xr_server.storage.catalog import (
    Change,
    Name,
    list_publications,
    list_records,
    load_published,
    load_record,
    publish_record,
    save_published,
    save_record,
    save_records,
    set_states,
    withdraw_record,
)
from xr_server.storage.tables.people import account

WHO = Change(NOW, "account-1")
NAME = Name("dejima", "landmark", "water-gate")


@pytest.fixture(autouse=True)
def who(catalog):
    """The account that saves: without it nothing is saved."""
    with catalog.begin() as connection:
        values = {"id": WHO.account_id, "site_id": "dejima", "name": "kana", "password_hash": "", "created_at": NOW}
        connection.execute(insert(account).values(**values))


def named(title: str):
    return change(GATE, name={"en": title})


def seen(catalog):
    return [body.name["en"] for body in load_published(catalog, "dejima") if body.id == "water-gate"]


def test_a_new_record_is_a_draft_of_revision_one_that_visitors_do_not_see(catalog):
    assert save_record(catalog, "dejima", GATE, None, WHO) == 1
    stored = load_record(catalog, NAME)
    assert (stored.revision, stored.state, stored.published_revision, stored.body) == (1, "draft", None, GATE)
    assert load_published(catalog, "dejima") == []
    assert list_publications(catalog) == {}


def test_an_edit_names_the_revision_it_was_made_on(catalog):
    save_record(catalog, "dejima", GATE, None, WHO)
    assert save_record(catalog, "dejima", named("second"), 1, WHO) == 2
    with pytest.raises(Stale) as refused:
        save_record(catalog, "dejima", named("late"), 1, WHO)
    assert refused.value.code == "stale_revision"
    assert load_record(catalog, NAME).body.name["en"] == "second"


def test_the_same_new_record_cannot_be_made_twice(catalog):
    save_record(catalog, "dejima", GATE, None, WHO)
    with pytest.raises(Stale):
        save_record(catalog, "dejima", named("again"), None, WHO)
    assert load_record(catalog, NAME).body == GATE


def test_of_two_edits_at_once_one_wins_and_the_other_is_told(catalog):
    save_record(catalog, "dejima", GATE, None, WHO)
    barrier, outcomes = threading.Barrier(6), []

    def edit(number: int):
        barrier.wait()
        try:
            outcomes.append(save_record(catalog, "dejima", named(f"edit {number}"), 1, WHO))
        except Stale:
            outcomes.append(None)

    threads = [threading.Thread(target=edit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == [2, None, None, None, None, None]


def test_several_records_are_saved_all_or_none(catalog):
    save_record(catalog, "dejima", GATE, None, WHO)
    with pytest.raises(Stale):
        save_records(catalog, "dejima", [(EXPERIENCE, None), (named("late"), 7)], WHO)
    with pytest.raises(NotFound):
        load_record(catalog, Name("dejima", "experience", EXPERIENCE.id))
    assert save_records(catalog, "dejima", [(EXPERIENCE, None), (named("second"), 1)], WHO) == [1, 2]


def test_visitors_see_the_published_revision_while_a_newer_one_is_worked_on(catalog):
    publish(catalog, named("first"))
    save_record(catalog, "dejima", named("second"), 1, WHO)
    assert seen(catalog) == ["first"]
    assert load_record(catalog, NAME).state == "draft"
    publish_record(catalog, NAME, 2, Change(NOW))
    assert seen(catalog) == ["second"]


def test_a_record_is_published_only_at_the_revision_one_has_read(catalog):
    publish(catalog, named("first"))
    save_record(catalog, "dejima", named("second"), 1, WHO)
    with pytest.raises(Stale):
        publish_record(catalog, NAME, 1, Change(NOW))
    assert seen(catalog) == ["first"]


def test_what_is_withdrawn_is_seen_no_more_and_a_new_draft_does_not_bring_it_back(catalog):
    publish(catalog, named("first"))
    withdraw_record(catalog, NAME, 1, Change(NOW))
    assert (seen(catalog), load_record(catalog, NAME).state) == ([], "withdrawn")
    save_record(catalog, "dejima", named("second"), 1, WHO)
    assert seen(catalog) == []
    publish_record(catalog, NAME, 2, Change(NOW))
    assert seen(catalog) == ["second"]


def test_what_was_never_published_cannot_be_withdrawn(catalog):
    save_record(catalog, "dejima", GATE, None, WHO)
    with pytest.raises(Conflict):
        withdraw_record(catalog, NAME, 1, Change(NOW))


def test_several_records_move_all_or_none(catalog):
    save_records(catalog, "dejima", [(GATE, None), (EXPERIENCE, None)], WHO)
    experience = Name("dejima", "experience", EXPERIENCE.id)
    with pytest.raises(Stale):
        set_states(catalog, [(NAME, 1, "published"), (experience, 9, "published")], Change(NOW))
    assert load_published(catalog, "dejima") == []
    set_states(catalog, [(NAME, 1, "published"), (experience, 1, "published")], Change(NOW))
    assert load_published(catalog, "dejima") == [EXPERIENCE, GATE]


def test_each_publication_and_withdrawal_raises_the_sites_number(catalog):
    publish(catalog, SITE)
    publish(catalog, GATE)
    withdraw_record(catalog, NAME, 1, Change(NOW))
    assert list_publications(catalog) == {"dejima": 3}


def test_first_publications_at_the_same_moment_all_count(catalog):
    marks = [change(GATE, id=f"mark-{number}") for number in range(6)]
    save_records(catalog, "dejima", [(mark, None) for mark in marks], WHO)
    barrier, failures = threading.Barrier(6), []

    def publish_one(mark):
        barrier.wait()
        try:
            publish_record(catalog, Name("dejima", "landmark", mark.id), 1, Change(NOW))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=publish_one, args=(mark,)) for mark in marks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, list_publications(catalog)) == ([], {"dejima": 6})


def test_sites_do_not_see_each_others_records(catalog):
    publish(catalog, GATE)
    assert save_record(catalog, "hirado", GATE, None, WHO) == 1
    assert load_published(catalog, "hirado") == []
    assert [stored.site_id for stored in list_records(catalog, "hirado", "landmark")] == ["hirado"]


def test_an_unknown_record_is_named_in_the_refusal(catalog):
    with pytest.raises(NotFound) as refused:
        load_record(catalog, Name("dejima", "landmark", "sea-gate"))
    assert "sea-gate" in refused.value.text


def test_texts_of_every_script_survive_the_store(catalog):
    body = change(GATE, name={"ja": "水門 ｶﾀｶﾅ 𠮷野", "en": "Ünïcode \u2028 'quoted\" \\"})
    publish(catalog, body)
    assert load_published(catalog, "dejima") == [body]


def test_nothing_is_saved_for_an_account_that_is_deleted_meanwhile(catalog):
    save_record(catalog, "dejima", GATE, None, WHO)
    with ThreadPoolExecutor() as pool:
        with catalog.begin() as connection:  # as the end of a class does
            connection.execute(delete(account).where(account.c.id == WHO.account_id))
            late = pool.submit(save_records, catalog, "dejima", [(named("late"), 1), (EXPERIENCE, None)], WHO)
            with pytest.raises(TimeoutError):
                late.result(0.3)
        with pytest.raises(NotSignedIn):
            late.result()
    assert load_record(catalog, NAME).revision == 1
    assert list_records(catalog, "dejima", "experience") == []


def test_nothing_is_published_for_an_account_that_is_deleted_meanwhile(catalog):
    save_record(catalog, "dejima", GATE, None, WHO)
    before = list_publications(catalog)
    with ThreadPoolExecutor() as pool:
        with catalog.begin() as connection:
            connection.execute(delete(account).where(account.c.id == WHO.account_id))
            late = pool.submit(save_published, catalog, "dejima", named("late"), 1, WHO)
            with pytest.raises(TimeoutError):
                late.result(0.3)
        with pytest.raises(NotSignedIn):
            late.result()
    with pytest.raises(NotSignedIn):
        save_published(catalog, "dejima", EXPERIENCE, None, WHO)
    assert (load_record(catalog, NAME).revision, load_record(catalog, NAME).state) == (1, "draft")
    assert load_published(catalog, "dejima") == [] and list_publications(catalog) == before
    assert list_records(catalog, "dejima", "experience") == []
