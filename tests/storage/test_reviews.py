import secrets

import pytest

from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Experience, Trigger
from xr_server.errors import Conflict, NotFound, Stale
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import (
    Change,
    Name,
    list_publications,
    load_published,
    load_record,
    save_record,
    save_records,
)
from xr_server.storage.reviews import Seen, list_notes, make_why, step_back, take_step, take_steps

NOW = 1_780_000_000_000
NAME = Name("dejima", "experience", "gate")


def experience(title: str) -> Experience:
    return Experience(id="gate", title={"en": title}, landmark="gate", scene="gate", trigger=Trigger(kind="geofence"))


@pytest.fixture
def draft(catalog):
    return save_record(catalog, "dejima", experience("first"), None, Change(NOW))


def titles(catalog):
    return [body.title["en"] for body in load_published(catalog, "dejima") if isinstance(body, Experience)]


def test_undoing_a_first_publication_hides_it_again_and_it_waits_as_before(catalog, draft):
    take_step(catalog, NAME, draft, "send_for_review", Change(NOW))
    before = take_step(catalog, NAME, draft, "publish", Change(NOW))
    assert titles(catalog) == ["first"]
    step_back(catalog, before, Change(NOW))
    assert titles(catalog) == []
    assert load_record(catalog, NAME).state == "in_review"
    assert list_publications(catalog) == {"dejima": 2}


def test_undoing_a_newer_publication_shows_the_older_one_again(catalog, draft):
    take_step(catalog, NAME, draft, "publish", Change(NOW))
    second = save_record(catalog, "dejima", experience("second"), draft, Change(NOW))
    before = take_step(catalog, NAME, second, "publish", Change(NOW))
    assert titles(catalog) == ["second"]
    step_back(catalog, before, Change(NOW))
    assert titles(catalog) == ["first"]
    withdrawn = take_step(catalog, NAME, second, "withdraw", Change(NOW))
    assert titles(catalog) == []
    step_back(catalog, withdrawn, Change(NOW))
    assert titles(catalog) == ["first"]


def test_a_step_is_not_undone_over_somebody_elses_change(catalog, draft):
    before = take_step(catalog, NAME, draft, "publish", Change(NOW))
    save_record(catalog, "dejima", experience("second"), draft, Change(NOW))
    with pytest.raises(Stale, match="left as it is"):
        step_back(catalog, before, Change(NOW))
    assert titles(catalog) == ["first"]


def test_a_step_is_not_undone_over_a_withdrawal_even_when_the_state_is_the_same_again(catalog, draft):
    take_step(catalog, NAME, draft, "publish", Change(NOW))
    second = save_record(catalog, "dejima", experience("second"), draft, Change(NOW))
    take_step(catalog, NAME, second, "send_for_review", Change(NOW))
    before = take_step(catalog, NAME, second, "request_changes", Change(NOW))
    for action in ("withdraw", "send_for_review", "request_changes"):
        take_step(catalog, NAME, second, action, Change(NOW))
        with pytest.raises(Stale, match="left as it is"):
            step_back(catalog, before, Change(NOW))
    assert titles(catalog) == []


def test_a_step_on_what_was_withdrawn_since_it_was_seen_changes_nothing(catalog, draft):
    take_step(catalog, NAME, draft, "publish", Change(NOW))
    take_step(catalog, NAME, draft, "withdraw", Change(NOW))
    with pytest.raises(Stale):
        take_steps(catalog, [Seen(NAME, draft, "in_review")], "publish", Change(NOW))
    assert titles(catalog) == []


def test_steps_on_an_older_revision_or_from_the_wrong_state_change_nothing(catalog, draft):
    save_record(catalog, "dejima", experience("second"), draft, Change(NOW))
    with pytest.raises(Stale):
        take_step(catalog, NAME, draft, "publish", Change(NOW))
    with pytest.raises(Conflict):
        take_step(catalog, NAME, draft + 1, "request_changes", Change(NOW))
    assert titles(catalog) == []


def test_a_draft_saved_after_a_withdrawal_does_not_bring_the_old_revision_back(catalog, draft):
    take_step(catalog, NAME, draft, "publish", Change(NOW))
    before = take_step(catalog, NAME, draft, "withdraw", Change(NOW))
    assert load_record(catalog, NAME).published_revision is None
    step_back(catalog, before, Change(NOW))
    assert titles(catalog) == ["first"]
    take_step(catalog, NAME, draft, "withdraw", Change(NOW))
    save_record(catalog, "dejima", experience("second"), draft, Change(NOW))
    assert titles(catalog) == []


def test_steps_of_several_records_happen_all_or_none(catalog, draft):
    other = Experience(id="wall", title={"en": "wall"}, landmark="gate", scene="gate", trigger=Trigger(kind="geofence"))
    save_record(catalog, "dejima", other, None, Change(NOW))
    wall = Name("dejima", "experience", "wall")
    with pytest.raises(Stale):
        take_steps(catalog, [Seen(NAME, draft), Seen(wall, 7)], "publish", Change(NOW))
    assert titles(catalog) == []
    assert (load_record(catalog, NAME).state, load_record(catalog, wall).state) == ("draft", "draft")
    steps = take_steps(catalog, [Seen(NAME, draft), Seen(wall, 1)], "publish", Change(NOW))
    assert titles(catalog) == ["first", "wall"]
    assert [step.standing.state for step in steps] == ["draft", "draft"]


def test_revisions_of_several_records_are_saved_all_or_none(catalog, draft):
    other = Experience(id="wall", title={"en": "wall"}, landmark="gate", scene="gate", trigger=Trigger(kind="geofence"))
    for edits in ([(experience("second"), draft), (other, 3)], [(other, None), (experience("second"), None)]):
        with pytest.raises(Stale):
            save_records(catalog, "dejima", edits, Change(NOW))
        assert load_record(catalog, NAME).revision == draft
        with pytest.raises(NotFound):
            load_record(catalog, Name("dejima", "experience", "wall"))
    assert save_records(catalog, "dejima", [(experience("second"), draft), (other, None)], Change(NOW)) == [
        draft + 1,
        1,
    ]


def test_notes_name_their_author_and_the_newest_comes_first(catalog, draft):
    sato = add_account(catalog, NewAccount("dejima", "sato", "staff", "water gate 1820"), NOW, secrets.token_bytes)
    for at, text in ((NOW, "one"), (NOW + 1, "two")):
        why = make_why("", text, secrets.token_bytes)
        take_step(catalog, NAME, draft, "send_for_review", Change(at))
        take_steps(catalog, [Seen(NAME, draft)], "request_changes", Change(at, sato), why)
    assert [(note.text, note.author, note.revision) for note in list_notes(catalog, NAME)] == [
        ("two", "sato", 1),
        ("one", "sato", 1),
    ]
