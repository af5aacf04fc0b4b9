"""What everyone may read of visits, and how a month gets there from the desk."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from importlib.metadata import PackageNotFoundError

import pytest

from tests.open_months import AFTER, MONTH, fill_month
from tests.routes.conftest import post_form
from xr_server.domain.catalog import Change
from xr_server.domain.open_tables import TABLES
from xr_server.storage import privacy
from xr_server.storage.audit import Wanted, list_entries
from xr_server.storage.open_data import Stores, list_releases, release_month

FOLDER = "/open-data/dejima/engagement/2026-11"


@pytest.fixture
def opened(served):
    """A server whose November is released."""
    fill_month(served.parts.events)
    served.clock.at = AFTER
    release_month(Stores(served.parts.catalog, served.parts.events), MONTH, Change(AFTER, None), 12_000)
    return served


def test_the_index_leads_to_the_page_in_the_visitors_language(served):
    answer = served.client.get("/open-data/", headers={"Accept-Language": "ja"})
    assert (answer.status_code, answer.headers["location"]) == (302, "/ja/dejima/open-data")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_tells_of_each_month_with_its_tables_licence_and_source(opened, language):
    page = opened.client.get(f"/{language}/dejima/open-data").text
    for table in TABLES:
        assert f'href="{FOLDER}/{table}.csv"' in page and f'href="{FOLDER}/{table}.json"' in page
    assert "CC BY 4.0" in page and "https://creativecommons.org/licenses/by/4.0/" in page
    assert {"ja": "2026年11月", "en": "November 2026"}[language] in page
    assert f"/{language}/dejima/open-data" in opened.client.get(f"/{language}/dejima/privacy").text


def test_a_page_from_before_a_release_is_not_shown_after_it(served):
    assert "No month has been published yet." in served.client.get("/en/dejima/open-data").text
    fill_month(served.parts.events)
    release_month(Stores(served.parts.catalog, served.parts.events), MONTH, Change(AFTER, None), 12_000)
    assert "November 2026" in served.client.get("/en/dejima/open-data").text


def test_a_file_is_served_for_good_byte_for_byte_and_to_every_origin(opened):
    answer = opened.client.get(f"{FOLDER}/landmarks-by-day.csv")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert 'rel="describedby"' in answer.headers["link"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 60 and rows[0]["name_ja"] == "水門" and rows[0]["date"] == "2026-11-01"
    again = opened.client.get(f"{FOLDER}/landmarks-by-day.csv", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert opened.client.head(f"{FOLDER}/visits.json").status_code == 200
    for missing in (
        f"{FOLDER}/visits.xml",
        f"{FOLDER[:-2]}10/visits.csv",
        "/open-data/deshima/engagement/2026-11/visits.csv",
    ):
        assert opened.client.get(missing).status_code == 404


def test_the_description_finds_each_csv_beside_it_and_says_how_it_was_made(opened):
    document = opened.client.get(f"{FOLDER}/csv-metadata.json").json()
    assert document["dc:license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    for table in document["tables"]:
        assert opened.client.get(f"{FOLDER}/{table['url']}").status_code == 200
        (privacy_note,) = table["notes"]
        assert privacy_note["smallest_shown"] == 10 and privacy_note["most_landmarks_of_a_visit"] == 5
        assert privacy_note["release_epsilon"] == 1 and "OpenDP" in privacy_note["mechanism"]
        assert set(privacy_note["expected_error_visits"]) == {"half_of_the_numbers_within", "95_in_100_within"}


def test_the_catalogue_lists_every_file_with_its_size_and_digest(opened):
    answer = opened.client.get("/catalog.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    catalog = answer.json()
    assert catalog["@type"] == "dcat:Catalog" and catalog["dct:title"] and catalog["dct:publisher"]["foaf:name"]
    (dataset,) = catalog["dcat:dataset"]
    assert dataset["dct:temporal"]["dcat:endDate"]["@value"] == "2026-11-30"
    assert len(dataset["dcat:distribution"]) == 21
    for one in dataset["dcat:distribution"]:
        body = opened.client.get(one["dcat:downloadURL"]["@id"]).content
        assert str(len(body)) == one["dcat:byteSize"]["@value"]
        assert one["spdx:checksum"]["spdx:checksumValue"]["@value"] == hashlib.sha256(body).hexdigest()
        assert one["dct:license"]["@id"].startswith("https://creativecommons.org/")
    held = opened.client.get("/catalog.jsonld", headers={"If-None-Match": answer.headers["etag"]})
    assert held.status_code == 304


def test_before_any_release_the_catalogue_is_empty_and_whole(served):
    assert served.client.get("/catalog.jsonld").json()["dcat:dataset"] == []


@pytest.fixture
def november(world):
    """A site at the desk whose November is complete."""
    fill_month(world.events)
    world.clock.at = AFTER
    return world


def test_a_month_is_looked_at_released_at_the_desk_and_then_open_to_everyone(november):
    client = november.sign_in("sato")
    listed = client.get("/desk/open-data?lang=en").text
    assert 'href="/desk/open-data/2026-11"' in listed and "No month has been released" in listed
    before = client.get("/desk/open-data/2026-11").text
    assert "Visits by landmark and day" in before and "ε = 1 of the 12" in before
    assert "/open-data/dejima" not in before and list_releases(november.events, "dejima") == []
    answer = post_form(client, "/desk/open-data/2026-11")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/open-data?done=released")
    (release,) = list_releases(november.events, "dejima")
    after = client.get("/desk/open-data").text
    assert release.digest[:12] in after and ">11<" in after and "sato" in after
    assert "It is final." in client.get("/desk/open-data/2026-11").text
    (entry,) = list_entries(november.catalog, "dejima", Wanted(kind="open_data"), 5)
    assert (entry.name, entry.deed) == ("sato", "figures_opened")
    assert "released the figures of" in client.get("/desk/log?lang=en").text
    body = november.visitor().get(f"{FOLDER}/visits.json").json()
    assert json.dumps(body["rows"]) and body["month"] == "2026-11"
    again = post_form(client, "/desk/open-data/2026-11")
    assert again.status_code == 409 and "released before" in again.text
    assert list_releases(november.events, "dejima") == [release]


def test_a_month_that_is_not_complete_says_when_it_will_be(november):
    client = november.sign_in("sato")
    page = client.get("/desk/open-data/2026-12?lang=en")
    assert (
        page.status_code == 200
        and "not complete yet" in page.text
        and '<form method="post" action="/desk/open-data' not in page.text
    )
    assert post_form(client, "/desk/open-data/2026-12").status_code == 409
    assert client.get("/desk/open-data/2026-99").status_code == 400


def test_without_the_library_the_desk_says_how_to_install_it_and_publishes_nothing(november, monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(privacy, "version", missing)
    client = november.sign_in("sato")
    for page in (client.get("/desk/open-data?lang=en").text, client.get("/desk/open-data/2026-11").text):
        assert "dejima-xr[privacy]" in page
    answer = post_form(client, "/desk/open-data/2026-11")
    assert answer.status_code == 503 and "dejima-xr[privacy]" in answer.text
    assert list_releases(november.events, "dejima") == []


def test_a_budget_that_is_spent_offers_no_release(november):
    poor = replace(november.settings, open_data_epsilon=0.5)
    november.app.state.parts = replace(november.app.state.parts, settings=poor)
    client = november.sign_in("sato")
    page = client.get("/desk/open-data/2026-11?lang=en").text
    assert "does not suffice" in page
    answer = post_form(client, "/desk/open-data/2026-11")
    assert answer.status_code == 409 and "2026" in answer.text
    assert list_releases(november.events, "dejima") == []
