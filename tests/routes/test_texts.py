"""Texts and translations at the desk: what is missing, side by side with another language, who has read which words."""

import re
import secrets
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.routes.conftest import PASSWORD
from tests.routes.forms import fields_of, submit
from tests.samples import EXPERIENCE, NOW
from xr_server.domain.account import NewAccount
from xr_server.domain.catalog import Name
from xr_server.domain.rally import Rally
from xr_server.storage.accounts import add_account
from xr_server.storage.catalog import load_published, load_record
from xr_server.storage.imports import import_records
from xr_server.storage.readings import add_readings

PAGE = "/desk/texts/landmark/water-gate"
NAME = "landmarks.water-gate.name"


def address(language: str = "en", source: str = "ja", page: str = PAGE) -> str:
    return f"{page}?language={language}&source={source}"


@pytest.fixture
def sato(world: Any) -> TestClient:
    """Staff, signed in."""
    return world.sign_in("sato")


def post(client: TestClient, where: str = "", step: str = "publish", **typed: str) -> Any:
    where = where or address()
    action = where.replace("&", "&amp;")
    page = client.get(where).text
    assert f'action="{action}"' in page
    return submit(client, page, where, step=step, **typed)


def counts(page: str, name: str) -> list[int]:
    """Missing, unread and read of a row of a table."""
    row = re.search(rf'<tr><th scope="row"[^>]*>(?:<a[^>]*>)?{name}(?:</a>)?</th>(.*?)</tr>', page, re.DOTALL)
    assert row is not None, f"no row of {name}"
    cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row[1], re.DOTALL)]
    return [int(cell) for cell in cells if cell.isdecimal()]


def name_of_gate(world: Any, language: str = "en") -> str:
    world.app.state.parts.published.refresh()
    document = world.visitor().get(f"/api/v1/sites/dejima?lang={language}").json()
    return str(next(one for one in document["landmarks"] if one["id"] == "water-gate")["name"])


def is_reviewed(world: Any, language: str = "en") -> bool:
    world.app.state.parts.published.refresh()
    return bool(world.visitor().get(f"/api/v1/sites/dejima?lang={language}").json()["site"]["reviewed"])


def test_the_table_says_for_each_language_what_is_missing_and_unread(world: Any, sato: TestClient) -> None:
    before = sato.get("/desk/texts").text
    assert counts(before, "English")[0] == 0
    missing, unread, _ = counts(before, "日本語")
    body = load_record(world.catalog, Name("dejima", "landmark", "water-gate")).body
    fields = {name: getattr(body, name) for name in body.__struct_fields__}
    import_records(world.catalog, "dejima", [type(body)(**fields | {"history": {"en": "Ships."}})], True, NOW)
    after = sato.get("/desk/texts").text
    assert counts(after, "日本語")[:2] == [missing + 1, unread]
    listed = sato.get("/desk/texts?language=ja&show=missing").text
    assert counts(listed, "Water Gate") == [1, 1, 0]
    assert "water-gate" not in sato.get("/desk/texts?language=en&show=missing").text


def test_words_are_changed_beside_another_language_and_published(world: Any, sato: TestClient) -> None:
    page = sato.get(address()).text
    assert "水門" in page and "nobody has read it yet" in page
    answer = post(sato, **{f"text-{NAME}": "Sea Gate"})
    assert answer.status_code == 303 and "?done=out&" in answer.headers["location"]
    assert (name_of_gate(world), name_of_gate(world, "ja")) == ("Sea Gate", "水門")
    submit(sato, sato.get(answer.headers["location"]).text, "/desk/undo")
    assert name_of_gate(world) == "Water Gate"


def test_who_has_read_a_text_is_kept_for_exactly_these_words(world: Any, sato: TestClient) -> None:
    answer = post(sato, step="save", **{f"read-{NAME}": "yes"})
    assert "done=read" in answer.headers["location"]
    page = sato.get(answer.headers["location"]).text
    assert "Read by sato on 24 November 2026 (Tue)" in page
    assert load_record(world.catalog, Name("dejima", "landmark", "water-gate")).revision == 1
    post(sato, **{f"text-{NAME}": "Sea Gate"})
    assert "nobody has read it yet" in sato.get(address()).text
    post(sato, **{f"text-{NAME}": "Water Gate"})  # the words that were read
    assert "Read by sato" in sato.get(address()).text
    assert "read and approved the words of" in sato.get("/desk/log").text


