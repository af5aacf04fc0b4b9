"""The library of pictures and sounds: brought in, found, changed, deleted, seen by those who have signed in alone."""

import io
import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PIL import Image
from starlette.testclient import TestClient

from tests.pipeline.shapes import smooth_picture
from tests.routes.conftest import PASSWORD
from tests.routes.forms import fields_of, fill, submit
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Scene
from xr_server.domain.media import Media
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import Change, Name, load_record, save_record

SOUNDS = Path(__file__).parents[1] / "sounds"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
STAIR = {
    "title_en": "The stair",
    "alt_en": "A wooden stair with worn steps",
    "licence": "CC BY 4.0",
    "no_persons": "yes",
}
BELL = {
    "title_ja": "鐘",
    "captions_ja": "0:00-0:01 （鐘の音）",
    "captions_en": "(A bell)",
    "licence": "CC0 1.0",
    "no_persons": "yes",
}


def photo(kind: str = "JPEG", size: int = 64, **how: Any) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(smooth_picture(size)).save(sink, kind, **how)
    return sink.getvalue()


def send(client: TestClient, path: str, files: dict[str, Any], **typed: str | list[str]) -> Any:
    """Send the page's form with files, as a browser without JavaScript does."""
    fields = fill(fields_of(client.get(path).text, path.partition("?")[0]), **typed)
    fields = {name: value for name, value in fields.items() if name != "file" and not name.startswith("vtt_")}
    return client.post(path.partition("?")[0], data=fields, files=files, follow_redirects=False)


def add(client: TestClient, kind: str, data: bytes, name: str = "file", **typed: str) -> Any:
    return send(client, f"/studio/media/add?kind={kind}", {"file": (name, data)}, **typed)


def added(answer: Any) -> str:
    """The id of what was brought in."""
    assert answer.status_code == 303, faults(answer.text)
    found = re.fullmatch(r"/studio/media/([a-z0-9-]+)\?done=added", answer.headers["location"])
    assert found is not None
    return found[1]


def faults(html: str) -> list[str]:
    """Every sentence about something amiss."""
    return re.findall(r'<p class="problem"[^>]*>([^<]+)</p>', html)


def body_of(world: Any, record_id: str) -> Media:
    body = load_record(world.catalog, Name("dejima", "media", record_id)).body
    assert isinstance(body, Media)
    return body


def test_a_picture_loses_place_and_camera_and_is_seen_by_those_who_signed_in(world, kana):
    exif = Image.Exif()
    exif[0x010F] = "Secret camera"
    exif.get_ifd(0x8825)[2] = (32.0, 44.0, 37.0)
    record_id = added(add(kana, "image", photo(exif=exif.tobytes()), "IMG 01.jpg", **STAIR))
    media = body_of(world, record_id)
    assert (media.kind, media.creator, media.no_persons) == ("image", "kana", True)
    answer = kana.get(f"/studio/media/{record_id}/file")
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "private, no-store"
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert (shown.format, shown.size, dict(shown.getexif())) == ("WEBP", (64, 64), {})
    assert b"Secret" not in answer.content
    assert kana.get(f"/studio/media/{record_id}/small").status_code == 200
    unsigned = world.visitor().get(f"/studio/media/{record_id}/file", follow_redirects=False)
    assert (unsigned.status_code, unsigned.headers["location"].startswith("/login")) == (303, True)
    assert world.visitor().get(f"/media/{media.digest}/{media.file}").status_code == 404


@pytest.mark.parametrize(("name", "suffix"), [("constant.mp3", "mp3"), ("plain.m4a", "m4a"), ("plain.wav", "wav")])
def test_a_sound_loses_its_names_and_its_length_is_told(world, kana, name, suffix):
    typed = {**BELL, "captions_ja": "（鐘の音）", "captions_en": "(A bell)"}
    record_id = added(add(kana, "sound", (SOUNDS / name).read_bytes(), name, **typed))
    media = body_of(world, record_id)
    assert media.file == f"{record_id}.{suffix}"
    assert 0.4 < media.duration_s < 1.7
    assert [(cue.start_s, cue.end_s, cue.text) for cue in media.captions] == [
        (0.0, media.duration_s, {"ja": "（鐘の音）", "en": "(A bell)"})
    ]
    answer = kana.get(f"/studio/media/{record_id}/file", headers={"Range": "bytes=0-99"})
    assert (answer.status_code, len(answer.content)) == (206, 100)
    assert b"Hanako" not in kana.get(f"/studio/media/{record_id}/file").content
    assert "kbit/s" in kana.get(f"/studio/media/{record_id}").text
    track = kana.get(f"/studio/media/{record_id}/captions/en")
    assert track.text.startswith("WEBVTT") and "(A bell)" in track.text


