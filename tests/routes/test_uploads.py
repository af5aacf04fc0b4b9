import base64
import hashlib
from pathlib import Path

import pytest

from xr_server.domain.account import SESSION_LIFE_MS
from xr_server.domain.quota import USUAL
from xr_server.domain.scan import MAX_SCAN_BYTES, UPLOAD_LIFE_MS

DATA = bytes(range(256)) * 4
FIELDS = {
    "filename": "gate.ply",
    "title": "水門の石垣",
    "creator": "kana",
    "licence": "CC BY 4.0",
    "lat": "32.7437",
    "lon": "129.8723",
    "height": "34.5",
}


def encode(pairs):
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())


@pytest.fixture
def kana(world, tus):
    client = world.sign_in("kana")
    client.headers.update({**tus(), "Accept": "application/json"})
    return client


def create(client, length=1024, **changes):
    headers = {"Upload-Length": str(length), "Upload-Metadata": encode({**FIELDS, **changes})}
    return client.post("/api/v1/uploads", headers=headers)


def patch(client, location, offset, data, **more):
    headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return client.patch(location, content=data, headers=headers)


def stored_bytes(world, location):
    (path,) = Path(world.settings.upload_dir, location.rpartition("/")[2]).iterdir()
    return path.read_bytes()


def test_options_tell_what_is_understood_without_an_account(world):
    headers = world.visitor().options("/api/v1/uploads").headers
    assert headers["tus-version"] == "1.0.0"
    assert headers["tus-extension"] == "creation,checksum,termination,expiration"
    assert headers["tus-checksum-algorithm"] == "sha1,sha256"
    assert headers["tus-max-size"] == str(MAX_SCAN_BYTES)


