"""What is said of a scan, on its page: every field comes back, what is wrong stands beside it, handing in needs a look first."""

import re

import msgspec
import pytest

from tests.routes.conftest import DETAILS
from tests.routes.forms import TYPED, attach, fields_of, submit
from xr_server.storage.scans import load_scan
from xr_server.storage.tables.scans import scan as scan_table


def details_of(client, scan, **typed):
    path = f"/studio/scans/{scan.id}/details"
    return submit(client, client.get(path).text, path, **typed)


def say(world, scan, **said):
    """Let a scan's row say something, as an upload or an earlier version did."""
    details = msgspec.structs.replace(DETAILS, **said)
    with world.catalog.begin() as connection:
        values = {"details": msgspec.json.encode(details).decode()}
        connection.execute(scan_table.update().where(scan_table.c.id == scan.id).values(**values))


def test_what_is_wrong_stands_beside_its_field_and_the_first_has_the_focus(world, kana):
    scan = world.built_scan()
    answer = details_of(
        kana, scan, title="", surveyed_on="2026-02-30", sources="x" * 201, period="about 1820", name_en="The wall"
    )
    assert answer.status_code == 400 and "Something cannot be taken as it is" in answer.text
    wrong = re.findall(r'<(?:input|textarea)[^>]*aria-invalid="true"[^>]*>', answer.text)
    assert [re.search(r'name="(\w+)"', tag)[1] for tag in wrong] == ["title", "surveyed_on", "sources"]
    assert [("autofocus" in tag) for tag in wrong] == [True, False, False]
    for tag in wrong:
        name = re.search(r'name="(\w+)"', tag)[1]
        assert f"{name}-fault" in re.search(r'aria-describedby="([^"]*)"', tag)[1].split()
        assert f'id="{name}-fault"' in answer.text
    typed = dict(fields_of(answer.text, f"/studio/scans/{scan.id}/details"))
    assert (typed["period"], typed["name_en"], typed["sources"]) == ("about 1820", "The wall", "x" * 201)
    assert load_scan(world.catalog, "dejima", scan.id).details == DETAILS


def test_a_licence_that_is_none_of_the_list_is_shown_in_own_words(world, kana):
    scan = world.built_scan()
    say(world, scan, licence="Ask the school")
    page = kana.get(f"/studio/scans/{scan.id}/details").text
    typed = dict(fields_of(page, f"/studio/scans/{scan.id}/details"))
    assert (typed["licence"], typed["licence_own"]) == ("own", "Ask the school")
    answer = details_of(kana, scan, licence_own="")
    assert answer.status_code == 400 and 'id="licence_own-fault"' in answer.text


def test_the_scans_page_shows_what_is_said(world, kana):
    scan = world.built_scan()
    say(
        world,
        scan,
        names={"ja": "石垣"},
        period="about 1820",
        sources=["Plan"],
        permission="2026-017",
        credit_line="6a",
    )
    page = kana.get(f"/studio/scans/{scan.id}").text
    for text in ("石垣", "about 1820", "Plan", "2026-017", "6a", "None can be recognised"):
        assert text in page
    assert dict(fields_of(page, f"/studio/scans/{scan.id}/attach"))["title_ja"] == "石垣"  # a title to begin with


def test_handing_in_needs_a_look_for_people_and_number_plates_first(world, kana):
    scan = world.built_scan()
    say(world, scan, no_persons=False)
    attach(kana, scan.id, **TYPED)
    page = kana.get(f"/studio/scans/{scan.id}").text
    assert f'href="/studio/scans/{scan.id}/details#no_persons"' in page
    answer = submit(kana, page, f"/studio/scans/{scan.id}/review")
    assert answer.status_code == 409 and "number plate" in answer.text
    say(world, scan, no_persons=True)
    page = kana.get(f"/studio/scans/{scan.id}").text
    assert "#no_persons" not in page
    assert submit(kana, page, f"/studio/scans/{scan.id}/review").status_code == 303


@pytest.mark.parametrize("name", ["name_ja", "name_en"])
def test_names_are_asked_for_in_the_sites_languages(world, kana, name):
    scan = world.built_scan()
    page = kana.get(f"/studio/scans/{scan.id}/details").text
    assert f'name="{name}"' in page


def test_the_next_scan_begins_with_what_was_said_of_the_last(world, kana):
    page = kana.get("/studio/upload").text
    assert re.search(r'<option value="">[^<]*</option>', page) and 'value="CC BY 4.0" selected' not in page
    scan = world.built_scan()
    say(world, scan, creator="Class 6a", licence="CC BY-SA 4.0", provenance="evidence")
    page = kana.get("/studio/upload").text
    assert 'value="Class 6a"' in page and 'value="CC BY-SA 4.0" selected' in page
    assert re.search(r'id="provenance-evidence"[^>]* checked', page)