def test_a_form_with_gaps_says_so_beside_each_field_and_keeps_the_file(world, kana):
    answer = add(kana, "image", photo(), title_en="The stair", creator="", sources="An archive, 12")
    assert answer.status_code == 400
    said = " ".join(faults(answer.text))
    for words in ("Say what the picture shows", "Say who made it", "Choose what others may do", "Look again whether"):
        assert words in said
    fields = fields_of(answer.text, "/studio/media/add")
    assert dict(fields)["title_en"] == "The stair" and dict(fields)["sources"] == "An archive, 12"
    assert re.fullmatch(r"[0-9a-f]{64}\.webp", dict(fields)["held"])
    assert "need not be sent again" in answer.text
    values = fill([pair for pair in fields if pair[0] != "file"], **STAIR, creator="Kana")
    again = kana.post("/studio/media/add", data=values, follow_redirects=False)
    media = body_of(world, added(again))
    assert media.sources == ["An archive, 12"]
    assert kana.get(f"/studio/media/{media.id}/file").status_code == 200
    assert list((world.settings.intake_dir / world.accounts["kana"]).iterdir()) == []


def test_what_waits_for_one_account_is_nobody_else_s(world, kana):
    answer = add(kana, "image", photo(), title_en="The stair")
    held = dict(fields_of(answer.text, "/studio/media/add"))["held"]
    other = send(world.sign_in("haru"), "/studio/media/add?kind=image", {"file": ("", b"")}, **STAIR, held=held)
    assert (other.status_code, faults(other.text)[1:]) == (400, ["Choose the picture."])


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("image", SVG, "export it as PNG"),
        ("image", b"GIF89a not a picture of ours", "no sound JPEG"),
        ("image", photo()[:300], "cut off or damaged"),
        ("image", b"", "empty"),
        ("sound", b"OggS a sound of another kind", "no MP3, M4A (AAC) or WAV"),
        ("sound", (SOUNDS / "film.mp4").read_bytes(), "moving picture"),
        ("sound", (SOUNDS / "constant.mp3").read_bytes()[:4000], "cut off or damaged"),
    ],
    ids=["svg", "gif", "cut", "empty", "ogg", "film", "cut-mp3"],
)
def test_a_file_that_cannot_be_taken_is_refused_with_what_to_do(world, kana, kind, data, words):
    answer = add(kana, kind, data, **(STAIR if kind == "image" else BELL))
    assert answer.status_code == 400
    assert words in " ".join(faults(answer.text))
    page = dict(fields_of(answer.text, "/studio/media/add"))
    assert page["held"] == "" and page["no_persons"] == "yes"
    folder = world.settings.package_dir / "media"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_captions_are_named_by_language_and_line(kana):
    sound = (SOUNDS / "plain.m4a").read_bytes()
    answer = add(kana, "sound", sound, **{**BELL, "captions_ja": "0:00-0:01 鐘\n0:00.5-0:01.2 もう一つ"})
    assert "Line 2: it begins before the one above it has ended." in faults(answer.text)
    late = add(kana, "sound", sound, **{**BELL, "captions_ja": "0:00-0:09 鐘", "captions_en": ""})
    assert "Line 1: it ends after the sound, which is 1.5 seconds long." in faults(late.text)


