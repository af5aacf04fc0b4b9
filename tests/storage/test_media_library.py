"""The library on disk and in the catalog: whole files or none whatever happens, whose each is, and what nobody names goes."""

import hashlib
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.samples import EXPERIENCE, GATE, NOW, SITE, make_scene, publish, wave_bytes
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Change, Name
from xr_server.domain.media import Cue, Media
from xr_server.domain.quota import GB
from xr_server.errors import Conflict, Invalid, NotFound, Stale, TooLarge
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import load_published, load_record, publish_record, save_record, write_revision
from xr_server.storage.content import read_content, write_content
from xr_server.storage.imports import Delivery, import_content, import_records
from xr_server.storage.intake import find_held, sweep_intake, take_in
from xr_server.storage.media import copy_media, find_media_file, keep_media, remove_files, sweep_store
from xr_server.storage.media_library import (
    Edit,
    bytes_of_media,
    delete_media,
    find_named,
    list_library,
    load_entry,
    save_media,
)
from xr_server.storage.organisations import own_organisation, take_turn
from xr_server.storage.people import Handing, hand_over
from xr_server.storage.scans import Owner
from xr_server.storage.tables.records import media_file

DAY_MS = 24 * 3_600_000
RING = Cue(id="ring", start_s=0, end_s=0.5, text={"ja": "（鐘）"})
BELL = Media(
    id="bell", file="bell.wav", title={"ja": "鐘"}, captions=[RING], creator="Kana", licence="CC0 1.0", provenance="evidence"
)  # fmt: skip


@pytest.fixture
def kana(catalog):
    publish(catalog, SITE)
    return Owner("dejima", add_account(catalog, NewAccount("dejima", "kana", "creator"), NOW, secrets.token_bytes))


def bring_in(catalog, folder: Path, owner: Owner, media: Media = BELL, level: int = 0) -> int:
    held = take_in(folder / "intake", owner.account_id, wave_bytes(level=level), "sound")
    return save_media(catalog, folder / "store", owner, Edit(media, None, held), NOW)


def used(catalog, owner: Owner) -> int:
    with catalog.connect() as connection:
        return bytes_of_media(connection, owner.account_id)


def test_what_is_brought_in_is_kept_by_digest_and_counts_towards_its_account(catalog, kana, tmp_path):
    assert bring_in(catalog, tmp_path, kana) == 1
    entry = load_entry(catalog, "dejima", "bell")
    assert (entry.owner_id, entry.is_named, entry.stored.state) == (kana.account_id, False, "draft")
    assert entry.media.digest == hashlib.sha256(wave_bytes()).hexdigest()
    assert entry.media.duration_s == 0.5
    path = find_media_file(tmp_path / "store", entry.media.digest, "bell.wav")
    assert path is not None and path.read_bytes() == wave_bytes()
    assert used(catalog, kana) == len(wave_bytes())
    assert find_held(tmp_path / "intake", kana.account_id, f"{entry.media.digest}.wav") is None


