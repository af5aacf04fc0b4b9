"""One's published work: a public page only when it is switched on, and everything as a ZIP, to its owner alone."""

import io
import json
import re
import zipfile

import pytest

from tests.routes.forms import attach, submit
from tests.routes.test_library import publish_draft, refresh
from xr_server.domain.languages import NAMES
from xr_server.storage.scans import load_scan
from xr_server.storage.work_zip import BLOCK_BYTES, Entry, stream_zip


@pytest.fixture
def published(world, kana, scan):
    """Her scan, which visitors are shown."""
    assert publish_draft(world.sign_in("sato"), scan).status_code == 303
    refresh(world)
    return load_scan(world.catalog, "dejima", scan.id)


def save(client, **typed):
    page = client.get("/studio/portfolio").text
    return submit(client, page, "/studio/portfolio", **typed)


def test_nobody_has_a_public_page_who_did_not_ask_for_one(world, kana, published):
    page = kana.get("/studio/portfolio").text
    assert "no public page" in page and "The wall" in page and 'value="kana"' in page
    guest = world.visitor()
    assert guest.get("/en/dejima/creators/kana").status_code == 404
    assert "/creators/" not in guest.get(f"/en/dejima/experiences/{published.scene_id}").text


def test_switched_on_it_stands_in_every_language_under_the_chosen_name_and_goes_again(world, kana, published):
    answer = save(kana, shown="yes", name="K. Mori", slug="k-mori")
    assert "can be seen by everybody in a moment" in kana.get(answer.headers["location"]).text
    refresh(world)
    guest = world.visitor()
    document = guest.get("/api/v1/sites/dejima?lang=en", headers={"Accept": "application/json"}).json()
    assert document["creators"] == [{"slug": "k-mori", "name": "K. Mori", "experiences": [published.scene_id]}]
    for language in document and ("ja", "en"):
        page = guest.get(f"/{language}/dejima/creators/k-mori")
        assert page.status_code == 200 and f"/{language}/dejima/experiences/{published.scene_id}" in page.text
        assert "K. Mori" in page.text and "kana" not in page.text
    page = guest.get(f"/en/dejima/experiences/{published.scene_id}").text
    assert 'href="/en/dejima/creators/k-mori">All published works of K. Mori<' in page
    hidden = kana.post(
        "/studio/portfolio",
        data={"csrf": kana.headers["X-CSRF-Token"], "name": "K. Mori", "slug": "k-mori"},
        follow_redirects=False,
    )
    assert hidden.headers["location"].endswith("done=hidden")
    refresh(world)
    assert guest.get("/en/dejima/creators/k-mori").status_code == 404


def test_the_words_of_the_page_exist_in_all_languages():
    from xr_server.routes.pages import load_own_texts

    for language in NAMES:
        assert {f"visitor.creator_{part}" for part in ("page", "lead", "none")} <= set(load_own_texts(language))


@pytest.mark.parametrize(
    ("typed", "words", "field"),
    [({"name": "", "slug": "kana"}, "1 to 80", "name"), ({"name": "Kana", "slug": "かな"}, "small letters", "slug")],
)
def test_what_cannot_be_taken_is_said_beside_it_and_stays(kana, typed, words, field):
    answer = save(kana, shown="yes", **typed)
    assert answer.status_code == 400 and words in answer.text
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.text)
    assert f'value="{typed["slug"]}"' in answer.text and "no public page" not in answer.text.split("<h2")[2]


def test_an_address_that_is_taken_is_said_to_be(world, kana):
    save(kana, shown="yes", name="Kana", slug="mori")
    answer = save(world.sign_in("haru"), shown="yes", name="Haru", slug="mori")
    assert answer.status_code == 409 and "Somebody else" in answer.text


def test_the_zip_holds_packages_records_and_credits_and_unpacks(world, kana, published, tmp_path):
    answer = kana.get("/studio/portfolio/works.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "private, no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    digest = published.package_digest
    (credit,) = json.loads((tmp_path / "credits.json").read_text(encoding="utf-8"))
    assert credit["creator"] == "Kana" and credit["licence_url"] == "https://creativecommons.org/licenses/by/4.0/"
    store = world.settings.package_dir / digest
    for name in ("manifest.json", "lod0.glb"):
        assert (tmp_path / "packages" / digest / name).read_bytes() == (store / name).read_bytes()
    scene = json.loads((tmp_path / "records" / "scenes" / f"{published.scene_id}.json").read_text(encoding="utf-8"))
    assert scene["nodes"][0]["package"] == digest
    assert (tmp_path / "records" / "experiences" / f"{published.scene_id}.json").is_file()
    assert "Blender" in (tmp_path / "README-en.txt").read_text(encoding="utf-8")
    assert "作者" in (tmp_path / "README-ja.txt").read_text(encoding="utf-8")


def test_the_zip_holds_nothing_of_others_and_nothing_that_is_not_published(world, kana, published):
    draft = world.built_scan("kana", b"a draft of hers")
    attach(kana, draft.id)
    names = zipfile.ZipFile(io.BytesIO(kana.get("/studio/portfolio/works.zip").content)).namelist()
    assert not any(draft.package_digest in name for name in names)
    other = world.sign_in("haru").get("/studio/portfolio/works.zip")
    assert other.status_code == 409 and "Nothing of yours is published yet" in other.text


def test_a_zip_is_written_in_pieces_and_never_held_whole(tmp_path):
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        for number in range(64):
            file.write(bytes([number]) * BLOCK_BYTES)
    pieces = list(stream_zip([Entry("large.bin", large), Entry("名前.txt", "言葉".encode())]))
    assert max(map(len, pieces)) < 2 * BLOCK_BYTES and len(pieces) > 60
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.read("large.bin") == large.read_bytes() and archive.read("名前.txt").decode() == "言葉"