def test_words_are_changed_and_read_in_one_step(world: Any, sato: TestClient) -> None:
    post(sato, **{f"text-{NAME}": "Sea Gate", f"read-{NAME}": "yes"})
    assert "Read by sato" in sato.get(address()).text
    assert name_of_gate(world) == "Sea Gate"


def test_a_language_of_which_everything_was_read_says_so_and_an_export_keeps_who_did(
    world: Any, sato: TestClient
) -> None:
    assert not is_reviewed(world)
    for _ in range(20):
        page = sato.get("/desk/texts?language=en&show=unread").text
        links = re.findall(r'<th scope="row" class="flows"><a href="(/desk/texts/[^?]+)', page)
        if not links:
            break
        where = address(page=links[0])
        names = re.findall(r'name="(read-[^"]+)"', sato.get(where).text)
        post(sato, where, "save", **dict.fromkeys(names, "yes"))
    assert counts(sato.get("/desk/texts").text, "English")[1] == 0
    assert is_reviewed(world) and not is_reviewed(world, "ja")
    site = next(
        body
        for body in add_readings(world.catalog, load_published(world.catalog, "dejima"))
        if body.id == "dejima" and hasattr(body, "reviews")
    )
    assert {(one.language, one.by, one.on) for one in site.reviews} == {("en", "sato", "2026-11-24")}
    import_records(world.catalog, "dejima", [site], True, NOW)  # taken over elsewhere it says the same
    assert is_reviewed(world)


def test_plain_japanese_is_advised_on_beside_the_words(world: Any, sato: TestClient) -> None:
    history = "landmarks.water-gate.history"
    body = load_record(world.catalog, Name("dejima", "landmark", "water-gate")).body
    fields = {name: getattr(body, name) for name in body.__struct_fields__}
    told = {"ja": "文政3年に建てられなかったわけではありません。"}
    import_records(world.catalog, "dejima", [type(body)(**fields | {"history": told})], True, NOW)
    page = sato.get(address("ja", "en")).text
    advice = page.partition(f'name="text-{history}"')[2].partition("</ul>")[0]
    assert "<li>" in advice and "1820" in advice


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [({f"text-{NAME}": "x" * 121}, "At most 120 characters fit here"), ({f"text-{NAME}": ""}, None)],
)
def test_words_that_do_not_fit_are_kept_in_the_form(
    world: Any, sato: TestClient, typed: dict[str, str], sentence: str | None
) -> None:
    answer = post(sato, **typed)
    if sentence is None:  # the Japanese name is left
        assert answer.status_code == 303 and name_of_gate(world) == "水門"
        last = post(sato, address("ja", "en"), **{f"text-{NAME}": ""})
        assert last.status_code == 400 and "the only words that it has" in last.text
        return
    assert answer.status_code == 400 and sentence in answer.text
    assert dict(fields_of(answer.text, address()))[f"text-{NAME}"] == typed[f"text-{NAME}"]
    assert name_of_gate(world) == "Water Gate"


def test_two_who_change_the_same_overwrite_nothing(world: Any, sato: TestClient) -> None:
    opened = sato.get(address()).text
    post(world.sign_in("mori"), address("ja", "en"), **{f"text-{NAME}": "水の門"})
    answer = submit(sato, opened, address(), step="publish", **{f"text-{NAME}": "Sea Gate", f"read-{NAME}": "yes"})
    assert answer.status_code == 409 and "Nothing of theirs was overwritten" in answer.text
    assert (name_of_gate(world), name_of_gate(world, "ja")) == ("Water Gate", "水の門")
    assert submit(sato, answer.text, address(), step="publish").status_code == 303
    assert (name_of_gate(world), name_of_gate(world, "ja")) == ("Sea Gate", "水の門")


