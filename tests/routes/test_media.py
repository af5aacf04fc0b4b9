"""Addresses of pictures, sounds and captions: kept for a year, in ranges, only while they are published."""

import pytest
from msgspec.structs import replace

from tests.samples import make_scene, wave_bytes
from xr_server.domain.media import Cue, Media
from xr_server.storage.media import keep_media, read_media

WAVES = wave_bytes()
SOUND = Media(
    id="waves",
    file="waves.wav",
    title={"en": "Waves"},
    captions=[Cue(id="all", start_s=0, end_s=61.25, text={"en": "Waves & <wind> --> on", "ja": "波"})],
    creator="Kana",
    licence="CC0-1.0",
    provenance="fiction",
)


@pytest.fixture
def waves(served, tmp_path):
    """The published scene with a sound; gives the sound as its scene tells it."""
    (tmp_path / "in" / "media").mkdir(parents=True)
    (tmp_path / "in" / "media" / "waves.wav").write_bytes(WAVES)
    record = read_media(tmp_path / "in" / "media", SOUND)
    keep_media(served.settings.package_dir, tmp_path / "in", [record])
    served.publish(record)
    served.publish(replace(make_scene(served.digest), sounds=["waves"]), 1)
    (sound,) = served.client.get("/api/v1/sites/dejima/scenes/gate-1820?lang=en").json()["sounds"]
    return sound


def test_a_sound_may_be_kept_for_a_year_and_asked_for_in_parts(served, waves):
    whole = served.client.get(waves["url"])
    assert (whole.status_code, whole.content) == (200, WAVES)
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert whole.headers["x-content-type-options"] == "nosniff"
    part = served.client.get(waves["url"], headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"RIFF")
    assert served.client.get(waves["url"], headers={"If-None-Match": whole.headers["etag"]}).status_code == 304


def test_captions_are_text_that_no_player_can_take_for_markup(served, waves):
    answer = served.client.get(waves["captions"])
    assert answer.headers["content-type"] == "text/vtt; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.text == "WEBVTT\n\nall\n00:00:00.000 --> 00:01:01.250\nWaves &amp; &lt;wind&gt; --&gt; on\n"
    again = served.client.get(waves["captions"], headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["other.wav", "waves.wav.br", "waves.wav%00", "waves.vtt"])
def test_only_the_name_of_the_record_is_served(served, waves, name):
    digest = waves["url"].split("/")[2]
    answer = served.client.get(f"/media/{digest}/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "media_unknown")


def test_a_package_is_no_picture_and_an_unknown_digest_nothing(served, waves):
    for digest in (served.digest, "0" * 64, "media"):
        assert served.client.get(f"/media/{digest}/lod0.glb").status_code == 404
    assert served.client.get(f"/packages/{waves['url'].split('/')[2]}/waves.wav").status_code == 404


def test_what_was_taken_back_is_gone_with_a_sentence(served, waves):
    served.publish(make_scene(served.digest), 2)
    for path in (waves["url"], waves["captions"]):
        answer = served.client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (410, "media_withdrawn")


def test_a_file_the_store_has_lost_is_said_to_be_lost(served, waves):
    (served.settings.package_dir / "media" / waves["url"].split("/")[2] / "waves.wav").unlink()
    answer = served.client.get(waves["url"])
    assert (answer.status_code, answer.json()["code"]) == (404, "file_unknown")
    assert "import the content again" in answer.json()["detail"]


def test_the_site_document_lists_everything_that_may_be_fetched(served, waves):
    document = served.client.get("/api/v1/sites/dejima?lang=ja").json()
    assert document["packages"] == [served.digest]
    sounds = served.client.get("/api/v1/sites/dejima/scenes/gate-1820?lang=ja").json()["sounds"]
    named = {waves["url"], waves["captions"], sounds[0]["captions"]}
    assert set(document["media"]) == {path.split("/")[2] for path in named}
