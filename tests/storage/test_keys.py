import secrets
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from xr_server.errors import Unavailable
from xr_server.storage.keys import LOOKED_S, _held, destroy_old_day_keys, load_day_key, load_secret, oldest_day_kept

TODAY = date(2026, 11, 24)


def test_a_secret_is_made_once_of_32_random_bytes_for_its_owner_alone(tmp_path):
    folder = tmp_path / "keys"
    first = load_secret(folder, "visit-token", secrets.token_bytes)
    assert len(first) == 32
    assert load_secret(folder, "visit-token", secrets.token_bytes) == first
    assert load_secret(folder, "other", secrets.token_bytes) != first
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    assert sorted(path.name for path in folder.iterdir()) == ["other.key", "visit-token.key"]


def test_servers_that_start_together_agree_on_one_secret(tmp_path):
    barrier, seen = threading.Barrier(8), []

    def load():
        barrier.wait()
        seen.append(load_day_key(tmp_path, TODAY, secrets.token_bytes))

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["day-2026-11-24.key"]


def test_the_key_of_a_day_is_destroyed_once_the_day_ended_48_hours_ago(tmp_path):
    days = [TODAY - timedelta(days=back) for back in range(5)]
    for day in days:
        load_day_key(tmp_path, day, secrets.token_bytes)
    load_secret(tmp_path, "visit-token", secrets.token_bytes)
    assert destroy_old_day_keys(tmp_path, TODAY) == ["day-2026-11-20", "day-2026-11-21"]
    kept = {path.stem for path in tmp_path.iterdir()}
    assert kept == {"day-2026-11-22", "day-2026-11-23", "day-2026-11-24", "visit-token"}
    assert oldest_day_kept(TODAY) == date(2026, 11, 22)
    assert destroy_old_day_keys(tmp_path, TODAY) == []


def test_a_destroyed_key_never_comes_back(tmp_path):
    old = TODAY - timedelta(days=3)
    before = load_day_key(tmp_path, old, secrets.token_bytes)
    destroy_old_day_keys(tmp_path, TODAY)
    assert load_day_key(tmp_path, old, secrets.token_bytes) != before


def test_drafts_of_a_crash_are_destroyed_with_the_keys(tmp_path):
    (tmp_path / "day-2026-11-20.0123456789abcdef").write_bytes(b"k" * 32)
    (tmp_path / "day-2026-11-24.0123456789abcdef").write_bytes(b"k" * 32)
    destroy_old_day_keys(tmp_path, TODAY)
    assert [path.name for path in tmp_path.iterdir()] == ["day-2026-11-24.0123456789abcdef"]


def test_the_bytes_are_overwritten_before_the_name_goes(tmp_path):
    load_day_key(tmp_path, date(2026, 11, 1), secrets.token_bytes)
    other_name = tmp_path / "held"
    other_name.hardlink_to(tmp_path / "day-2026-11-01.key")
    destroy_old_day_keys(tmp_path, TODAY)
    assert other_name.read_bytes() == bytes(32)


def test_keys_that_cannot_be_reached_are_an_outcome_with_a_sentence(tmp_path):
    (tmp_path / "keys").touch()  # a file where the folder should be
    with pytest.raises(Unavailable) as refused:
        load_secret(tmp_path / "keys", "visit-token", secrets.token_bytes)
    assert refused.value.code == "keys_unavailable"


def test_a_key_that_another_process_replaced_or_took_away_is_not_remembered(tmp_path):
    first = load_day_key(tmp_path, TODAY, secrets.token_bytes)
    path = tmp_path / "day-2026-11-24.key"
    path.unlink()
    time.sleep(LOOKED_S)
    second = load_day_key(tmp_path, TODAY, secrets.token_bytes)
    assert second != first
    other = tmp_path / "other"
    other.write_bytes(b"o" * 32)
    other.replace(path)
    time.sleep(LOOKED_S)
    assert load_day_key(tmp_path, TODAY, secrets.token_bytes) == b"o" * 32


def test_a_process_forgets_old_keys_whoever_destroyed_their_files(tmp_path):
    load_day_key(tmp_path, TODAY, secrets.token_bytes)
    load_secret(tmp_path, "visit-token", secrets.token_bytes)
    (tmp_path / "day-2026-11-24.key").unlink()  # by another server process
    assert destroy_old_day_keys(tmp_path, TODAY + timedelta(days=3)) == []
    assert [Path(name).name for name in _held if Path(name).parent == tmp_path] == ["visit-token.key"]