def test_a_file_over_the_quota_is_refused_and_waits_where_it_is(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    with catalog.begin() as connection:
        connection.execute(media_file.update().values(size_bytes=20 * GB - 10))
    with pytest.raises(TooLarge, match="no room left"):
        bring_in(catalog, tmp_path, kana, replace(BELL, id="gong", file="gong.wav"), level=7)
    with pytest.raises(NotFound):
        load_entry(catalog, "dejima", "gong")
    key = f"{hashlib.sha256(wave_bytes(level=7)).hexdigest()}.wav"
    assert find_held(tmp_path / "intake", kana.account_id, key) is not None


def test_words_alone_are_changed_without_counting_the_file_again(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    media = load_entry(catalog, "dejima", "bell").media
    assert save_media(catalog, tmp_path / "store", kana, Edit(replace(media, title={"ja": "大鐘"}), 1), NOW) == 2
    assert used(catalog, kana) == len(wave_bytes())
    with pytest.raises(Stale):
        save_media(catalog, tmp_path / "store", kana, Edit(media, 1), NOW)


def test_a_replaced_file_counts_besides_the_old_one_and_both_are_kept(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    old = load_entry(catalog, "dejima", "bell").media
    held = take_in(tmp_path / "intake", kana.account_id, wave_bytes(level=9), "sound")
    save_media(catalog, tmp_path / "store", kana, Edit(BELL, 1, held), NOW + 1)
    new = load_entry(catalog, "dejima", "bell").media
    assert used(catalog, kana) == 2 * len(wave_bytes())
    assert all(find_media_file(tmp_path / "store", str(one.digest), one.file) for one in (old, new))


def test_what_a_draft_or_a_published_scene_names_is_not_deleted(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    scene = replace(make_scene("0" * 64), sounds=["bell"])
    publish(catalog, scene)
    save_record(catalog, "dejima", replace(scene, sounds=[]), 1, Change(NOW))  # the draft has let go of it
    entry = load_entry(catalog, "dejima", "bell")
    assert [(use.place, use.draft, use.published) for use in entry.uses] == [("sound", False, True)]
    with pytest.raises(Conflict):
        delete_media(catalog, tmp_path / "store", Name("dejima", "media", "bell"), 1, Change(NOW))
    publish(catalog, replace(scene, sounds=[]), 2)
    delete_media(catalog, tmp_path / "store", Name("dejima", "media", "bell"), 1, Change(NOW))
    assert (list_library(catalog, "dejima"), used(catalog, kana)) == ([], 0)
    assert list((tmp_path / "store" / "media").iterdir()) == []


def test_a_file_that_another_record_names_too_stays(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    bring_in(catalog, tmp_path, kana, replace(BELL, id="gong", file="gong.wav"))
    digest = str(load_entry(catalog, "dejima", "gong").media.digest)
    delete_media(catalog, tmp_path / "store", Name("dejima", "media", "bell"), 1, Change(NOW))
    assert find_media_file(tmp_path / "store", digest, "gong.wav") is not None


def test_a_change_of_what_visitors_see_waits_for_staff(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    media = load_entry(catalog, "dejima", "bell").media
    publish(catalog, replace(make_scene("0" * 64), sounds=["bell"]))
    save_media(catalog, tmp_path / "store", kana, Edit(replace(media, title={"ja": "大鐘"}), 1), NOW)
    assert load_record(catalog, Name("dejima", "media", "bell")).state == "in_review"


def test_the_library_goes_over_with_everything_else_of_an_account(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    haru = add_account(catalog, NewAccount("dejima", "haru", "creator"), NOW, secrets.token_bytes)
    hand_over(catalog, Handing("dejima", kana.account_id, haru), Change(NOW))
    assert load_entry(catalog, "dejima", "bell").owner_id == haru
    assert (used(catalog, kana), used(catalog, Owner("dejima", haru))) == (0, len(wave_bytes()))


# --- crashes, and what nobody wanted


def test_what_no_record_came_to_name_is_swept_after_a_day(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    stray = tmp_path / "store" / "media" / ("a" * 64)
    stray.mkdir()
    (stray / "lost.wav").write_bytes(b"lost")
    named = stray.with_name(str(load_entry(catalog, "dejima", "bell").media.digest))
    (named / ".bell.wav.12-34.tmp").write_bytes(b"half")

    def sweep(at: int) -> int:
        return sweep_store(tmp_path / "store", lambda digests: find_named(catalog, digests), at)

    now = round(time.time() * 1000)
    assert sweep(now) == 0
    assert sweep(now + DAY_MS + 60_000) == 2
    assert [path.name for path in named.iterdir()] == ["bell.wav"]
    assert not stray.exists()


def test_what_waited_in_vain_is_swept_and_what_still_waits_is_not(tmp_path):
    held = take_in(tmp_path, "kana", wave_bytes(), "sound")
    (tmp_path / ".picture-abc").mkdir()
    now = round(time.time() * 1000)
    assert sweep_intake(tmp_path, now) == 0
    assert sweep_intake(tmp_path, now + 2 * 3_600_000) == 1  # the folder of a child that a crash ended
    assert find_held(tmp_path, "kana", held.key) is not None
    assert sweep_intake(tmp_path, now + DAY_MS + 60_000) == 1
    assert find_held(tmp_path, "kana", held.key) is None
    assert list(tmp_path.iterdir()) == []  # a folder for each form would add up


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "a" * 64, "a" * 64 + ".exe", "A" * 64 + ".wav"])
def test_no_key_leads_out_of_an_account_s_own_folder(tmp_path, key):
    assert find_held(tmp_path, "kana", key) is None


def test_an_empty_and_a_far_too_large_file_are_refused_unread(tmp_path):
    with pytest.raises(Invalid):
        take_in(tmp_path, "kana", b"", "image")
    with pytest.raises(TooLarge):
        take_in(tmp_path, "kana", bytes(8_100_000), "sound")
    assert not tmp_path.joinpath("kana").exists()


WRITER = """
import sys
from pathlib import Path
from tests.samples import wave_bytes
from xr_server.domain.media import Media
from xr_server.storage.intake import take_in
from xr_server.storage.media import add_file
from msgspec.structs import replace
folder, level = Path(sys.argv[1]), int(sys.argv[2])
bell = Media(id="bell", file="bell.wav", title={}, creator="", licence="", provenance="fiction")
while True:
    held = take_in(folder / "intake", "kana", wave_bytes(60, level % 256), "sound")
    add_file(folder / "store", replace(bell, digest=held.digest), held.path.read_bytes(), None)
    print("kept", flush=True)
    level += 1
"""


def test_killed_at_any_moment_it_leaves_whole_files_and_temporary_ones_that_are_swept(tmp_path):
    chance, root = random.Random(5), Path(__file__).parents[2]
    for round_number in range(5):
        environment = {**os.environ, "PYTHONPATH": str(root)}
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(50 * round_number)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, env=environment)
        assert process.stdout is not None and process.stdout.readline() == b"kept\n"
        time.sleep(chance.uniform(0.01, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    kept = [path for path in (tmp_path / "store" / "media").glob("*/*") if not path.name.startswith(".")]
    waiting = [path for path in (tmp_path / "intake" / "kana").iterdir() if not path.name.startswith(".")]
    assert len(kept) >= 5
    for path in kept:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.parent.name
    for path in waiting:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name[:64]
    later = round(time.time() * 1000) + DAY_MS + 60_000
    sweep_intake(tmp_path / "intake", later)
    sweep_store(tmp_path / "store", lambda _: set(), later)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# --- the content folder


def test_what_was_brought_in_comes_back_through_an_export_and_an_import(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana, replace(BELL, no_persons=True, sources=["An archive"], loop=True, language="ja"))
    scene = replace(make_scene("0" * 64), sounds=["bell"])
    for body in (GATE, scene, EXPERIENCE):
        publish(catalog, body)
    publish_record(catalog, Name("dejima", "media", "bell"), 1, Change(NOW))
    records = load_published(catalog, "dejima")
    write_content(tmp_path / "out", records)
    assert copy_media(tmp_path / "store", tmp_path / "out", records) == []
    again = read_content(tmp_path / "out")
    assert [one for one in again.records if isinstance(one, Media)] == [
        one for one in records if isinstance(one, Media)
    ]
    keep_media(tmp_path / "other", tmp_path / "out", again.records)
    (media,) = (record for record in again.records if isinstance(record, Media))
    path = find_media_file(tmp_path / "other", str(media.digest), media.file)
    assert path is not None and path.read_bytes() == wave_bytes()
    assert import_records(catalog, "dejima", again.records, replace=False, at=NOW + 5).changed == 0


# --- two at once


def test_a_file_brought_in_while_another_deletes_the_same_one_is_there_afterwards(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    digest = str(load_entry(catalog, "dejima", "bell").media.digest)
    gong = replace(BELL, id="gong", file="bell.wav")
    with ThreadPoolExecutor() as pool:
        with catalog.begin() as connection:
            take_turn(connection, "dejima")
            coming = pool.submit(bring_in, catalog, tmp_path, kana, gong)
            with pytest.raises(TimeoutError):
                coming.result(0.5)
            remove_files(tmp_path / "store", [digest])
        assert coming.result() == 1
    assert find_media_file(tmp_path / "store", digest, "bell.wav") is not None


def test_what_a_scene_comes_to_name_meanwhile_is_not_deleted(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    scene, bell = replace(make_scene("0" * 64), sounds=["bell"]), Name("dejima", "media", "bell")
    with ThreadPoolExecutor() as pool:
        with catalog.begin() as connection:
            take_turn(connection, "dejima")
            going = pool.submit(delete_media, catalog, tmp_path / "store", bell, 1, Change(NOW))
            with pytest.raises(TimeoutError):
                going.result(0.3)
            write_revision(connection, Name("dejima", "scene", scene.id), (scene, None), Change(NOW))
        with pytest.raises(Conflict):
            going.result()
    media = load_entry(catalog, "dejima", "bell").media
    assert find_media_file(tmp_path / "store", str(media.digest), "bell.wav") is not None


def test_a_file_that_is_imported_while_another_deletes_the_same_one_is_there_afterwards(catalog, kana, tmp_path):
    bring_in(catalog, tmp_path, kana)
    media = load_entry(catalog, "dejima", "bell").media
    (tmp_path / "in" / "media").mkdir(parents=True)
    (tmp_path / "in" / "media" / "bell.wav").write_bytes(wave_bytes())
    delivery = Delivery([replace(media, id="gong")], tmp_path / "in", tmp_path / "store")
    with ThreadPoolExecutor() as pool:
        with catalog.begin() as connection:
            take_turn(connection, "dejima")
            coming = pool.submit(import_content, catalog, "dejima", delivery, False, NOW)
            with pytest.raises(TimeoutError):
                coming.result(0.5)
            remove_files(tmp_path / "store", [str(media.digest)])  # as delete_media does in its turn
        assert coming.result().created == ["media gong"]
    assert find_media_file(tmp_path / "store", str(media.digest), "bell.wav") is not None


def test_the_first_import_of_a_site_has_a_turn_too(catalog, tmp_path):
    gate = Delivery([GATE], tmp_path, tmp_path / "store")
    with ThreadPoolExecutor() as pool:
        with catalog.begin() as connection:
            own_organisation(connection, "dejima")
            coming = pool.submit(import_content, catalog, "dejima", gate, False, NOW)
            with pytest.raises(TimeoutError):
                coming.result(0.3)
        assert coming.result().created == ["landmark water-gate"]
    assert import_content(catalog, "dejima", gate, False, NOW).changed == 0
