import secrets
import threading

import pytest

from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change
from xr_server.domain.quota import USUAL
from xr_server.domain.scan import LEASE_MS, UPLOAD_LIFE_MS, Reason, ScanDetails, Upload
from xr_server.errors import Conflict, NotFound, TooLarge
from xr_server.storage.accounts import add_account
from xr_server.storage.builds import (
    Lease,
    Outcome,
    claim_scan,
    count_ahead,
    fail_exhausted,
    holds_lease,
    release_scan,
    save_outcome,
    save_progress,
    try_again,
)
from xr_server.storage.scans import (
    Owner,
    attach_scene,
    cancel_scan,
    create_scan,
    expire_scans,
    find_scene_owner,
    find_scene_scan,
    list_scans,
    load_scan,
    save_received,
)
from xr_server.storage.uploads import Locked, append, create_file, open_at, scan_path, sweep_files

NOW = 1_780_000_000_000
DETAILS = ScanDetails(title="Gate", creator="kana", licence="CC0", lat=32.7, lon=129.8, height=34.5)


@pytest.fixture
def owner(catalog):
    name = NewAccount("dejima", "kana", "creator", "water gate 1820")
    return Owner("dejima", add_account(catalog, name, NOW, secrets.token_bytes))


def begin(catalog, owner, length=10, at=NOW):
    return create_scan(catalog, owner, Upload("gate.ply", DETAILS, length), at, secrets.token_bytes)


def make_waiting(catalog, owner, at=NOW):
    scan_id = begin(catalog, owner, at=at)
    save_received(catalog, scan_id, 0, 10, at)
    return scan_id


def test_a_scan_waits_for_a_worker_once_its_last_byte_is_acknowledged(catalog, owner):
    scan_id = begin(catalog, owner)
    save_received(catalog, scan_id, 0, 4, NOW)
    half = load_scan(catalog, "dejima", scan_id)
    assert (half.state, half.received_bytes, half.details) == ("receiving", 4, DETAILS)
    save_received(catalog, scan_id, 4, 10, NOW)
    assert load_scan(catalog, "dejima", scan_id).state == "waiting"


def test_an_offset_that_moved_and_bytes_beyond_the_length_are_not_acknowledged(catalog, owner):
    scan_id = begin(catalog, owner)
    save_received(catalog, scan_id, 0, 4, NOW)
    for offset, received in ((0, 6), (4, 11)):
        with pytest.raises(Conflict):
            save_received(catalog, scan_id, offset, received, NOW)
    assert load_scan(catalog, "dejima", scan_id).received_bytes == 4


def test_the_quota_counts_what_is_announced_and_not_what_was_cancelled(catalog, owner):
    first = begin(catalog, owner, USUAL.account.scan_bytes - 5)
    with pytest.raises(TooLarge):
        begin(catalog, owner, 6)
    cancel_scan(catalog, first, Change(NOW))
    begin(catalog, owner, 6)


def test_scans_of_another_site_or_creator_are_not_found_or_listed(catalog, owner):
    scan_id = begin(catalog, owner)
    with pytest.raises(NotFound):
        load_scan(catalog, "elsewhere", scan_id)
    assert [scan.id for scan in list_scans(catalog, "dejima", owner.account_id)] == [scan_id]
    assert list_scans(catalog, "dejima", "somebody-else") == []
    assert [scan.id for scan in list_scans(catalog, "dejima", None)] == [scan_id]


def test_the_scan_that_waited_longest_is_claimed_first_and_each_only_once(catalog, owner):
    late = make_waiting(catalog, owner, NOW + 5)
    early = make_waiting(catalog, owner, NOW)
    claims = [claim_scan(catalog, "w", NOW + 10) for _ in range(3)]
    assert [claim[0].scan_id if claim else None for claim in claims] == [early, late, None]


