import pytest
from msgspec.structs import replace as change

from tests.samples import GATE
from xr_server.routes.ready import LIMIT
from xr_server.routes.shell import Shell

PATHS = ["/api/v1/sites", "/api/v1/sites/dejima?lang=en", "/api/v1/sites/dejima/scenes/gate-1820?lang=ja"]


def remembered(served) -> dict:
    shell = served.app.middleware_stack
    assert isinstance(shell, Shell)
    return shell._ready._answers


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encodings", ["br", "gzip", "identity", "br;q=0, gzip"])
def test_the_second_answer_is_the_first_one_byte_for_byte_and_header_for_header(served, path, encodings):
    def ask(**headers):
        with served.client.stream("GET", path, headers={"Accept-Encoding": encodings, **headers}) as answer:
            return answer.status_code, sorted(answer.headers.multi_items()), b"".join(answer.iter_raw())

    first = ask()
    assert len(remembered(served)) == 1
    assert ask() == first
    tag = dict(first[1])["etag"]
    ready = ask(**{"If-None-Match": tag})
    remembered(served).clear()
    routed = ask(**{"If-None-Match": tag})
    assert (ready[0], routed[0]) == (304, 304)
    assert ready == routed


def test_a_publication_makes_every_ready_answer_old(served):
    path = "/api/v1/sites/dejima?lang=en"
    tags = [served.client.get(path).headers["etag"] for _ in range(2)]
    served.publish(change(GATE, name={"en": "Sea Gate"}), 1)
    after = served.client.get(path)
    assert tags[0] == tags[1] != after.headers["etag"]
    assert after.json()["landmarks"][0]["name"] == "Sea Gate"
    assert served.client.get(path, headers={"If-None-Match": tags[0]}).status_code == 200


def test_a_refusal_is_never_ready_and_head_is_routed(served):
    for method, path in (("GET", "/api/v1/sites/hirado"), ("HEAD", "/api/v1/sites"), ("GET", "/healthz")):
        served.client.request(method, path)
    assert remembered(served) == {}


def test_endless_spellings_of_a_question_are_not_all_remembered(served):
    for number in range(LIMIT + 20):
        served.client.get(f"/api/v1/sites?{number}")
    assert len(remembered(served)) == LIMIT
    assert served.client.get("/api/v1/sites?more").status_code == 200
