import threading

import pytest

from xr_server.storage.files import write_file


def test_a_file_is_written_with_its_folders_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "a" / "b" / "snapshot.json"
    write_file(path, b"one")
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["snapshot.json"]


def test_a_secret_can_be_kept_from_others(tmp_path):
    write_file(tmp_path / "secret", b"x", mode=0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


def test_when_the_rename_fails_the_old_file_stays_and_no_draft_remains(tmp_path):
    taken = tmp_path / "name"
    taken.mkdir()
    (taken / "inside").touch()
    with pytest.raises(OSError):
        write_file(taken, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["name"]


def test_readers_only_ever_see_a_whole_file_while_several_write(tmp_path):
    path = tmp_path / "file"
    texts = [bytes([letter]) * 200_000 for letter in b"abcd"]
    write_file(path, texts[0])
    writers = [threading.Thread(target=lambda text=text: [write_file(path, text) for _ in range(8)]) for text in texts]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(path.read_bytes())
    assert seen <= set(texts)