def test_captions_come_as_webvtt_and_stay_in_the_form_when_they_are_amiss(world, kana):
    sound = (SOUNDS / "plain.m4a").read_bytes()
    vtt = "WEBVTT\n\n00:00.000 --> 00:01.000\n<v Bell>Ding\n\n00:02.000 --> 00:01.000\nDong\n"
    files = {"file": ("bell.m4a", sound), "vtt_en": ("en.vtt", vtt.encode())}
    answer = send(kana, "/studio/media/add?kind=sound", files, **{**BELL, "captions_ja": ""})
    assert "Line 6: it ends before it has begun. Exchange the two times." in faults(answer.text)
    typed = dict(fields_of(answer.text, "/studio/media/add"))["captions_en"]
    assert typed == vtt.rstrip()
    files = {"file": ("bell.m4a", sound), "vtt_en": ("en.vtt", vtt.replace("00:02.000", "00:01.000").replace(
        "--> 00:01.000\nDong", "--> 00:01.400\nDong").encode())}  # fmt: skip
    media = body_of(world, added(send(kana, "/studio/media/add?kind=sound", files, **{**BELL, "captions_ja": ""})))
    assert [(cue.end_s, cue.text["en"]) for cue in media.captions] == [(1.0, "Bell: Ding"), (1.4, "Dong")]


def test_the_list_is_narrowed_by_kind_words_and_owner(world, kana):
    add(kana, "image", photo(), **STAIR)
    add(world.sign_in("haru"), "sound", (SOUNDS / "plain.wav").read_bytes(), **{**BELL, "captions_ja": "鐘"})

    def titles(query: str) -> list[str]:
        return re.findall(r"<h2><a [^>]+>([^<]+)</a></h2>", kana.get(f"/studio/media?{query}").text)

    assert sorted(titles("")) == ["The stair", "鐘"]
    assert titles("kind=sound") == ["鐘"]
    assert titles("words=WORN%20stair") == ["The stair"]
    assert titles("words=A%20bell") == ["鐘"]
    assert titles("words=nothing") == []
    assert titles("mine=1") == ["The stair"]


def test_words_and_file_are_changed_by_the_owner_and_by_staff_alone(world, kana):
    record_id = added(add(kana, "image", photo(), **STAIR))
    path, old = f"/studio/media/{record_id}", body_of(world, record_id)
    other = world.sign_in("haru")
    assert "kana brought this in" in other.get(path).text
    refused = other.post(path, data={"csrf": other.headers["X-CSRF-Token"]}, follow_redirects=False)
    assert refused.status_code == 403
    assert send(kana, path, {"file": ("", b"")}, title_en="The old stair").status_code == 303
    assert send(world.sign_in("sato"), path, {"file": ("b.png", photo("PNG", 32))}, title_ja="階段").status_code == 303
    new = body_of(world, record_id)
    assert new.title == {"en": "The old stair", "ja": "階段"}
    assert new.digest != old.digest and new.file == old.file


def test_a_stale_edit_shows_what_stands_there_and_loses_nothing(world, kana):
    record_id = added(add(kana, "image", photo(), **STAIR))
    path = f"/studio/media/{record_id}"
    save_record(world.catalog, "dejima", replace(body_of(world, record_id), title={"en": "Theirs"}), 1, Change(1))
    answer = send(kana, path, {"file": ("", b"")}, title_en="Mine", revision="1")
    assert answer.status_code == 409
    assert "Theirs" in answer.text and dict(fields_of(answer.text, path))["title_en"] == "Mine"
    again = fill([pair for pair in fields_of(answer.text, path) if pair[0] != "file"])
    assert kana.post(path, data=again, follow_redirects=False).status_code == 303
    assert body_of(world, record_id).title["en"] == "Mine"


def use_in_scene(world: Any, scan: Any, media_id: str, at: int = 1) -> None:
    """Let the scene of a scan play or show something."""
    stored = load_record(world.catalog, Name("dejima", "scene", scan.scene_id))
    assert isinstance(stored.body, Scene)
    save_record(world.catalog, "dejima", replace(stored.body, sounds=[media_id]), stored.revision, Change(at))


def test_what_is_used_is_told_and_cannot_be_deleted(world, kana, scan):
    record_id = added(add(kana, "sound", (SOUNDS / "plain.wav").read_bytes(), **{**BELL, "captions_ja": "鐘"}))
    use_in_scene(world, scan, record_id)
    page = kana.get(f"/studio/media/{record_id}").text
    assert "heard in “The wall”" in page and "/delete" not in page
    values = {"csrf": kana.headers["X-CSRF-Token"], "revision": "1"}
    answer = kana.post(f"/studio/media/{record_id}/delete", data=values, follow_redirects=False)
    assert answer.status_code == 409
    assert "Something still shows it" in answer.text
    assert body_of(world, record_id)


