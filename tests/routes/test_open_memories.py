"""Residents' memories as files for everyone: only with their giver's own yes, and gone at once when withdrawn."""

import csv
import io
import json
import re

import pytest
from starlette.testclient import TestClient

from tests.routes.conftest import World, post_form
from tests.routes.telling import FORM, PAGE, decide, photograph, send, show, tell, told
from tests.routes.visitor_world import fill_site, words_of
from xr_server.routes.pages import load_texts
from xr_server.storage.memory_rules import load_rule

FEATURES, TABLE = "/open-data/dejima/memories.geojson", "/open-data/dejima/memories.csv"


@pytest.fixture
def site(world: World) -> World:
    fill_site(world)
    return world


@pytest.fixture
def sato(site: World) -> TestClient:
    return site.sign_in("sato")


def features(site: World) -> list[dict]:
    return site.visitor().get(FEATURES).json()["features"]


def rows(site: World) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(site.visitor().get(TABLE).content.decode("utf-8-sig"))))


def test_nobody_agrees_by_leaving_a_box_as_it_is_and_the_licences_are_named(site):
    for language in ("ja", "en"):
        page = site.visitor().get(f"{FORM}?lang={language}").text
        (box,) = re.findall(r'<input type="checkbox"[^>]*name="open"[^>]*>', page)
        assert "checked" not in box
    for language in ("ja", "en", "zh-Hans", "zh-Hant", "ko", "nl", "ja-x-easy"):
        words = load_texts(language)["memory.open_1"]
        assert "{credit}" in words and "{free}" in words
    assert "(CC BY 4.0 or CC0 1.0)" in words_of(page)


def test_only_those_shown_and_agreed_to_are_handed_out_with_credit_and_picture(site, sato):
    _, _, agreed = told(
        site, photograph(), shows="A wall", persons="yes", open="yes", name="Old  <oar>", year="1962", about="yes"
    )
    assert features(site) == [] and rows(site) == []  # it waits
    show(site, sato, agreed)
    _, _, unasked = told(site, words="Not asked")
    show(site, sato, unasked)
    answer = site.visitor().get(FEATURES)
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["access-control-allow-origin"] == "*" and answer.headers["cache-control"] == "no-cache"
    collection = answer.json()
    assert (collection["type"], collection["schema"]) == ("FeatureCollection", "dejima.open-memories/1")
    (feature,) = collection["features"]
    assert feature["id"] == agreed and feature["geometry"] == {"type": "Point", "coordinates": [129.8723, 32.7437]}
    facts = feature["properties"]
    assert facts["words"] == "Boats came up\nto here." and facts["language"] == "en"
    assert facts["landmark_name"] == {"ja": "水門", "en": "Water Gate"}
    assert (facts["year"], facts["year_uncertain"], facts["credit"]) == (1962, True, "Old <oar>")
    assert (facts["licence"], facts["licence_url"]) == ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")
    picture = site.visitor().get(facts["picture"])
    assert picture.headers["content-type"] == "image/webp" and facts["picture_shows"] == "A wall"
    assert "Boats came up" in site.visitor().get(facts["page"]).text
    (row,) = rows(site)
    assert {
        name: row[name] for name in ("id", "lat", "lon", "landmark_name_ja", "year", "year_uncertain", "credit")
    } == {
        "id": agreed,
        "lat": "32.7437",
        "lon": "129.8723",
        "landmark_name_ja": "水門",
        "year": "1962",
        "year_uncertain": "true",
        "credit": "Old <oar>",
    }
    assert row["words"] == facts["words"] and row["picture"] == facts["picture"] and row["page"] == facts["page"]
    again = site.visitor().get(TABLE, headers={"If-None-Match": site.visitor().get(TABLE).headers["etag"]})
    assert again.status_code == 304


def test_no_cell_is_taken_for_a_formula(site, sato):
    _, _, memory_id = told(site, words="=HYPERLINK(1)", name="+oar", open="yes", licence="free")
    show(site, sato, memory_id)
    (row,) = rows(site)
    assert (row["words"], row["credit"], row["licence"]) == ("'=HYPERLINK(1)", "'+oar", "CC0 1.0")
    assert features(site)[0]["properties"]["words"] == "=HYPERLINK(1)"


