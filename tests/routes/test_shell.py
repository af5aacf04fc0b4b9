import json
import re

import pytest

from tests.live import serve
from xr_server.logs import describe_fault
from xr_server.routes.shell import CONTENT_SECURITY_POLICY

CONTRACT_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' blob:; "
    "img-src 'self' blob: data:; worker-src 'self' blob:"
)
SECRET_ID = "019ab3de-0000-7000-8000-00000000beef"


def test_the_policy_is_the_one_of_the_contract():
    assert CONTENT_SECURITY_POLICY == CONTRACT_POLICY


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/healthz", {}, 200),
        ("GET", "/api/v1/sites/dejima", {}, 200),
        ("GET", "/api/v1/sites/dejima", {"If-None-Match": "*"}, 304),
        ("HEAD", "/api/v1/sites", {}, 200),
        ("GET", "/api/v1/sites/hirado", {}, 404),
        ("GET", "/nothing/here/at/all", {}, 404),
        ("DELETE", "/api/v1/sites", {}, 405),
        ("OPTIONS", "/api/v1/events", {}, 204),
        ("GET", "/static/%00", {}, 404),
        ("GET", "/packages/" + "0" * 64 + "/lod0.glb", {}, 404),
        ("POST", "/login", {"Content-Length": "99999999"}, 413),
        ("GET", "/login", {"Accept": "text/html"}, 200),
        ("GET", "/studio/", {"Accept": "text/html"}, 303),
    ],
)
def test_every_answer_carries_the_policy_and_its_companions(served, method, path, headers, status):
    answer = served.client.request(method, path, headers=headers)
    assert answer.status_code == status
    assert answer.headers.get_list("content-security-policy") == [CONTRACT_POLICY]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert len(answer.headers.get_list("referrer-policy")) == 1
    assert "geolocation=(self)" in answer.headers["permissions-policy"]
    assert "set-cookie" not in answer.headers or path == "/login"


def test_a_fault_of_ours_is_told_by_kind_and_place_and_never_by_its_words():
    def fail():
        try:
            raise KeyError("the visitor's secret")
        except KeyError as error:
            raise ValueError("more of the secret") from error

    with pytest.raises(ValueError) as failed:
        fail()
    told = describe_fault(failed.value)
    assert "secret" not in told
    assert "ValueError" in told
    assert "KeyError" in told
    assert re.search(r"test_shell\.py:\d+ fail", told)


@pytest.fixture
def live(served):
    """A server process over the same data."""
    with serve(served.settings.data_dir) as running:
        yield running


def websocket(path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


def test_a_real_servers_log_names_routes_and_never_addresses_ids_or_queries(live):
    asked = [
        live.ask("GET", "/api/v1/sites/dejima?lang=en")[0],
        live.ask("GET", "/api/v1/nearby?lat=32.7437&lon=129.8723")[0],
        live.ask("GET", f"/en/dejima/landmarks/water-gate?visit={SECRET_ID}", Referer=f"/x/{SECRET_ID}")[0],
        live.ask("GET", f"/{SECRET_ID}/{SECRET_ID}/{SECRET_ID}/{SECRET_ID}")[0],
        live.ask("GET", f"/packages/{SECRET_ID}/{SECRET_ID}")[0],
        live.ask("POST", "/api/v1/events", f'{{"token":"{SECRET_ID}"}}'.encode(), User_Agent=f"Phone {SECRET_ID}")[0],
        live.ask("GET", f"/fail/{SECRET_ID}?lat=32.7437")[0],
        live.ask("PURGE" + SECRET_ID[:4], f"/healthz?{SECRET_ID}")[0],
    ]
    assert asked[:2] == [200, 200]
    assert asked[3:7] == [404, 404, 400, 500]
    assert live.send_raw(websocket(f"/api/v1/sites/{SECRET_ID}?visit={SECRET_ID}")).startswith(b"HTTP/1.1 ")
    live.send_raw(f"NONSENSE {SECRET_ID}\r\n\r\n".encode())
    live.send_raw(f"GET /{SECRET_ID} HTTP/9.9\r\nX: {SECRET_ID}\r\n\r\n".encode())
    live.send_raw(b"\x16\x03\x01" + SECRET_ID.encode())
    live.send_raw(f"POST /api/v1/events HTTP/1.1\r\nContent-Length: 99\r\n\r\n{SECRET_ID}".encode())
    out, err = live.stop()

    lines = [json.loads(line) for line in out.splitlines()]
    assert all(set(line) == {"route", "method", "status", "bytes", "ms"} for line in lines)
    seen = {(line["route"], line["method"], line["status"]) for line in lines}
    assert ("/api/v1/sites/{site}", "GET", 200) in seen
    assert ("/api/v1/nearby", "GET", 200) in seen
    assert ("/packages/{digest}/{file}", "GET", 404) in seen
    assert ("/fail/{id}", "GET", 500) in seen
    assert ("(none)", "GET", 404) in seen
    assert "ValueError" in err  # the fault itself is told
    for private in (SECRET_ID, "127.0.0.1", "32.7437", "129.8723", "lang=", "Phone", "water-gate", "visit="):
        assert private not in out
        assert private not in err


def test_a_fault_of_ours_reaches_the_visitor_as_a_sentence_under_the_same_policy(live):
    status, headers, body = live.ask("GET", f"/fail/{SECRET_ID}")
    assert (status, json.loads(body)["code"]) == (500, "internal_error")
    assert headers["content-type"] == "application/problem+json"
    assert headers["content-security-policy"] == CONTRACT_POLICY
    assert SECRET_ID.encode() not in body
    assert live.ask("GET", "/healthz")[0] == 200
