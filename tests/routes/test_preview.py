"""A draft looked at by a link: as visitors would see it, for an hour, to nobody else, and never into what is published."""

import re

import pytest

from tests.routes.conftest import post_form
from tests.routes.forms import attach, submit
from xr_server.domain.preview import PREVIEW_LIFE_MS

LINK = re.compile(r"http://localhost(/preview/[0-9a-f]{64})/")


def make_link(client, scan):
    answer = submit(client, client.get(f"/studio/scans/{scan.id}").text, f"/studio/scans/{scan.id}/preview")
    found = LINK.search(answer.text)
    assert answer.status_code == 200 and found is not None
    return answer, found[1]


def read(client, address):
    return client.get(address, headers={"Accept": "application/json"})


def test_the_page_of_a_draft_is_the_visitors_own_with_a_word_that_it_is_a_preview(world, kana, scan):
    answer, base = make_link(kana, scan)
    assert "<svg" in answer.text and answer.headers["cache-control"] == "private, no-store"
    guest = world.visitor()
    led = guest.get(f"{base}/", follow_redirects=False)
    assert led.headers["location"] == f"{base}/en/"
    page = guest.get(f"{base}/en/")
    assert page.status_code == 200 and "Preview of a draft, until" in page.text and "The wall" in page.text
    assert f'data-base="{base}"' in page.text and 'content="noindex"' in page.text
    assert "canonical" not in page.text and "ld+json" not in page.text
    assert "set-cookie" not in page.headers


def test_documents_and_files_of_the_draft_lie_below_the_link_alone(world, kana, scan):
    _, base = make_link(kana, scan)
    guest = world.visitor()
    site = read(guest, f"{base}/api/v1/sites/dejima?lang=en").json()
    (offered,) = [item for item in site["experiences"] if item["title"] == "The wall"]
    assert offered["occurrences"] and offered["cover"].startswith(f"{base}/packages/")
    scene = read(guest, f"{base}/api/v1/sites/dejima/scenes/{offered['scene']}?lang=en").json()
    level = scene["nodes"][0]["lods"][0]["url"]
    assert level == f"{base}/packages/{scan.package_digest}/lod0.glb"
    file = guest.get(scene["nodes"][0]["poster"])
    assert file.status_code == 200 and file.content == b"RIFF of a poster"
    for answer in (file, read(guest, f"{base}/api/v1/sites/dejima?lang=en"), guest.get(f"{base}/en/")):
        assert answer.headers["cache-control"] == "private, no-store"
        assert answer.headers["x-robots-tag"] == "noindex"
        assert answer.headers["referrer-policy"] == "no-referrer"
    # and nothing of it anywhere else
    assert guest.get(f"/packages/{scan.package_digest}/poster.webp").status_code == 404
    assert read(guest, f"/api/v1/sites/dejima/scenes/{offered['scene']}?lang=en").status_code == 404
    assert "The wall" not in read(guest, "/api/v1/sites/dejima?lang=en").text


def test_the_link_shows_the_draft_as_it_stands_when_it_is_opened(world, kana, scan):
    _, base = make_link(kana, scan)
    attach(kana, scan.id, title_en="The sea wall")
    assert "The sea wall" in world.visitor().get(f"{base}/en/").text


def test_after_an_hour_it_is_over(world, kana, scan):
    _, base = make_link(kana, scan)
    guest = world.visitor()
    world.clock.at += PREVIEW_LIFE_MS - 1
    assert guest.get(f"{base}/en/").status_code == 200
    world.clock.at += 1
    for address in (f"{base}/en/", f"{base}/", f"{base}/packages/{scan.package_digest}/poster.webp"):
        assert guest.get(address, follow_redirects=False).status_code == 404
    assert "This preview is over" in read(guest, f"{base}/api/v1/sites/dejima").json()["detail"]


def test_its_maker_ends_it_and_a_closed_account_ends_it_too(world, kana, scan):
    answer, base = make_link(kana, scan)
    guest = world.visitor()
    ended = submit(kana, answer.text, f"/studio/scans/{scan.id}/preview/end")
    assert "The preview is ended" in kana.get(ended.headers["location"]).text
    assert guest.get(f"{base}/en/").status_code == 404
    _, base = make_link(kana, scan)
    post_form(world.sign_in("mori"), f"/desk/people/{world.accounts['kana']}/close")
    assert guest.get(f"{base}/en/").status_code == 404


def test_a_preview_is_ended_on_the_page_of_its_scan_too(world, kana, scan):
    end = f"/studio/scans/{scan.id}/preview/end"
    assert end not in kana.get(f"/studio/scans/{scan.id}").text
    _, base = make_link(kana, scan)
    submit(kana, kana.get(f"/studio/scans/{scan.id}").text, end)
    assert world.visitor().get(f"{base}/en/").status_code == 404
    assert end not in kana.get(f"/studio/scans/{scan.id}").text


def test_others_make_no_link_to_a_draft_and_reviewers_do(world, kana, scan):
    path = f"/studio/scans/{scan.id}/preview"
    assert post_form(world.sign_in("haru"), path).status_code == 404
    assert post_form(world.sign_in("sato"), path).status_code == 200


def test_what_stands_nowhere_yet_cannot_be_looked_at(world, kana):
    loose = world.built_scan("kana", b"another wall")
    answer = post_form(kana, f"/studio/scans/{loose.id}/preview")
    assert answer.status_code == 409 and "Attach this scan to a landmark first" in answer.text
    assert f"/studio/scans/{loose.id}/preview" not in kana.get(f"/studio/scans/{loose.id}").text


@pytest.mark.parametrize(
    "rest",
    [
        "/xx/",
        "/api/v1/sites/hirado",
        "/api/v1/sites/dejima?lang=xx",
        "/api/v1/sites/dejima/scenes/other",
    ],
)
def test_a_link_opens_its_own_draft_and_nothing_else(world, kana, scan, rest):
    _, base = make_link(kana, scan)
    assert read(world.visitor(), base + rest).status_code == 404


def test_packages_of_other_drafts_are_not_fetched_through_a_link(world, kana, scan):
    _, base = make_link(kana, scan)
    other = world.built_scan("haru", b"another wall")
    assert (world.settings.package_dir / other.package_digest / "poster.webp").is_file()
    assert read(world.visitor(), f"{base}/packages/{other.package_digest}/poster.webp").status_code == 404
    assert read(world.visitor(), f"{base}/packages/{scan.package_digest}/poster.webp").status_code == 200