def test_what_is_for_this_site_alone_cannot_be_open_data_too(site):
    client = site.visitor()
    answer = tell(site, client, open="yes", licence="here")
    assert answer.status_code == 400 and "You chose that it is shown on this site only." in answer.text
    assert 'id="memory-open" name="open" value="yes" checked' in answer.text
    assert send(client, answer.text, open="", licence="here").status_code == 303


def test_what_is_withdrawn_hidden_or_put_away_is_in_no_file_at_once(site, sato):
    client, code, memory_id = told(site, open="yes")
    show(site, sato, memory_id)
    assert len(features(site)) == len(rows(site)) == 1
    post_form(sato, "/desk/memories", rule="away", revision=0)
    assert features(site) == rows(site) == []  # no refresh: the snapshot is not asked
    post_form(sato, "/desk/memories", rule="kept", revision=load_rule(site.catalog, "dejima").revision)
    assert len(features(site)) == 1
    assert decide(sato, memory_id, "hide", 2, reason="A name.").status_code == 303
    assert features(site) == rows(site) == []
    assert decide(sato, memory_id, "show", 3).status_code == 303
    assert len(features(site)) == 1
    client.post(f"/memories/mine/{code}", data={"step": "withdraw"})
    assert features(site) == rows(site) == []
    assert "Boats" not in site.visitor().get(FEATURES).text


def test_a_giver_takes_it_out_of_the_open_data_alone(site, sato):
    client, code, memory_id = told(site, open="yes")
    assert "While it is shown, it is also handed out" in client.get(f"/memories/mine/{code}?lang=en").text
    desk = words_of(sato.get(f"/desk/memories/{memory_id}?lang=en").text)
    assert "it is handed out as long as it is shown" in desk
    show(site, sato, memory_id)
    mine = client.get(f"/memories/mine/{code}?lang=en").text
    assert "It is also handed out in this site&#39;s open data, under CC BY 4.0." in mine
    answer = client.post(f"/memories/mine/{code}?lang=en", data={"step": "keep_back"}, follow_redirects=False)
    assert answer.status_code == 303 and features(site) == []
    after = client.get(answer.headers["location"]).text
    assert "no longer in the open data" in after and 'value="keep_back"' not in after
    client.post(f"/memories/mine/{code}", data={"step": "keep_back"})  # pressed twice
    assert "Boats came up" in client.get(PAGE).text
    assert words_of(sato.get("/desk/log").text).count("out of the open data") == 1


def test_the_catalogue_and_the_page_list_them_only_where_there_are_any(site, sato):
    client, code, memory_id = told(site, open="yes")
    page = "/en/dejima/open-data"
    assert client.get("/catalog.jsonld").json()["dcat:dataset"] == [] and TABLE not in client.get(page).text
    show(site, sato, memory_id)
    assert f'href="{TABLE}"' in client.get(page).text and f'href="{FEATURES}"' in client.get(page).text
    catalog = client.get("/catalog.jsonld").json()
    (dataset,) = catalog["dcat:dataset"]
    assert dataset["dct:identifier"] == "dejima/memories" and dataset["dct:title"] and dataset["dct:description"]
    assert "Boats" not in json.dumps(catalog)
    standards = {}
    for one in dataset["dcat:distribution"]:
        file = client.get(one["dcat:downloadURL"]["@id"])
        media_type = one["dcat:mediaType"]["@id"].rpartition("media-types/")[2]
        assert file.headers["content-type"].partition(";")[0] == media_type
        assert one["dct:license"]["@id"] == "https://creativecommons.org/licenses/by/4.0/"
        standards[media_type] = one["dct:conformsTo"]["@id"].rpartition("/")[2]
    assert standards == {"application/geo+json": "rfc7946", "text/csv": "rfc4180"}
    client.post(f"/memories/mine/{code}", data={"step": "withdraw"})
    assert client.get("/catalog.jsonld").json()["dcat:dataset"] == [] and TABLE not in client.get(page).text


def test_a_site_without_any_hands_out_empty_files_and_an_unknown_one_none(site):
    assert features(site) == []
    assert site.visitor().get(TABLE).content.decode("utf-8-sig").startswith('"id","landmark"')
    assert site.visitor().get("/open-data/nowhere/memories.csv").status_code == 404
