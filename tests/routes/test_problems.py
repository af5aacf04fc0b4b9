import pytest

from xr_server import errors
from xr_server.routes.problems import STATUS, status_of

PAGE = {"Accept": "text/html,application/xhtml+xml"}


def outcomes(kind=errors.DejimaError):
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from outcomes(child)


def test_every_outcome_of_ours_has_a_status():
    assert set(STATUS) == set(outcomes())
    assert all(400 <= status < 600 for status in STATUS.values())


def test_a_kind_made_from_one_of_ours_has_its_status():
    class Locked(errors.Conflict):
        pass

    assert status_of(Locked("locked", "It is locked.")) == STATUS[errors.Conflict]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing/stands/here/at/all", 404, "not_found"),
        ("GET", "/api/v2/sites", 404, "not_found"),
        ("GET", "/api/v1/sites/hirado", 404, "site_unknown"),
        ("GET", "/api/v1/sites/dejima?lang=xx", 404, "language_unknown"),
        ("GET", "/packages/" + "0" * 64 + "/lod0.glb", 404, "package_unknown"),
        ("GET", "/api/v1/nearby?lat=x", 400, "parameter_out_of_range"),
        ("DELETE", "/api/v1/sites", 405, "method_not_allowed"),
        ("GET", "/api/v1/events", 405, "method_not_allowed"),
        ("POST", "/api/v1/events", 400, "body_malformed"),
    ],
)
def test_a_refusal_is_problem_details_with_a_stable_code_and_a_sentence(served, method, path, status, code):
    answer = served.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"urn:dejima:problem:{code}")
    assert problem["title"]
    assert problem["detail"].endswith(".")


def test_a_wrong_method_is_told_which_are_right(served):
    assert set(served.client.delete("/api/v1/sites").headers["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/visit-tokens", "/login", "/nothing/here/at/all"])
def test_a_body_too_large_is_problem_details_whether_its_length_is_announced_or_not(served, path):
    def pieces():
        for _ in range(40):
            yield b"x" * 100_000

    for body in (b"x" * 4_000_000, pieces()):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = served.client.post(path, content=body, headers=headers)
        if answer.status_code == 404:  # an address that reads no body need not judge it
            continue
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_person_with_a_browser_gets_a_page_and_a_program_gets_json(served):
    page = served.client.get("/nothing/stands/here/at/all", headers=PAGE)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    for path in ("/api/v1/sites/hirado", "/packages/x/y", "/static/none.js"):
        answer = served.client.get(path, headers=PAGE)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_words_of_the_asker_stay_harmless_in_a_page(served):
    for path in ("/xx/<script>alert(1)</script>/", "/s/<script>alert(1)</script>", "/en/<script>alert(1)</script>/"):
        answer = served.client.get(path, headers=PAGE)
        assert answer.status_code in {404, 307}
        assert "<script>alert" not in answer.text
