import secrets

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tests.benches import DETAILS
from tests.samples import EXPERIENCE, GATE, SITE
from xr_server.domain.account import NewAccount
from xr_server.domain.audit import DEEDS
from xr_server.domain.catalog import Change, Name
from xr_server.domain.scan import Upload
from xr_server.errors import Conflict, Stale
from xr_server.storage.accounts import add_account, change_password
from xr_server.storage.api_tokens import end_token, issue_token, list_tokens
from xr_server.storage.audit import SYSTEM, Wanted, list_doers, list_entries, note
from xr_server.storage.builds import Outcome, claim_scan, save_outcome, try_again
from xr_server.storage.catalog import save_record, save_records, set_states
from xr_server.storage.imports import import_records
from xr_server.storage.people import Handing, close_account, hand_over, reopen_account, set_role
from xr_server.storage.previews import end_previews, issue_preview
from xr_server.storage.resets import issue_reset, use_reset
from xr_server.storage.reviews import step_back, take_step
from xr_server.storage.scans import Owner, cancel_scan, create_scan, expire_scans, save_received
from xr_server.storage.tables.people import account

NOW = 1_780_000_000_000
PASSWORD = "only for this test"
OFFER = Name("dejima", "experience", EXPERIENCE.id)


@pytest.fixture
def people(catalog):
    """A creator and an administrator, by name; the first entries of the log."""
    roles = {"kana": "creator", "sato": "admin"}
    return {
        name: add_account(catalog, NewAccount("dejima", name, role, PASSWORD), NOW, secrets.token_bytes)
        for name, role in roles.items()
    }


def told(catalog, wanted=Wanted()):  # noqa: B008
    """What the log tells, the oldest first: who did what to which thing and revision."""
    entries = list_entries(catalog, "dejima", wanted, 1000)
    return [(entry.name, entry.deed, entry.thing_id, entry.revision) for entry in reversed(entries)]


def test_every_move_of_a_record_is_written_down_with_who_and_which_revision(catalog, people):
    kana, sato = Change(NOW + 1, people["kana"]), Change(NOW + 2, people["sato"])
    save_record(catalog, "dejima", EXPERIENCE, None, kana)
    take_step(catalog, OFFER, 1, "send_for_review", kana)
    take_step(catalog, OFFER, 1, "request_changes", sato)
    save_record(catalog, "dejima", EXPERIENCE, 1, kana)
    take_step(catalog, OFFER, 2, "send_for_review", kana)
    take_step(catalog, OFFER, 2, "take_back", kana)
    before = take_step(catalog, OFFER, 2, "publish", sato)
    step_back(catalog, before, sato)
    take_step(catalog, OFFER, 2, "publish", sato)
    take_step(catalog, OFFER, 2, "withdraw", sato)
    record = Wanted(kind="experience", thing_id=EXPERIENCE.id)
    by_kana = told(catalog, Wanted(people["kana"], "experience", EXPERIENCE.id))
    assert [(deed, revision) for _, deed, _, revision in by_kana] == [
        ("saved", 1), ("sent_for_review", 1), ("saved", 2), ("sent_for_review", 2), ("taken_back", 2),
    ]  # fmt: skip
    by_sato = told(catalog, Wanted(people["sato"], "experience", EXPERIENCE.id))
    assert [(deed, revision) for _, deed, _, revision in by_sato] == [
        ("changes_requested", 1), ("published", 2), ("undone", 2), ("published", 2), ("withdrawn", 2),
    ]  # fmt: skip
    assert {name for name, *_ in told(catalog, record)} == {"kana", "sato"}


