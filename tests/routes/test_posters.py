"""Posters of a campaign: rendered to pictures, their codes read back from these; letters are outlines of the right font."""

import io
import re
import zipfile
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from starlette.testclient import TestClient

from tests.samples import publish
from xr_server.domain.campaign import Campaign, Link
from xr_server.storage.typefaces import choose_font, glyph

CODES = {"ja": "AAAAAA", "en": "BBBBBB", None: "CCCCCC"}
LANTERN = Campaign(
    id="lantern",
    title={"ja": "灯籠の夜", "en": "Lantern nights"},
    sentence={"en": "Walk the island by night."},
    first_on="2026-11-20",
    last_on="2026-11-30",
    links=[
        Link(code=code, to="landmark", target="water-gate", at="water-gate", language=language, source="x", medium="y")
        for language, code in CODES.items()
    ],
)


@pytest.fixture
def sato(world: Any) -> TestClient:
    """Staff, signed in, with the campaign out."""
    publish(world.catalog, LANTERN)
    return world.sign_in("sato")


def fetch(client: TestClient, rest: str) -> bytes:
    answer = client.get(f"/desk/campaigns/lantern/{rest}")
    assert answer.status_code == 200, answer.text
    return answer.content


def read(picture: Image.Image) -> list[str]:
    """What a reader of codes finds in a picture."""
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def test_the_code_is_read_back_from_the_png_also_from_a_small_blurred_copy(sato: TestClient) -> None:
    picture = Image.open(io.BytesIO(fetch(sato, "posters/AAAAAA.png")))
    assert picture.size == (2480, 3508) and round(picture.info["dpi"][0]) == 300
    assert read(picture.convert("L")) == ["http://localhost/c/AAAAAA"]
    assert read(picture.convert("L").resize((310, 438))) == ["http://localhost/c/AAAAAA"]
    assert "/desk/campaigns/lantern/posters/AAAAAA.png" in sato.get("/desk/campaigns/lantern/run").text


def test_each_page_of_the_pdf_is_a4_and_its_code_is_read_back(sato: TestClient) -> None:
    paper = pypdfium2.PdfDocument(fetch(sato, "posters.pdf"))
    assert [tuple(round(side) for side in paper[page].get_size()) for page in range(len(paper))] == [(595, 842)] * 3
    found = [read(paper[page].render(scale=2).to_pil()) for page in range(len(paper))]
    assert found == [[f"http://localhost/c/{code}"] for code in CODES.values()]
    assert paper.get_metadata_value("Title") == "灯籠の夜"
    only = pypdfium2.PdfDocument(fetch(sato, "posters.pdf?in=en"))
    assert len(only) == 1 and read(only[0].render(scale=2).to_pil()) == ["http://localhost/c/BBBBBB"]


def test_svg_pdf_and_png_show_the_same(sato: TestClient) -> None:
    paper = pypdfium2.PdfDocument(fetch(sato, "posters/BBBBBB.pdf"))
    size = (420, 594)
    by_press = paper[0].render(scale=2).to_pil().convert("L").resize(size)
    by_screen = Image.open(io.BytesIO(fetch(sato, "posters/BBBBBB.png"))).convert("L").resize(size)
    pairs = zip(by_press.get_flattened_data(), by_screen.get_flattened_data(), strict=True)
    differing = sum(abs(one - other) > 96 for one, other in pairs)
    assert differing < size[0] * size[1] * 0.004  # edges of letters; a line of words elsewhere is more
    drawn = fetch(sato, "posters/BBBBBB.svg").decode()
    assert "<title>Lantern nights</title>" in drawn and "Walk the island by night. http://localhost/c/BBBBBB" in drawn
    assert 'width="210mm" height="297mm"' in drawn and "<text" not in drawn and "font" not in drawn


def test_the_zip_holds_all_of_them(sato: TestClient) -> None:
    folder = zipfile.ZipFile(io.BytesIO(fetch(sato, "posters.zip")))
    names = [f"lantern-water-gate-{language or 'ja'}-{code}" for language, code in CODES.items()]
    assert sorted(folder.namelist()) == sorted(["lantern.pdf", *(f"{n}.{k}" for n in names for k in ("svg", "png"))])
    with folder.open(f"{names[1]}.png") as file:
        assert read(Image.open(file).convert("L")) == ["http://localhost/c/BBBBBB"]


def test_the_words_are_the_campaign_s_own_or_what_it_leads_to(world: Any, sato: TestClient) -> None:
    assert "has no title in" not in sato.get("/desk/campaigns/lantern/run").text
    said = re.search(r"<desc>(.*)</desc>", fetch(sato, "posters/AAAAAA.svg").decode())
    assert said is not None and "灯籠の夜" in said[1] and "自分の電話で見られます" in said[1]
    bare = Campaign(
        **{name: getattr(LANTERN, name) for name in LANTERN.__struct_fields__ if name != "title"},
        title={"ja": "灯籠の夜"},
    )
    publish(world.catalog, bare, 1)
    assert "<title>Water Gate</title>" in fetch(sato, "posters/BBBBBB.svg").decode()
    assert "has no title in English: posters" in sato.get("/desk/campaigns/lantern/run").text


def test_a_poster_that_is_not_there_says_so(world: Any, sato: TestClient) -> None:
    for rest in ("posters/ZZZZZZ.png", "posters/AAAAAA.gif", "posters.pdf?in=ko"):
        answer = sato.get(f"/desk/campaigns/lantern/{rest}")
        assert answer.status_code == 404 and "no such poster" in answer.text
    many = [Link(code=f"{number:06}", to="site", source="x", medium="y") for number in range(41)]
    body = {name: getattr(LANTERN, name) for name in LANTERN.__struct_fields__ if name != "links"}
    publish(world.catalog, Campaign(**body, links=many), 1)
    answer = sato.get("/desk/campaigns/lantern/posters.zip")
    assert answer.status_code == 409 and "40 posters at most" in answer.text


def test_a_language_has_letters_of_its_own_and_others_stand_in() -> None:
    assert [choose_font("骨", language)[0] for language in ("ja", "zh-Hans", "zh-Hant", "ko")] == [
        "JP",
        "SC",
        "TC",
        "KR",
    ]
    assert glyph("骨", "ja", False).outline != glyph("骨", "zh-Hans", False).outline
    assert choose_font("한", "nl") == ("KR", "한") and choose_font("\U0001f3ee", "ja")[1] == "〓"
    bold, plain = glyph("W", "en", True), glyph("W", "en", False)
    assert bold.advance > plain.advance > 0.5