def test_two_workers_racing_claim_each_scan_once(catalog, owner):
    scan_ids = [make_waiting(catalog, owner, NOW + n) for n in range(12)]
    claimed: list[str] = []
    start = threading.Barrier(4)

    def race(name):
        start.wait()
        empty = 0
        while empty < 3:
            claim = claim_scan(catalog, name, NOW + 100)
            if claim is None:
                empty += 1
            else:
                claimed.append(claim[0].scan_id)

    threads = [threading.Thread(target=race, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(scan_ids)


def test_a_lost_lease_writes_nothing_and_the_next_attempt_takes_effect_once(catalog, owner):
    scan_id = make_waiting(catalog, owner)
    first, _ = claim_scan(catalog, "w1", NOW)
    assert claim_scan(catalog, "w2", NOW + LEASE_MS) is None  # still held at its very end
    second, _ = claim_scan(catalog, "w2", NOW + LEASE_MS + 1)
    assert (first.attempt, second.attempt) == (1, 2)
    assert not save_progress(catalog, first, "clean", 0.5, NOW + LEASE_MS + 2)
    assert not save_outcome(catalog, first, Outcome("built", package_digest="a" * 64), NOW + LEASE_MS + 2)
    assert not release_scan(catalog, first, NOW + LEASE_MS + 2)
    assert save_outcome(catalog, second, Outcome("built", package_digest="b" * 64), NOW + LEASE_MS + 3)
    assert not save_outcome(catalog, second, Outcome("failed"), NOW + LEASE_MS + 4)
    stored = load_scan(catalog, "dejima", scan_id)
    assert (stored.state, stored.package_digest, stored.progress) == ("built", "b" * 64, 1.0)


def test_a_lease_that_ran_out_is_lost_even_before_somebody_else_takes_it(catalog, owner):
    make_waiting(catalog, owner)
    lease, _ = claim_scan(catalog, "w", NOW)
    assert not save_progress(catalog, lease, "read", 0.1, NOW + LEASE_MS + 1)


def test_heartbeats_keep_the_lease_and_tell_the_stage(catalog, owner):
    scan_id = make_waiting(catalog, owner)
    lease, _ = claim_scan(catalog, "w", NOW)
    for beat in range(1, 9):
        assert save_progress(catalog, lease, "collapse", beat / 10, NOW + beat * 5000)
    assert holds_lease(catalog, lease, NOW + 8 * 5000 + LEASE_MS)
    stored = load_scan(catalog, "dejima", scan_id)
    assert (stored.stage, stored.progress) == ("collapse", 0.8)


def test_three_attempts_without_an_answer_end_as_failed_with_a_reason(catalog, owner):
    scan_id = make_waiting(catalog, owner)
    at = NOW
    for attempt in (1, 2, 3):
        lease, _ = claim_scan(catalog, "w", at)
        assert lease.attempt == attempt
        at += LEASE_MS + 1
    assert claim_scan(catalog, "w", at) is None
    assert fail_exhausted(catalog, at) == 1
    stored = load_scan(catalog, "dejima", scan_id)
    assert stored.state == "failed" and stored.reason is not None and stored.reason.code == "tried_often"


def test_a_scan_given_back_has_not_been_tried(catalog, owner):
    make_waiting(catalog, owner)
    lease, _ = claim_scan(catalog, "w", NOW)
    assert release_scan(catalog, lease, NOW)
    again, stored = claim_scan(catalog, "w", NOW)
    assert (again.attempt, stored.attempt) == (1, 1)


def test_a_cancelled_scan_takes_the_lease_from_its_worker(catalog, owner):
    scan_id = make_waiting(catalog, owner)
    lease, _ = claim_scan(catalog, "w", NOW)
    assert cancel_scan(catalog, scan_id, Change(NOW))
    assert not save_progress(catalog, lease, "read", 0.1, NOW)
    assert not cancel_scan(catalog, scan_id, Change(NOW))
    assert load_scan(catalog, "dejima", scan_id).state == "cancelled"


def test_a_rejection_keeps_its_stage_and_its_reason(catalog, owner):
    scan_id = make_waiting(catalog, owner)
    lease, _ = claim_scan(catalog, "w", NOW)
    outcome = Outcome("rejected", "check", Reason("ply_header", "The header claims too much."), None, 0.5, 1000)
    assert save_outcome(catalog, lease, outcome, NOW)
    stored = load_scan(catalog, "dejima", scan_id)
    assert (stored.state, stored.stage, stored.reason) == ("rejected", "check", outcome.reason)
    assert (stored.build_seconds, stored.build_peak_bytes) == (0.5, 1000)


def test_an_upload_nobody_goes_on_with_expires_after_a_week(catalog, owner):
    scan_id = begin(catalog, owner)
    waiting = make_waiting(catalog, owner)
    assert expire_scans(catalog, NOW + UPLOAD_LIFE_MS) == 0
    assert expire_scans(catalog, NOW + UPLOAD_LIFE_MS + 1) == 1
    assert load_scan(catalog, "dejima", scan_id).state == "expired"
    assert load_scan(catalog, "dejima", waiting).state == "waiting"


def test_a_scan_remembers_the_first_scene_it_was_attached_to(catalog, owner):
    scan_id = begin(catalog, owner)
    attach_scene(catalog, scan_id, "gate-1")
    attach_scene(catalog, scan_id, "gate-2")
    assert load_scan(catalog, "dejima", scan_id).scene_id == "gate-1"


def test_a_scene_is_its_makers_whoever_joins_it_with_a_scan_before_or_after(catalog, owner):
    haru = Owner("dejima", add_account(catalog, NewAccount("dejima", "haru", "creator"), NOW, secrets.token_bytes))
    earlier, made = begin(catalog, haru), begin(catalog, owner)
    scene_id = f"gate-{made.replace('-', '')[:8]}"
    attach_scene(catalog, earlier, scene_id)
    assert find_scene_owner(catalog, "dejima", scene_id) is None
    assert find_scene_scan(catalog, "dejima", scene_id) is None
    attach_scene(catalog, made, scene_id)
    assert find_scene_owner(catalog, "dejima", scene_id) == owner.account_id
    assert find_scene_scan(catalog, "dejima", scene_id) == made


def test_bytes_beyond_the_acknowledged_ones_are_cut_off_and_only_one_writes(catalog, owner, tmp_path):
    scan_id = begin(catalog, owner)
    path = scan_path(tmp_path, scan_id, "gate.ply")
    create_file(path)
    path.write_bytes(b"12345678")  # four of them were never acknowledged: the server was killed before
    save_received(catalog, scan_id, 0, 4, NOW)
    stored = load_scan(catalog, "dejima", scan_id)
    with open_at(catalog, stored, path) as file:
        assert append(file, [b"ab", b"cdef"]) == 6
        with pytest.raises(Locked), open_at(catalog, stored, path):
            pass
    assert path.read_bytes() == b"1234abcdef"


def test_bytes_that_another_connection_had_acknowledged_meanwhile_are_not_cut_off(catalog, owner, tmp_path):
    stored = load_scan(catalog, "dejima", begin(catalog, owner))
    path = scan_path(tmp_path, stored.id, "gate.ply")
    with open_at(catalog, stored, path) as file:
        append(file, [b"1234"])
        save_received(catalog, stored.id, 0, 4, NOW)
    with pytest.raises(Conflict), open_at(catalog, stored, path):  # it was read before those four came
        pass
    assert path.read_bytes() == b"1234"


def test_a_file_that_a_crash_kept_from_being_made_is_made_by_its_first_bytes(catalog, owner, tmp_path):
    stored = load_scan(catalog, "dejima", begin(catalog, owner))
    path = scan_path(tmp_path, stored.id, "gate.ply")
    with open_at(catalog, stored, path) as file:
        append(file, [b"abc"])
    assert path.read_bytes() == b"abc"


def test_files_of_scans_that_are_over_are_swept_and_others_stay(catalog, owner, tmp_path):
    kept, cancelled = begin(catalog, owner), begin(catalog, owner)
    for scan_id in (kept, cancelled, "left-behind"):
        create_file(scan_path(tmp_path, scan_id, "gate.ply"))
    cancel_scan(catalog, cancelled, Change(NOW))
    assert set(sweep_files(catalog, tmp_path)) == {cancelled, "left-behind"}
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [kept]


def test_a_lease_is_its_worker_and_its_attempt(catalog, owner):
    scan_id = make_waiting(catalog, owner)
    lease, _ = claim_scan(catalog, "w", NOW)
    for other in (Lease(scan_id, "x", 1), Lease(scan_id, "w", 2)):
        assert not holds_lease(catalog, other, NOW)
    assert holds_lease(catalog, lease, NOW)


def test_a_scan_that_waits_knows_how_many_come_before_it(catalog, owner):
    ids = [make_waiting(catalog, owner, NOW + number) for number in range(4)]
    begin(catalog, owner, at=NOW - 1)  # still arriving: it takes no turn yet

    def places():
        return [count_ahead(catalog, load_scan(catalog, "dejima", scan_id)) for scan_id in ids]

    assert places() == [0, 1, 2, 3]
    lease, _ = claim_scan(catalog, "w", NOW + 10)
    assert places() == [None, 1, 2, 3]  # the one being built counts until it is done
    save_outcome(catalog, lease, Outcome("built", "done"), NOW + 11)
    cancel_scan(catalog, ids[2], Change(NOW + 12))
    assert places() == [None, 0, None, 1]


def test_the_order_told_is_the_order_of_the_turns(catalog, owner):
    ids = [make_waiting(catalog, owner, NOW) for _ in range(5)]  # all at one moment
    told = sorted(ids, key=lambda scan_id: count_ahead(catalog, load_scan(catalog, "dejima", scan_id)))
    assert [claim_scan(catalog, "w", NOW + 10)[0].scan_id for _ in ids] == told


@pytest.mark.parametrize("state", ["failed", "rejected"])
def test_what_ended_without_a_package_can_be_tried_again_from_the_start(catalog, owner, state):
    scan_id = make_waiting(catalog, owner)
    for attempt in range(3):
        lease, _ = claim_scan(catalog, "w", NOW + attempt)
        save_outcome(catalog, lease, Outcome("waiting", "read"), NOW + attempt)
        if attempt < 2:
            continue
        fail_exhausted(catalog, NOW + 9)
    if state == "rejected":
        assert try_again(catalog, scan_id, Change(NOW + 10))
        lease, _ = claim_scan(catalog, "w", NOW + 11)
        save_outcome(catalog, lease, Outcome("rejected", "read", Reason("ply_data", "Broken.")), NOW + 12)
    assert load_scan(catalog, "dejima", scan_id).state == state
    assert try_again(catalog, scan_id, Change(NOW + 20))
    again = load_scan(catalog, "dejima", scan_id)
    assert (again.state, again.attempt, again.reason, again.progress) == ("waiting", 0, None, 0)
    assert claim_scan(catalog, "w", NOW + 21)[1].attempt == 1


def test_nothing_else_is_tried_again(catalog, owner):
    receiving, waiting, cancelled = begin(catalog, owner), make_waiting(catalog, owner), make_waiting(catalog, owner)
    cancel_scan(catalog, cancelled, Change(NOW))
    assert [try_again(catalog, scan_id, Change(NOW)) for scan_id in (receiving, waiting, cancelled)] == [False] * 3
    lease, _ = claim_scan(catalog, "w", NOW)
    assert not try_again(catalog, lease.scan_id, Change(NOW))
    save_outcome(catalog, lease, Outcome("built", "done"), NOW)
    assert not try_again(catalog, lease.scan_id, Change(NOW))
