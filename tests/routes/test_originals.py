"""A creator's own file taken back or deleted, and a scan deleted, each after one more page."""

import secrets

import pytest

from tests.routes.conftest import DETAILS
from tests.routes.forms import attach, submit
from xr_server.domain.scan import Reason, Upload
from xr_server.storage.builds import Outcome, claim_scan, save_outcome
from xr_server.storage.scans import Owner, create_scan, save_received
from xr_server.storage.uploads import create_file, scan_path

CONTENT = b"glTF of a wall"


@pytest.fixture
def built(world):
    """A built scan whose file lies where it was received."""
    scan = world.built_scan("kana")
    path = scan_path(world.settings.upload_dir, scan.id, scan.file_name)
    create_file(path)
    path.write_bytes(CONTENT)
    return scan


def refuse(world):
    """A scan of kana's that was refused."""
    owner = Owner("dejima", world.accounts["kana"])
    scan_id = create_scan(world.catalog, owner, Upload("wall.ply", DETAILS, 3), world.clock(), secrets.token_bytes)
    save_received(world.catalog, scan_id, 0, 3, world.clock())
    lease, stored = claim_scan(world.catalog, "worker", world.clock())
    save_outcome(world.catalog, lease, Outcome("rejected", "read", Reason("ply_data", "Broken.")), world.clock())
    return stored


def test_a_creator_takes_the_file_back_under_its_name_in_parts_too(built, kana):
    path = f"/studio/scans/{built.id}/original"
    page = kana.get(f"/studio/scans/{built.id}").text
    assert f'href="{path}"' in page and "until you delete it here" in page
    answer = kana.get(path)
    assert answer.content == CONTENT and answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"] == "attachment; filename=\"wall.ply\"; filename*=UTF-8''wall.ply"
    assert answer.headers["content-type"] == "application/octet-stream"
    part = kana.get(path, headers={"Range": "bytes=5-6"})
    assert (part.status_code, part.content) == (206, CONTENT[5:7])


def test_nobody_else_takes_it_or_deletes_it(built, world):
    for name in ("haru", "sato", "mori"):
        client = world.sign_in(name)
        for path in ("original", "original/delete", "delete"):
            assert client.get(f"/studio/scans/{built.id}/{path}").status_code in (403, 404), (name, path)
        data = {"csrf": client.headers["X-CSRF-Token"]}
        for path in ("original/delete", "delete"):
            assert client.post(f"/studio/scans/{built.id}/{path}", data=data).status_code in (403, 404)
        assert "Your file" not in client.get(f"/studio/scans/{built.id}").text


def test_the_file_is_deleted_after_one_more_page_and_the_rest_stays(built, kana):
    path = f"/studio/scans/{built.id}/original/delete"
    asked = kana.get(path)
    assert "cannot be undone" in asked.text and "wall.ply" in asked.text
    answer = submit(kana, asked.text, path)
    assert answer.headers["location"] == f"/studio/scans/{built.id}?done=original_deleted"
    page = kana.get(answer.headers["location"]).text
    assert "The file you sent was deleted on" in page and "What came out" in page
    assert kana.get(f"/studio/scans/{built.id}/original").status_code == 404
    again = submit(kana, asked.text, path)
    assert again.status_code == 409 and "deleted already" in again.text


def test_a_scan_is_deleted_whole(built, kana):
    attach(kana, built.id)
    path = f"/studio/scans/{built.id}/delete"
    assert f'href="{path}"' in kana.get(f"/studio/scans/{built.id}").text
    answer = submit(kana, kana.get(path).text, path)
    assert answer.headers["location"] == "/studio/?done=deleted"
    assert "with all that was made of it" in kana.get("/studio/?done=deleted").text
    assert kana.get(f"/studio/scans/{built.id}").status_code == 404


def test_what_staff_are_looking_at_cannot_be_deleted(built, kana):
    attach(kana, built.id)
    submit(kana, kana.get(f"/studio/scans/{built.id}").text, f"/studio/scans/{built.id}/review")
    path = f"/studio/scans/{built.id}/delete"
    answer = submit(kana, kana.get(path).text, path)
    assert answer.status_code == 409 and "staff are looking at it" in answer.text
    assert kana.get(f"/studio/scans/{built.id}").status_code == 200


def test_a_scan_that_was_refused_says_that_its_file_is_gone(world, kana):
    scan = refuse(world)
    assert f"/studio/scans/{scan.id}/again" in kana.get(f"/studio/scans/{scan.id}").text
    path = f"/studio/scans/{scan.id}/original/delete"
    submit(kana, kana.get(path).text, path)
    page = kana.get(f"/studio/scans/{scan.id}").text
    assert f"/studio/scans/{scan.id}/again" not in page and "Send it once more" in page
    data = {"csrf": kana.headers["X-CSRF-Token"]}
    answer = kana.post(f"/studio/scans/{scan.id}/again", data=data)
    assert answer.status_code == 409 and "was deleted" in answer.text