def test_what_is_refused_or_rolled_back_leaves_no_entry(catalog, people):
    sato = Change(NOW, people["sato"])
    save_record(catalog, "dejima", EXPERIENCE, None, sato)
    before = told(catalog)
    with pytest.raises(Stale):
        save_records(catalog, "dejima", [(GATE, None), (EXPERIENCE, 7)], sato)
    with pytest.raises(Stale):
        set_states(catalog, [(OFFER, 9, "published")], sato)
    with pytest.raises(Conflict):
        close_account(catalog, "dejima", people["sato"], sato)  # the last administrator
    assert told(catalog) == before


def test_an_import_is_the_systems(catalog):
    import_records(catalog, "dejima", [SITE, GATE], False, NOW)
    import_records(catalog, "dejima", [SITE, GATE], False, NOW + 1)
    entries = [(None, "imported", SITE.id, 1), (None, "imported", GATE.id, 1)]
    assert told(catalog) == entries
    assert told(catalog, Wanted(SYSTEM)) == entries


def test_what_happens_to_accounts_is_written_down(catalog, people):
    kana, sato = people["kana"], people["sato"]
    by = Change(NOW + 1, sato)
    set_role(catalog, "dejima", kana, "staff", by)
    close_account(catalog, "dejima", kana, by)
    reopen_account(catalog, "dejima", kana, by)
    use_reset(catalog, issue_reset(catalog, kana, by, secrets.token_bytes), "another password", NOW + 2)
    change_password(catalog, kana, "another password", PASSWORD, NOW + 3)
    issue_token(catalog, kana, "laptop", NOW + 4, secrets.token_bytes)
    end_token(catalog, kana, list_tokens(catalog, kana, NOW + 5)[0].id, NOW + 5)
    end_token(catalog, kana, "there is no such token", NOW + 5)
    hand_over(catalog, Handing("dejima", kana, sato), Change(NOW + 6, sato))
    assert [(name, deed) for name, deed, *_ in told(catalog, Wanted(thing_id=kana))] == [
        (None, "account_made"),
        ("sato", "role_changed"), ("sato", "account_closed"), ("sato", "account_reopened"), ("sato", "link_issued"),
        ("kana", "link_used"), ("kana", "password_changed"), ("kana", "token_made"), ("kana", "token_ended"),
        ("sato", "handed_over"),
    ]  # fmt: skip


def test_the_way_of_a_scan_is_written_down_whoever_moves_it(catalog, people):
    owner = Owner("dejima", people["kana"])

    def begin():
        return create_scan(catalog, owner, Upload("gate.ply", DETAILS, 4), NOW, secrets.token_bytes)

    built, left, stopped = begin(), begin(), begin()
    save_received(catalog, built, 0, 2, NOW)
    save_received(catalog, built, 2, 4, NOW)
    for outcome in ("failed", "built"):
        lease, _ = claim_scan(catalog, "w", NOW)
        save_outcome(catalog, lease, Outcome(outcome), NOW)
        try_again(catalog, built, Change(NOW, people["kana"]))
    cancel_scan(catalog, stopped, Change(NOW, people["sato"]))
    expire_scans(catalog, NOW + 8 * 24 * 3_600_000)
    assert told(catalog, Wanted(kind="scan")) == [
        ("kana", "scan_sent", built, None), (None, "scan_failed", built, None),
        ("kana", "scan_tried_again", built, None), (None, "scan_built", built, None),
        ("sato", "scan_cancelled", stopped, None), (None, "scan_expired", left, None),
    ]  # fmt: skip


def test_links_to_drafts_are_written_down(catalog, people):
    issue_preview(catalog, OFFER, people["kana"], NOW, secrets.token_bytes)
    assert end_previews(catalog, OFFER, Change(NOW, people["sato"])) == 1
    assert end_previews(catalog, OFFER, Change(NOW, people["sato"])) == 0
    deeds = [(name, deed) for name, deed, *_ in told(catalog, Wanted(kind="experience"))]
    assert deeds == [("kana", "preview_made"), ("sato", "preview_ended")]