def test_other_changes_that_wait_do_not_go_out_with_the_words(world: Any, sato: TestClient) -> None:
    place = "/desk/places/landmark/water-gate"
    submit(sato, sato.get(place).text, place, step="save", kana="スイモン")
    assert "Other changes wait as a draft" in sato.get(address()).text
    answer = post(sato, **{f"text-{NAME}": "Sea Gate"})
    assert answer.status_code == 400 and "Nothing was published" in answer.text
    assert post(sato, step="save", **{f"text-{NAME}": "Sea Gate"}).status_code == 303
    assert name_of_gate(world) == "Water Gate"


def test_words_of_creators_are_read_here_and_changed_elsewhere(world: Any, sato: TestClient) -> None:
    world.publish(EXPERIENCE)
    where = address(page=f"/desk/texts/experience/{EXPERIENCE.id}")
    page = sato.get(where).text
    assert "<textarea" not in page and f"/desk/records/experience/{EXPERIENCE.id}" in page
    title = f"experiences.{EXPERIENCE.id}.title"
    forged = {f"text-{title}": "Another title", f"read-{title}": "yes"}
    assert post(sato, where, **forged).status_code == 303
    assert load_record(world.catalog, Name("dejima", "experience", EXPERIENCE.id)).body == EXPERIENCE
    assert "Read by sato" in sato.get(where).text


def test_what_a_visitor_found_odd_is_found_by_its_words(world: Any, sato: TestClient) -> None:
    assert "water-gate" in sato.get("/desk/texts?words=water%20gate").text
    assert "water-gate" in sato.get("/desk/texts?words=水門").text
    assert "Nothing fits this" in sato.get("/desk/texts?words=lighthouse").text
    page = sato.get("/desk/texts?words=係の者に教えて").text  # a sentence of the pages themselves
    assert "<code>xr_server/texts/ja/visitor.json</code>: <code>unreviewed</code>" in page
    assert "1 found" in page and "Nothing fits this" not in page


def test_the_texts_of_the_site_itself_need_more_than_reviewing(world: Any, sato: TestClient) -> None:
    where = address(page="/desk/texts/site/dejima")
    answer = post(sato, where, **{"text-site.name": "Dejima, the island"})
    assert answer.status_code == 303
    page = sato.get(answer.headers["location"]).text
    back = submit(sato, page, "/desk/undo")
    assert back.headers["location"] == "/desk/texts?done=undone"
    assert "Put back as it was" in sato.get(back.headers["location"]).text
    add_account(world.catalog, NewAccount("dejima", "ito", "approver", PASSWORD), NOW, secrets.token_bytes)
    ito = world.sign_in("ito")
    refused = post(ito, where, "save", **{"text-site.name": "The island"})
    assert refused.status_code == 403 and "The island" in refused.text
    assert post(ito, where, "save", **{"read-site.name": "yes"}).status_code == 303


def test_who_may_not_plan_changes_no_words_of_a_rally(world: Any, sato: TestClient) -> None:
    body = Rally(
        id="autumn", title={"en": "Autumn"}, landmarks=["water-gate"], first_on="2026-11-01", last_on="2026-12-31"
    )
    world.publish(body)
    add_account(world.catalog, NewAccount("dejima", "ito", "approver", PASSWORD), NOW, secrets.token_bytes)
    where, typed = address(page="/desk/texts/rally/autumn"), {"text-rallies.autumn.title": "Winter"}
    refused = post(world.sign_in("ito"), where, **typed)
    assert refused.status_code == 403 and "Winter" in refused.text
    assert post(sato, where, **typed).status_code == 303


def test_who_has_a_part_of_the_site_sees_only_its_texts(world: Any, sato: TestClient) -> None:
    mori = world.sign_in("mori")
    person = f"/desk/people/{world.accounts['sato']}"
    submit(mori, mori.get(person).text, f"{person}/part", landmark=["water-gate"])
    page = sato.get("/desk/texts").text
    assert "water-gate" in page and "/desk/texts/site/dejima" not in page
    assert sato.get("/desk/texts/site/dejima").status_code == 403


def test_pages_that_are_not_there_say_so(sato: TestClient) -> None:
    for path in ("/desk/texts/sign/x", "/desk/texts/landmark/none", "/desk/texts/nothing/x"):
        assert sato.get(path).status_code == 404
    assert sato.get(f"/desk/texts?from={'9' * 5000}").status_code == 200