def test_where_something_is_used_leads_each_reader_where_they_may_go(world, kana, scan):
    record_id = added(add(kana, "sound", (SOUNDS / "plain.wav").read_bytes(), **{**BELL, "captions_ja": "鐘"}))
    use_in_scene(world, scan, record_id)
    haru, sato = world.sign_in("haru"), world.sign_in("sato")
    words = "heard in “The wall”"
    addresses = ("/studio/media", f"/studio/media/{record_id}")
    for address in addresses:
        assert f'<a href="/studio/scenes/{scan.scene_id}">{words}</a>' in kana.get(address).text
        assert f'<a href="/desk/records/scene/{scan.scene_id}">{words}</a>' in sato.get(address).text
        page = haru.get(address).text  # a draft of somebody else's
        assert words in page and f">{words}</a>" not in page
    assert kana.get(f"/studio/scenes/{scan.scene_id}").status_code == 200
    assert sato.get(f"/desk/records/scene/{scan.scene_id}").status_code == 200
    desk = f"/desk/records/experience/{scan.scene_id}"
    assert submit(sato, sato.get(desk).text, desk, step="publish").status_code == 303
    world.app.state.parts.published.refresh()
    seen = f"/en/dejima/experiences/{scan.scene_id}"
    for address in addresses:
        assert f'<a href="{seen}">{words}</a>' in haru.get(address).text
    assert haru.get(seen).status_code == 200


def test_what_nothing_uses_is_deleted_with_its_file(world, kana):
    record_id = added(add(kana, "image", photo(), **STAIR))
    folder = world.settings.package_dir / "media" / str(body_of(world, record_id).digest)
    assert folder.is_dir()
    values = fill(fields_of(kana.get(f"/studio/media/{record_id}").text, f"/studio/media/{record_id}/delete"))
    answer = kana.post(f"/studio/media/{record_id}/delete", data=values, follow_redirects=False)
    assert answer.headers["location"] == "/studio/media?done=deleted"
    assert kana.get(f"/studio/media/{record_id}").status_code == 404
    assert not folder.exists()


def test_a_file_of_somebody_who_has_not_signed_in_is_not_read(world):
    visitor = world.visitor()
    answer = visitor.post("/studio/media/add", files={"file": ("a.jpg", bytes(200_000))}, follow_redirects=False)
    assert answer.status_code == 401
    assert "the file was not read" in answer.text
    assert not world.settings.intake_dir.exists()


# --- with a scene: previewed, reviewed, published


@pytest.fixture
def scene_with_bell(world, kana, scan):
    """A draft scene of hers that plays a draft sound of hers; gives the sound's id."""
    typed = {**BELL, "captions_ja": "鐘", "captions_en": "A bell"}
    record_id = added(add(kana, "sound", (SOUNDS / "plain.wav").read_bytes(), **typed))
    use_in_scene(world, scan, record_id)
    return record_id


def publish_as_staff(staff: TestClient, scan: Any, **typed: str) -> Any:
    path = f"/desk/records/experience/{scan.scene_id}"
    return staff.post(
        path, data=fill(fields_of(staff.get(path).text, path), step="publish", **typed), follow_redirects=False
    )


def heard(world: Any, scan: Any) -> list[Any]:
    """The sounds that visitors' phones are told of."""
    world.app.state.parts.published.refresh()
    answer = world.visitor().get(f"/api/v1/sites/dejima/scenes/{scan.scene_id}?lang=en")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["sounds"])


def test_a_preview_plays_draft_sounds_below_its_own_address(world, kana, scan, scene_with_bell):
    page = kana.post(
        f"/studio/scans/{scan.id}/preview", data={"csrf": kana.headers["X-CSRF-Token"]}, follow_redirects=True
    )
    found = re.search(r"/preview/[\w-]+", page.text)
    assert found is not None
    phone = world.visitor()
    (sound,) = phone.get(f"{found[0]}/api/v1/sites/dejima/scenes/{scan.scene_id}?lang=en").json()["sounds"]
    answer = phone.get(sound["url"])
    assert sound["url"].startswith(f"{found[0]}/media/") and answer.headers["cache-control"] == "private, no-store"
    assert answer.content == kana.get(f"/studio/media/{scene_with_bell}/file").content
    assert "A bell" in phone.get(sound["captions"]).text
    assert phone.get(sound["url"].removeprefix(found[0])).status_code == 404


