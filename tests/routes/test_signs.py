"""Signs: their code leads to what can be seen where they hang."""

import pytest
from msgspec.structs import replace

from tests.samples import EXPERIENCE
from xr_server.domain.guidance import Sign
from xr_server.domain.season import OnDates, Schedule
from xr_server.domain.survey import Survey, SurveyPoint

PLACE = {"lat": 32.7437, "lon": 129.8723, "h": 36.2, "accuracy_m": 0.05}
POINT = SurveyPoint(id="gate-sign", name={"en": "Sign"}, surveyed_on="2026-11-20", author="Kana", **PLACE)
SIGN = Sign(id="gate", code="GATE1820", landmark="water-gate", point="gate-sign", heading_deg=310, side_m=0.2)


@pytest.fixture
def signed(served):
    """A site with a sign at a survey point."""
    served.publish(Survey(id="november", points=[POINT]))
    served.publish(SIGN)
    return served


@pytest.mark.parametrize("code", ["GATE1820", "gate1820"])
@pytest.mark.parametrize(("accepted", "language"), [("ja", "ja"), ("nl, en;q=0.5", "en"), ("", "ja")])
def test_a_sign_leads_to_what_is_on_there_in_the_visitor_s_language(signed, code, accepted, language):
    answer = signed.client.get(f"/s/{code}", headers={"Accept-Language": accepted})
    assert answer.status_code == 302
    assert answer.headers["location"] == f"/{language}/dejima/experiences/gate-visit?sign=GATE1820"
    assert answer.headers["cache-control"] == "no-store"
    assert signed.client.get(answer.headers["location"]).status_code == 200


def test_it_leads_to_the_landmark_when_nothing_is_on(signed):
    over = Schedule(id="over", experience=EXPERIENCE.id, days=OnDates(ranges=[("2026-11-01", "2026-11-02")]))
    signed.publish(over)
    answer = signed.client.get("/s/GATE1820", headers={"Accept-Language": "en"})
    assert answer.headers["location"] == "/en/dejima/landmarks/water-gate?sign=GATE1820"
    assert signed.client.get(answer.headers["location"]).status_code == 200


def test_the_chosen_language_is_kept(signed):
    answer = signed.client.get("/s/GATE1820", headers={"Cookie": "lang=en", "Accept-Language": "ja"})
    assert answer.headers["location"].startswith("/en/")


def test_a_sign_that_hangs_in_the_street_still_leads_there_when_its_survey_is_withdrawn(signed):
    signed.withdraw("survey", "november", 1)
    assert signed.client.get("/api/v1/sites/dejima").json()["signs"] == []
    assert signed.client.get("/s/GATE1820").status_code == 302


@pytest.mark.parametrize("code", ["NOSUCH", "%00", "GATE1820x", "GATE 1820"])
def test_an_unknown_code_says_so_in_words(signed, code):
    answer = signed.client.get(f"/s/{code}", headers={"Accept": "text/html", "Accept-Language": "en"})
    assert answer.status_code == 404
    assert "There is no sign with this code" in answer.text


def test_the_site_document_tells_where_the_sign_is(signed):
    (sign,) = signed.client.get("/api/v1/sites/dejima").json()["signs"]
    assert sign == {
        "id": "gate", "code": "GATE1820", "landmark": "water-gate", "lat": 32.7437, "lon": 129.8723, "h": 36.2,
        "heading_deg": 310, "side_m": 0.2, "accuracy_m": 0.05, "demonstration": False,
    }  # fmt: skip


def test_two_languages_of_a_sign_are_one_place(signed):
    signed.publish(replace(SIGN, landmark="water-gate", heading_deg=311), 1)
    found = [signed.client.get(f"/api/v1/sites/dejima?lang={lang}").json()["signs"][0] for lang in ("ja", "en")]
    assert found[0] == found[1]
    assert found[0]["heading_deg"] == 311
