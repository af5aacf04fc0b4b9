"""Where a pupil's changed pictures and sounds wait, what the teacher is told of them, and how withdrawn things stood."""

import secrets
from datetime import date

import pytest
from msgspec.structs import replace

from tests.samples import GATE, SITE, make_scene, publish, wave_bytes
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change, Name
from xr_server.domain.media import Cue, Media
from xr_server.domain.school import ClassForm
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import load_record, publish_record, save_record, set_state, withdraw_record
from xr_server.storage.classes import Keeper, count_calls, find_class, make_class
from xr_server.storage.intake import take_in
from xr_server.storage.media_library import Edit, save_media
from xr_server.storage.news import Recipient, list_news
from xr_server.storage.pupil_media import list_class_media, list_unseen
from xr_server.storage.pupils import join_class
from xr_server.storage.reviews import find_state_before, step_back, take_step
from xr_server.storage.scans import Owner

NOW = 1_795_485_600_000  # 2026-11-24
SAID = ClassForm("5-2", "Harbour School", "class", date(2027, 3, 31))
RING = Cue(id="ring", start_s=0, end_s=0.5, text={"ja": "（鐘）"})
BELL = Media(
    id="bell", file="bell.wav", title={"ja": "鐘"}, captions=[RING], creator="Gull", licence="CC0 1.0", provenance="fiction"
)  # fmt: skip
NAME, WALL = Name("dejima", "media", "bell"), Name("dejima", "landmark", "water-gate")


@pytest.fixture
def teacher(catalog):
    publish(catalog, SITE)
    return add_account(catalog, NewAccount("dejima", "ota", "teacher"), NOW, secrets.token_bytes)


@pytest.fixture
def found(catalog, teacher):
    class_id = make_class(catalog, "dejima", SAID, Change(NOW, teacher), secrets.token_bytes)
    return find_class(catalog, Keeper("dejima", teacher), class_id)


@pytest.fixture
def pupil(catalog, found, tmp_path):
    """A pupil with a sound in the library."""
    owner = Owner("dejima", join_class(catalog, found, "Red Gull 11", "sakana sora", (NOW, "pupil-1")))
    held = take_in(tmp_path / "intake", owner.account_id, wave_bytes(), "sound")
    save_media(catalog, tmp_path, owner, Edit(BELL, None, held), NOW)
    return owner


def change(catalog, tmp_path, owner, title, at=NOW + 10):
    stored = load_record(catalog, NAME)
    save_media(catalog, tmp_path, owner, Edit(replace(stored.body, title={"ja": title}), stored.revision), at)
    return load_record(catalog, NAME).state


def test_a_pupils_draft_stays_one_and_what_was_on_its_way_goes_back_to_the_teacher(
    catalog, tmp_path, teacher, found, pupil
):
    assert change(catalog, tmp_path, pupil, "大鐘") == "draft"
    take_step(catalog, NAME, 2, "send_for_review", Change(NOW, teacher))
    assert change(catalog, tmp_path, pupil, "小鐘") == "with_teacher"
    take_step(catalog, NAME, 3, "request_changes", Change(NOW, teacher))
    assert change(catalog, tmp_path, pupil, "鈴") == "with_teacher"


def test_what_visitors_see_waits_for_the_teacher_whoever_changed_it_and_a_creators_for_staff(
    catalog, tmp_path, teacher, found, pupil
):
    publish_record(catalog, NAME, 1, Change(NOW))
    publish(catalog, replace(make_scene("0" * 64), sounds=["bell"]))
    assert change(catalog, tmp_path, pupil, "大鐘") == "with_teacher"
    keeper = Keeper("dejima", teacher)
    assert (count_calls(catalog, keeper, NOW), find_class(catalog, keeper, found.id).handed_in) == (1, 1)
    (one,) = list_class_media(catalog, "dejima", found.id)
    assert (one.stored.id, one.name, one.stored.state) == ("bell", "Red Gull 11", "with_teacher")
    assert [entry.deed for entry in list_news(catalog, Recipient("dejima", teacher, False), 9)] == ["handed_in"]
    staff = Owner("dejima", add_account(catalog, NewAccount("dejima", "sato", "staff"), NOW, secrets.token_bytes))
    assert change(catalog, tmp_path, staff, "鈴") == "with_teacher"
    take_step(catalog, NAME, 3, "request_changes", Change(NOW, teacher))
    told = [entry.deed for entry in list_news(catalog, Recipient("dejima", pupil.account_id, False), 9)]
    assert told == ["changes_requested"]
    own = replace(BELL, id="gong", file="gong.wav")
    held = take_in(tmp_path / "intake", staff.account_id, wave_bytes(level=3), "sound")
    save_media(catalog, tmp_path, staff, Edit(own, None, held), NOW)
    publish(catalog, replace(make_scene("0" * 64), sounds=["bell", "gong"]), 1)
    save_media(catalog, tmp_path, staff, Edit(replace(own, title={"ja": "銅鑼"}), 1), NOW)
    assert load_record(catalog, Name("dejima", "media", "gong")).state == "in_review"


def test_the_log_tells_how_a_withdrawn_record_stood(catalog):
    who = Change(NOW)
    assert find_state_before(catalog, WALL) is None
    save_record(catalog, "dejima", GATE, None, who)
    set_state(catalog, WALL, 1, "in_review", Change(NOW + 1))
    publish_record(catalog, WALL, 1, Change(NOW + 2))
    withdrawal = take_step(catalog, WALL, 1, "withdraw", Change(NOW + 3))
    assert find_state_before(catalog, WALL) == "published"
    step_back(catalog, withdrawal, Change(NOW + 4))
    withdraw_record(catalog, WALL, 1, Change(NOW + 5))
    assert find_state_before(catalog, WALL) == "published"  # put back, and withdrawn again
    publish_record(catalog, WALL, 1, Change(NOW + 6))
    save_record(catalog, "dejima", replace(GATE, name={"ja": "門"}), 1, Change(NOW + 7))
    withdraw_record(catalog, WALL, 2, Change(NOW + 8))
    assert find_state_before(catalog, WALL) == "draft"


def test_what_no_teacher_has_looked_at_is_hidden_from_all_but_the_class_and_its_teacher(
    catalog, tmp_path, teacher, found, pupil
):
    accounts = {
        role: add_account(catalog, NewAccount("dejima", role, role), NOW, secrets.token_bytes)
        for role in ("creator", "teacher")
    }
    classmate = join_class(catalog, found, "Blue Gull 12", "sakana sora", (NOW, "pupil-2"))

    def hidden(account_id):
        return set(list_unseen(catalog, "dejima", account_id))

    assert [hidden(one) for one in (pupil.account_id, classmate, teacher)] == [set()] * 3
    assert [hidden(one) for one in accounts.values()] == [{"bell"}] * 2
    take_step(catalog, NAME, 1, "send_for_review", Change(NOW, teacher))
    assert hidden(accounts["creator"]) == set()
    change(catalog, tmp_path, pupil, "大鐘")
    assert hidden(accounts["creator"]) == {"bell"}
