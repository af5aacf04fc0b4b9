"""Pictures and sounds as files: read with a folder, kept by digest, written back, served only while they are named."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.samples import EXPERIENCE, GATE, SITE, Clock, add_package, make_scene, publish, wave_bytes
from xr_server.domain.media import Cue, Media
from xr_server.errors import Conflict, Invalid
from xr_server.storage.catalog import Change, Name, load_published, load_record, withdraw_record
from xr_server.storage.content import read_content
from xr_server.storage.media import copy_media, find_media_file, keep_media, read_media
from xr_server.storage.publish import read_snapshot
from xr_server.storage.published import PublishedSites

DEJIMA = Path(__file__).resolve().parents[2] / "content" / "dejima"
BELL = wave_bytes()
RING = Cue(id="ring", start_s=0, end_s=2.5, text={"ja": "（鐘）", "en": "(A bell)"})
BELL_RECORD = Media(
    id="bell", file="bell.wav", title={"en": "Bell"}, captions=[RING], creator="Kana", licence="CC0-1.0", provenance="fiction"
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """A copy of the content of Dejima that a test may spoil."""
    target = tmp_path / "dejima"
    shutil.copytree(DEJIMA, target)
    return target


@pytest.fixture
def sound(tmp_path):
    """The bell in a folder and in a store: the record as an import makes it."""
    (tmp_path / "in" / "media").mkdir(parents=True)
    (tmp_path / "in" / "media" / "bell.wav").write_bytes(BELL)
    record = read_media(tmp_path / "in" / "media", BELL_RECORD)
    keep_media(tmp_path / "packages", tmp_path / "in", [record])
    return record


def test_a_file_is_known_by_its_digest_and_its_size(sound, tmp_path):
    assert (sound.digest, sound.size_bytes) == (hashlib.sha256(BELL).hexdigest(), len(BELL))
    path = find_media_file(tmp_path / "packages", sound.digest, "bell.wav")
    assert path is not None and path.read_bytes() == BELL


def test_keeping_and_writing_back_are_idempotent(sound, tmp_path):
    kept = tmp_path / "packages" / "media" / sound.digest / "bell.wav"
    before = kept.stat().st_mtime_ns
    keep_media(tmp_path / "packages", tmp_path / "in", [sound])
    assert kept.stat().st_mtime_ns == before
    assert copy_media(tmp_path / "packages", tmp_path / "out", [sound, GATE]) == []
    assert (tmp_path / "out" / "media" / "bell.wav").read_bytes() == BELL


def test_an_export_names_what_the_store_has_lost(sound, tmp_path):
    shutil.rmtree(tmp_path / "packages")
    assert copy_media(tmp_path / "packages", tmp_path / "out", [sound]) == ["bell.wav"]


def test_a_file_that_changes_between_reading_and_keeping_is_not_kept_under_the_wrong_digest(sound, tmp_path):
    shutil.rmtree(tmp_path / "packages")
    (tmp_path / "in" / "media" / "bell.wav").write_bytes(BELL + b"!")
    with pytest.raises(Conflict, match="changed while it was imported"):
        keep_media(tmp_path / "packages", tmp_path / "in", [sound])
    assert find_media_file(tmp_path / "packages", sound.digest, "bell.wav") is None


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("bell.wav", b"<html>not a bell</html>", "is not audio/wav"),
        ("bell.wav", b"", "is not audio/wav"),
        ("bell.webp", BELL, "is not image/webp"),
        ("bell.mp3", b"\xff\x00\x00\x00", "is not audio/mpeg"),
        ("bell.wav", BELL + bytes(1_500_000), "1504 kB, and 1500 kB are the most"),
        ("bell.jpg", b"\xff\xd8\xff" + bytes(450_000), "450 kB, and 400 kB are the most"),
    ],
)
def test_what_is_not_what_its_name_says_or_too_large_is_refused(tmp_path, name, data, text):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Invalid, match=text):
        read_media(tmp_path, replace(BELL_RECORD, file=name))


def test_a_folder_with_such_a_file_is_not_imported_and_the_file_is_named(folder):
    (folder / "media" / "sea-wall-waves.wav").write_bytes(b"MZ\x90 a program")
    (folder / "media" / "house-stair.webp").unlink()
    with pytest.raises(Invalid) as refusal:
        read_content(folder)
    assert "media/sea-wall-waves.json: file: sea-wall-waves.wav is not audio/wav" in str(refusal.value)
    assert "media/house-stair.json: file: there is no media/house-stair.webp" in str(refusal.value)


def test_a_record_does_not_say_itself_what_its_file_tells(folder):
    path = folder / "media" / "house-stair.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "digest": "0" * 64}), encoding="utf-8")
    with pytest.raises(Invalid, match="digest: is found out from the file"):
        read_content(folder)


# --- served


@pytest.fixture
def serve(catalog, tmp_path, sound):
    """A published scene with the bell; starts looking at it, and stops at the end."""
    digest = add_package(catalog, tmp_path / "packages")
    scene = replace(make_scene(digest), sounds=["bell"])
    for body in (SITE, GATE, sound, scene, EXPERIENCE):
        publish(catalog, body)
    published = PublishedSites(catalog, tmp_path / "packages", Clock())
    published.start()
    yield published
    published.stop()


def test_the_bell_is_in_the_scene_with_captions_in_the_document_s_language(serve, sound):
    for language, words in (("ja", "（鐘）"), ("en", "(A bell)")):
        (heard,) = serve.scene("dejima", "gate-1820", language).document["sounds"]
        assert (heard["kind"], heard["bytes"], heard["url"]) == ("sound", len(BELL), f"/media/{sound.digest}/bell.wav")
        digest = heard["captions"].split("/")[2]
        assert serve.find_captions(digest) == f"WEBVTT\n\nring\n00:00:00.000 --> 00:00:02.500\n{words}\n"
        assert digest in serve.site("dejima", language).document["media"]
    assert serve.find_media(sound.digest) == "bell.wav"


def test_the_snapshot_s_file_holds_them_for_days_without_a_database(serve, sound, tmp_path):
    kept = read_snapshot(tmp_path / "packages").sites["dejima"]
    assert dict(kept.media) == {sound.digest: "bell.wav"}
    assert len(kept.captions) == 2


def test_what_no_scene_names_any_more_is_withdrawn_and_comes_back(catalog, serve, sound):
    stored = load_record(catalog, Name("dejima", "scene", "gate-1820"))
    captions = set(serve.snapshot.sites["dejima"].captions)
    publish(catalog, replace(stored.body, sounds=[]), stored.revision)
    serve.refresh()
    assert serve.find_media(sound.digest) is None
    assert all(serve.was_withdrawn(digest) for digest in {sound.digest, *captions})
    assert serve.site("dejima", "en").document["media"] == []
    publish(catalog, stored.body, stored.revision + 1)
    serve.refresh()
    assert serve.find_media(sound.digest) == "bell.wav"
    assert not serve.was_withdrawn(sound.digest)


def test_a_withdrawn_record_leaves_its_scene_silent(catalog, serve, sound):
    withdraw_record(catalog, Name("dejima", "media", "bell"), 1, Change(2))
    serve.refresh()
    assert serve.scene("dejima", "gate-1820", "en").document["sounds"] == []
    assert serve.was_withdrawn(sound.digest)
    assert all(not isinstance(record, Media) for record in load_published(catalog, "dejima"))