def test_a_scan_arrives_in_chunks_and_then_waits_for_a_worker(world, kana):
    created = create(kana)
    location = created.headers["location"]
    assert created.status_code == 201 and "upload-expires" in created.headers
    first = patch(kana, location, 0, DATA[:1000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "1000")
    asked = kana.head(location)
    assert (asked.headers["upload-offset"], asked.headers["upload-length"]) == ("1000", "1024")
    assert asked.headers["cache-control"] == "no-store"
    assert patch(kana, location, 1000, DATA[1000:]).headers["upload-offset"] == "1024"
    assert stored_bytes(world, location) == DATA
    document = kana.get(f"/api/v1/scans/{location.rpartition('/')[2]}").json()
    assert (document["state"], document["details"]["title"], document["report"]) == ("waiting", "水門の石垣", None)


def test_a_wrong_offset_is_a_conflict_that_names_the_right_one(kana):
    location = create(kana).headers["location"]
    patch(kana, location, 0, DATA[:100])
    answer = patch(kana, location, 0, DATA[:100])
    assert answer.status_code == 409 and "100 bytes" in answer.json()["detail"]
    assert answer.headers["tus-resumable"] == "1.0.0"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_chunk_that_does_not_match_its_checksum_is_not_kept(world, kana, algorithm):
    location = create(kana).headers["location"]
    digest = base64.b64encode(hashlib.new(algorithm, DATA).digest()).decode()
    bad = patch(kana, location, 0, b"x" + DATA[1:], Upload_Checksum=f"{algorithm} {digest}")
    assert bad.status_code == 460
    assert kana.head(location).headers["upload-offset"] == "0"
    good = patch(kana, location, 0, DATA, Upload_Checksum=f"{algorithm} {digest}")
    assert good.headers["upload-offset"] == "1024"
    assert stored_bytes(world, location) == DATA


@pytest.mark.parametrize("checksum", ["md5 eA==", "sha1", "sha1 ???"])
def test_checksums_we_cannot_hold_to_are_refused(kana, checksum):
    location = create(kana).headers["location"]
    assert patch(kana, location, 0, DATA, Upload_Checksum=checksum).status_code == 400


def test_more_bytes_than_announced_are_refused_and_what_came_before_stays(world, kana):
    location = create(kana).headers["location"]
    patch(kana, location, 0, DATA[:1000])
    assert patch(kana, location, 1000, b"x" * 25).status_code == 413
    assert patch(kana, location, 1000, iter([b"x" * 20, b"y" * 20])).status_code == 413  # without a Content-Length
    assert kana.head(location).headers["upload-offset"] == "1000"


def test_ending_an_upload_deletes_its_bytes(world, kana):
    location = create(kana).headers["location"]
    patch(kana, location, 0, DATA[:10])
    assert kana.delete(location).status_code == 204
    assert kana.head(location).status_code == 410
    assert patch(kana, location, 10, DATA[10:]).status_code == 410
    assert list(world.settings.upload_dir.iterdir()) == []


def test_an_upload_expires_after_a_week_without_news(world, kana):
    location = create(kana).headers["location"]
    world.clock.at += UPLOAD_LIFE_MS + 1
    kana = world.sign_in("kana")
    kana.headers["Tus-Resumable"] = "1.0.0"
    assert kana.head(location).status_code == 410


def test_a_proxy_that_knows_only_post_can_name_the_method(kana):
    location = create(kana).headers["location"]
    headers = {
        "X-HTTP-Method-Override": "PATCH",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    }
    assert kana.post(location, content=DATA, headers=headers).headers["upload-offset"] == "1024"


def test_without_session_token_or_version_nothing_is_taken(world, kana):
    location = create(kana).headers["location"]
    assert create(world.visitor()).status_code == 412
    stranger = world.visitor()
    stranger.headers["Tus-Resumable"] = "1.0.0"
    assert create(stranger).status_code == 401
    del kana.headers["X-CSRF-Token"]
    for answer in (create(kana), patch(kana, location, 0, DATA), kana.delete(location)):
        assert answer.status_code == 403 and answer.json()["code"] == "csrf_missing"
    assert kana.head(location).headers["upload-offset"] == "0"


def test_another_creators_upload_is_not_there(world, kana, tus):
    location = create(kana).headers["location"]
    haru = world.sign_in("haru")
    haru.headers.update(tus())
    for answer in (haru.head(location), patch(haru, location, 0, DATA), haru.delete(location)):
        assert answer.status_code == 404
    haru.headers["Accept"] = "application/json"
    assert haru.get(f"/api/v1/scans/{location.rpartition('/')[2]}").status_code == 404
    assert haru.get(f"/api/v1/scans/{location.rpartition('/')[2]}/progress").status_code == 404
    assert kana.head(location).status_code == 200


@pytest.mark.parametrize(
    ("length", "status", "words"),
    [(MAX_SCAN_BYTES + 1, 413, "at most 4 GB"), (0, 400, "empty"), ("many", 400, "whole number"), (-1, 400, "whole")],
)
def test_lengths_that_cannot_be_taken_are_refused_before_a_byte_is_sent(kana, length, status, words):
    answer = create(kana, length)
    assert answer.status_code == status and words in answer.json()["detail"]


def test_the_quota_is_met_with_a_clear_sentence(kana, monkeypatch):
    monkeypatch.setattr("xr_server.storage.uploads.ROOM_LEFT_BYTES", -(10**15))
    for _ in range(USUAL.account.scan_bytes // MAX_SCAN_BYTES):
        assert create(kana, MAX_SCAN_BYTES).status_code == 201
    answer = create(kana, 1)
    assert answer.status_code == 413 and "20 GB of 20 GB" in answer.json()["detail"]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../../../../etc/cron.d/x",
            "..\\..\\x.ply",
            "/absolute.ply",
            "a\0b.ply",
            "x" * 300 + ".ply",
            "\u202eylp.ply",
        ),
        *(
            "..",
            ".",
            ".ply",
            "CON.ply",
            "nul",
            "a.ply:stream",
            "%2e%2e%2fx.ply",
            "x.ply\n",
            "a/b.PLY ",
            "🏯.ply",
            "~/x.ply",
        ),
    ],
)
def test_names_never_become_paths(world, kana, name):
    location = create(kana, filename=name).headers["location"]
    patch(kana, location, 0, DATA)
    (folder,) = world.settings.upload_dir.iterdir()
    (file,) = folder.iterdir()
    assert folder.name == location.rpartition("/")[2]
    assert file.name in {"scan.ply", "scan.bin"} and file.read_bytes() == DATA