def test_staff_see_and_publish_the_sound_together_with_the_scene(world, kana, scan, scene_with_bell):
    staff = world.sign_in("sato")
    page = staff.get(f"/desk/records/experience/{scan.scene_id}").text
    assert f'src="/studio/media/{scene_with_bell}/file"' in page and "Goes out together with the scene" in page
    done = publish_as_staff(staff, scan)
    assert done.status_code == 303
    (sound,) = heard(world, scan)
    assert world.visitor().get(sound["url"]).status_code == 200
    back = staff.post(
        "/desk/undo",
        data={"csrf": staff.headers["X-CSRF-Token"], "before": done.headers["location"].partition("undo=")[2]},
        follow_redirects=False,
    )
    assert back.status_code == 303
    world.app.state.parts.published.refresh()
    assert world.visitor().get(sound["url"]).status_code == 410


def test_a_sound_changed_since_the_page_was_opened_is_not_published_unseen(world, kana, scan, scene_with_bell):
    staff = world.sign_in("sato")
    path = f"/desk/records/experience/{scan.scene_id}"
    opened = fields_of(staff.get(path).text, path)
    assert send(kana, f"/studio/media/{scene_with_bell}", {"file": ("", b"")}, title_ja="別の鐘").status_code == 303
    answer = staff.post(path, data=fill(opened, step="publish"), follow_redirects=False)
    assert answer.status_code == 409
    assert load_record(world.catalog, Name("dejima", "experience", scan.scene_id)).state == "draft"


def test_a_change_of_what_visitors_see_waits_for_staff_and_an_old_version_is_seen_meanwhile(
    world, kana, scan, scene_with_bell
):
    staff = world.sign_in("sato")
    publish_as_staff(staff, scan)
    (before,) = heard(world, scan)
    louder = (SOUNDS / "constant.mp3").read_bytes()
    typed = {"captions_ja": "大きな鐘", "captions_en": ""}
    assert send(kana, f"/studio/media/{scene_with_bell}", {"file": ("b.mp3", louder)}, **typed).status_code == 303
    assert heard(world, scan) == [before]
    assert "Staff look at this one" in kana.get(f"/studio/media/{scene_with_bell}").text
    desk = staff.get("/desk/").text
    assert f"/desk/records/media/{scene_with_bell}" in desk
    path = f"/desk/records/media/{scene_with_bell}"
    fields = fields_of(staff.get(path).text, path)
    assert staff.post(path, data=fill(fields, step="publish"), follow_redirects=False).status_code == 303
    (after,) = heard(world, scan)
    assert after["url"].endswith(".mp3") and after["url"] != before["url"]


def test_what_was_taken_back_for_its_rights_does_not_come_back_with_the_scene(world, kana, scan, scene_with_bell):
    staff = world.sign_in("sato")
    publish_as_staff(staff, scan)
    path = f"/desk/records/media/{scene_with_bell}"
    assert staff.post(path, data=fill(fields_of(staff.get(path).text, path), step="withdraw"), follow_redirects=False)
    assert heard(world, scan) == []
    use_in_scene(world, scan, scene_with_bell, at=2)
    scene = f"/desk/records/scene/{scan.scene_id}"
    fields = fields_of(staff.get(scene).text, scene)
    assert staff.post(scene, data=fill(fields, step="publish"), follow_redirects=False).status_code == 303
    assert heard(world, scan) == []


def test_an_approver_sees_and_hears_what_is_handed_in(world, kana, scan, scene_with_bell):
    add_account(world.catalog, NewAccount("dejima", "abe", "approver", PASSWORD), world.clock(), secrets.token_bytes)
    approver = world.sign_in("abe")
    assert approver.get(f"/studio/media/{scene_with_bell}/file").status_code == 200
    assert approver.get(f"/desk/records/experience/{scan.scene_id}").status_code == 200
    assert approver.get("/studio/media").status_code == 403