REFUSED = {
    "sqlite": (
        "INSERT OR REPLACE INTO audit_entry SELECT number, site_id, 0, account_id, deed, kind, thing_id, revision, details "
        "FROM audit_entry",
    ),
    "postgresql": ("TRUNCATE audit_entry",),
}


def test_the_database_itself_refuses_to_change_or_forget_an_entry(catalog, people):
    before = list_entries(catalog, "dejima", Wanted(), 10)
    assert before
    for statement in (
        "UPDATE audit_entry SET account_id = NULL",
        "DELETE FROM audit_entry",
        f"DELETE FROM audit_entry WHERE number = {before[0].number}",
        *REFUSED[catalog.dialect.name],
    ):
        with pytest.raises(DatabaseError, match="append-only"), catalog.begin() as connection:
            connection.execute(text(statement))
    assert list_entries(catalog, "dejima", Wanted(), 10) == before


def test_an_account_can_go_and_its_name_with_it_while_what_it_did_stays(catalog, people):
    issue_preview(catalog, OFFER, people["kana"], NOW, secrets.token_bytes)
    with catalog.begin() as connection:
        for table in ("preview", "membership"):
            connection.execute(text(f"DELETE FROM {table} WHERE account_id = :id"), {"id": people["kana"]})
        connection.execute(account.delete().where(account.c.id == people["kana"]))
    (entry,) = list_entries(catalog, "dejima", Wanted(people["kana"]), 10)
    assert (entry.name, entry.account_id, entry.deed) == (None, people["kana"], "preview_made")
    with catalog.connect() as connection:
        rows = connection.execute(text("SELECT * FROM audit_entry")).all()
    assert rows
    assert not any("kana" in str(value) for row in rows for value in row)


def test_pages_of_the_log_follow_one_another_without_gap_or_repetition(catalog):
    with catalog.begin() as connection:
        for number in range(25):  # several in one moment, and one that a slower clock wrote
            at = NOW + number // 4 - (10 if number == 20 else 0)
            note(connection, "saved", Name("dejima", "landmark", f"mark-{number}"), Change(at), revision=number)
        note(connection, "saved", Name("hirado", "landmark", "elsewhere"), Change(NOW))
    found, before = [], None
    while page := list_entries(catalog, "dejima", Wanted(before=before), 7):
        found += page
        before = (page[-1].done_at, page[-1].number)
    assert sorted(entry.revision for entry in found) == list(range(25))
    assert [entry.done_at for entry in found] == sorted((entry.done_at for entry in found), reverse=True)


def test_every_deed_fits_its_column():
    assert max(map(len, DEEDS)) <= 24


def test_the_log_is_narrowed_to_some_things_and_tells_who_did_them(catalog):
    kana, haru = (
        add_account(catalog, NewAccount("dejima", name, "creator"), NOW, secrets.token_bytes)
        for name in ("kana", "haru")
    )
    gate, wall, scan = (Name("dejima", *one) for one in (("scene", "gate"), ("scene", "wall"), ("scan", "gate")))
    with catalog.begin() as connection:
        for about, who in ((gate, kana), (wall, haru), (scan, haru), (gate, None), (gate, "an account that has gone")):
            note(connection, "saved", about, Change(NOW + 1, who))

    def told(*things, **more):
        wanted = Wanted(only=frozenset((one.kind, one.id) for one in things), **more)
        entries = list_entries(catalog, "dejima", wanted, 99)
        return [(entry.kind, entry.thing_id) for entry in entries], list_doers(catalog, "dejima", wanted)

    assert told() == ([], [])
    assert told(gate) == ([("scene", "gate")] * 3, [(kana, "kana")])
    assert told(gate, scan) == (
        [("scene", "gate"), ("scene", "gate"), ("scan", "gate"), ("scene", "gate")],
        [(haru, "haru"), (kana, "kana")],
    )
    assert told(gate, scan, account_id=haru)[0] == [("scan", "gate")]
    assert told(gate, wall, kind="scan") == ([], [])
