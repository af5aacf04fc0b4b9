"""Reading a scan's file otherwise, by its creator and without script: the sizes to choose from, asked once, called off."""

import pytest
from sqlalchemy import update

from tests.routes.forms import fields_of, submit
from xr_server.storage.scans import load_scan
from xr_server.storage.tables.scans import scan as scan_table


@pytest.fixture
def path(scan):
    return f"/studio/scans/{scan.id}"


def state_of(world, scan):
    return load_scan(world.catalog, "dejima", scan.id)


def test_a_creator_finds_it_from_the_scan_the_place_and_the_compared_length(kana, path):
    link = f'href="{path}/rebuild'
    assert f'{link}"' in kana.get(path).text and "in metres, Y up" in kana.get(path).text
    length = "a_x=0&a_y=0&a_z=0&b_x=100&b_y=0&b_z=0&real_m=1"
    compared = kana.get(f"{path}/scale?{length}").text
    assert f'{link}?unit=cm"' in compared and "Read it in centimetres and build it again" in compared
    asked = kana.get(f"{path}/rebuild?unit=cm").text
    assert dict(fields_of(asked, f"{path}/rebuild"))["unit"] == "cm"


def test_each_unit_tells_the_size_that_comes_of_it_and_one_is_built(world, kana, scan, path):
    page = kana.get(f"{path}/rebuild").text
    assert dict(fields_of(page, f"{path}/rebuild"))["unit"] == "m" and "metres · as it is now" in page
    assert "4.0 m wide" in page and "4.0 cm wide" in page and "1.2 m wide" in page
    answer = submit(kana, page, f"{path}/rebuild", unit="cm")
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    stored = state_of(world, scan)
    assert (stored.state, stored.rebuild.unit, stored.package_digest) == ("waiting", "cm", scan.package_digest)
    shown = kana.get(path).text
    assert "being built again" in shown and "Stop, and keep it as it is" in shown
    again = submit(kana, page, f"{path}/rebuild", unit="mm")
    assert again.status_code == 409 and state_of(world, scan).rebuild.unit == "cm"
    stopped = submit(kana, shown, f"{path}/cancel")
    assert stopped.headers["location"] == f"{path}?done=rebuild_stopped"
    assert (
        state_of(world, scan).state == "built"
        and "The model is as it was" in kana.get(f"{path}?done=rebuild_stopped").text
    )


def test_the_same_reading_is_named_and_nothing_is_built(world, kana, scan, path):
    page = kana.get(f"{path}/rebuild").text
    answer = submit(kana, page, f"{path}/rebuild", unit="m")
    assert answer.status_code == 400 and "read like that already" in answer.text
    assert state_of(world, scan).state == "built"
    assert submit(kana, page, f"{path}/rebuild", unit="inch").status_code == 400


def test_a_file_that_is_gone_says_what_to_do(world, kana, scan, path):
    page = kana.get(f"{path}/rebuild").text
    with world.catalog.begin() as connection:
        gone = update(scan_table).where(scan_table.c.id == scan.id).values(original_gone_at=world.clock())
        connection.execute(gone)
    assert "is deleted, so it cannot be built again" in kana.get(f"{path}/rebuild").text
    assert submit(kana, page, f"{path}/rebuild", unit="cm").status_code == 409
    assert state_of(world, scan).state == "built"


def test_nobody_else_has_it_built(world, kana, scan, path):
    page = kana.get(f"{path}/rebuild").text
    for name in ("haru", "sato"):
        other = world.sign_in(name)
        assert other.get(f"{path}/rebuild").status_code == 404
    assert f"{path}/rebuild" not in world.sign_in("sato").get(path).text
    assert state_of(world, scan).state == "built" and page