def test_a_name_that_is_no_text_is_refused_and_nothing_is_made(world, kana):
    for name in (b"\xed\xa0\x80.ply", b"\xff\xfe"):  # half a character, and no UTF-8 at all
        pairs = encode({key: value for key, value in FIELDS.items() if key != "filename"})
        metadata = f"filename {base64.b64encode(name).decode()},{pairs}"
        answer = kana.post("/api/v1/uploads", headers={"Upload-Length": "9", "Upload-Metadata": metadata})
        assert answer.status_code == 400 and answer.json()["code"] == "metadata_broken"
    assert not world.settings.upload_dir.exists() or list(world.settings.upload_dir.iterdir()) == []


def test_one_file_sent_twice_at_once_becomes_two_scans(world, kana):
    first, second = (create(kana).headers["location"] for _ in range(2))
    for offset in (0, 512):
        for location in (first, second):
            assert patch(kana, location, offset, DATA[offset : offset + 512]).status_code == 204
    assert first != second and stored_bytes(world, first) == stored_bytes(world, second) == DATA


def test_a_session_that_ends_in_the_middle_loses_nothing(world, kana, tus):
    location = create(kana).headers["location"]
    patch(kana, location, 0, DATA[:700])
    world.clock.at += SESSION_LIFE_MS + 1
    late = patch(kana, location, 700, DATA[700:])
    assert late.status_code == 401 and late.json()["code"] == "sign_in_first"
    kana = world.sign_in("kana")
    kana.headers.update({**tus(), "Accept": "application/json"})
    assert kana.head(location).headers["upload-offset"] == "700"
    assert patch(kana, location, 700, DATA[700:]).headers["upload-offset"] == "1024"
    assert stored_bytes(world, location) == DATA


@pytest.mark.parametrize(("field", "value"), [("lat", "190"), ("title", ""), ("provenance", "hearsay")])
def test_details_that_are_amiss_are_named(kana, field, value):
    answer = create(kana, **{field: value})
    assert answer.status_code == 400 and field in answer.json()["detail"]


def test_a_chunk_larger_than_any_form_is_taken(world, kana):
    data = bytes(20 * 1024 * 1024)
    location = create(kana, len(data)).headers["location"]
    assert patch(kana, location, 0, data).headers["upload-offset"] == str(len(data))
    assert stored_bytes(world, location) == data


def test_a_session_that_ends_in_the_middle_is_told_and_the_same_upload_goes_on_after_a_day(world, kana, tus):
    location = create(kana).headers["location"]
    patch(kana, location, 0, DATA[:600])
    world.clock.at += 24 * 3_600_000
    refused = patch(kana, location, 600, DATA[600:])
    assert refused.status_code == 401 and refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "sign_in_first" and refused.headers["tus-resumable"] == "1.0.0"
    again = world.sign_in("kana")
    again.headers.update({**tus(), "Accept": "application/json"})
    asked = again.head(location)
    assert (asked.status_code, asked.headers["upload-offset"]) == (200, "600")
    assert patch(again, location, 600, DATA[600:]).headers["upload-offset"] == "1024"
    assert stored_bytes(world, location) == DATA


def test_one_file_sent_twice_is_two_scans_that_know_nothing_of_each_other(world, kana):
    first, second = create(kana).headers["location"], create(kana).headers["location"]
    assert first != second
    patch(kana, first, 0, DATA[:300])
    assert kana.head(second).headers["upload-offset"] == "0"
    patch(kana, second, 0, DATA)
    assert kana.delete(first).status_code == 204
    assert stored_bytes(world, second) == DATA and patch(kana, first, 300, DATA[300:]).status_code == 410


def test_an_upload_that_announced_more_than_it_has_waits_and_one_that_is_whole_takes_no_more(world, kana):
    location = create(kana, 2000).headers["location"]
    assert patch(kana, location, 0, DATA).headers["upload-offset"] == "1024"
    scan = location.rpartition("/")[2]
    assert kana.get(f"/api/v1/scans/{scan}").json()["state"] == "receiving"  # no worker takes half a file
    whole = create(kana).headers["location"]
    patch(kana, whole, 0, DATA)
    assert patch(kana, whole, 1024, b"x").status_code == 413
    assert stored_bytes(world, whole) == DATA


def test_signing_out_everywhere_else_leaves_tokens_and_says_so(world, kana):
    page = world.sign_in("kana").get("/account").text
    assert "Tokens for programs are not sessions" in page
