"""The real server process: how it starts, what it says when it cannot, how it ends, and HTTPS for phones nearby."""

import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.journeys.sites import ROOT, environment, free_port, wait_until
from xr_server.errors import Conflict, Invalid
from xr_server.lan import HANDED_OUT_AS, issue_certificate, make_install_app, open_authority
from xr_server.serving import Listener, open_socket

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture
def data_dir(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """Migrated, empty stores."""
    for store in ("catalog", "events"):
        shutil.copy(migrated_sqlite / f"{store}.sqlite3", tmp_path / f"{store}.sqlite3")
    return tmp_path


@pytest.fixture
def dejima(data_dir: Path) -> Iterator:
    """Starts `dejima` with arguments; what still runs at the end of the test is ended."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **variables: str) -> "subprocess.Popen[str]":
        running.append(
            subprocess.Popen(
                [sys.executable, "-m", "xr_server.cli", *arguments],
                cwd=ROOT,
                env={**environment(data_dir), **variables},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def ask(url: str, context: ssl.SSLContext | None = None) -> bytes:
    with urllib.request.urlopen(url, timeout=10, context=context) as answer:
        return answer.read()


def answers(url: str, context: ssl.SSLContext | None = None):
    """A condition: the address answers."""

    def check() -> bool:
        try:
            return bool(ask(url, context))
        except OSError:
            return False

    return check


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_answers_logs_templates_only_and_ends_in_order(dejima, workers):
    port = free_port()
    process = dejima("serve", "--port", str(port), "--workers", str(workers))
    wait_until(answers(f"http://localhost:{port}/healthz"), process)
    with pytest.raises(urllib.error.HTTPError):
        ask(f"http://localhost:{port}/api/v1/sites/hirado?lang=en&lat=32.7")
    process.send_signal(signal.SIGTERM)
    said, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"route": "/api/v1/sites/{site}", "method": "GET", "status": 404}.items() <= lines[-1].items()
    assert "hirado" not in said + errors
    assert "32.7" not in said + errors
    assert "127.0.0.1" not in said + errors


def test_every_answer_is_dated_by_the_second_in_which_it_was_asked_for(dejima):
    port = free_port()
    wait_until(answers(f"http://127.0.0.1:{port}/healthz"), dejima("serve", "--port", str(port)))
    until = time.monotonic() + 2.2  # over two turns of the second, whenever the server began to count
    while time.monotonic() < until:
        asked_at = time.time()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            dated_at = parsedate_to_datetime(answer.headers["date"]).timestamp()
        assert int(asked_at) <= dated_at <= time.time()
        assert answer.headers.get_all("date") == [answer.headers["date"]]
        time.sleep(0.02)  # nobody reads the server's lines here, and a full pipe would stop it


def test_ctrl_c_ends_a_server_without_a_traceback(dejima):
    port = free_port()
    process = dejima("serve", "--port", str(port))
    wait_until(answers(f"http://localhost:{port}/healthz"), process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, "Traceback" in errors) == (0, False)


def test_a_port_in_use_is_one_sentence_and_exit_code_2(dejima):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = dejima("serve", "--port", str(port))
        _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert errors == (f"Something is already listening on port {port}. Stop it, or choose another port with --port.\n")


@pytest.mark.parametrize(
    ("listener", "said"),
    [
        (Listener(port=70_000), "up to 65535"),
        (Listener(workers=0), "1 to 64 server processes"),
        (Listener(host="no.such.host.invalid"), "cannot listen on no.such.host.invalid"),
        (Listener(host="192.0.2.77"), "Cannot listen on 192.0.2.77"),
    ],
)
def test_a_listener_that_cannot_be_is_refused_with_a_sentence(listener, said):
    with pytest.raises((Invalid, Conflict), match=said):
        open_socket(listener)


@pytest.mark.parametrize(
    ("listener", "url"),
    [
        (Listener(port=8000), "http://localhost:8000"),
        (Listener(host="0.0.0.0", port=8000), "http://localhost:8000"),
        (Listener(host="::1", port=8000), "http://localhost:8000"),
        (Listener(host="192.0.2.7", port=80), "http://192.0.2.7:80"),
        (Listener(host="2001:db8::7", port=80), "http://[2001:db8::7]:80"),
        (Listener(port=8443, lan=True), "https://localhost:8443"),
    ],
)
def test_the_address_that_is_printed_is_one_that_browsers_trust_where_there_is_one(listener, url):
    assert listener.url == url


def test_unknown_settings_are_refused_before_anything_starts(dejima):
    process = dejima("serve", DEJIMA_DATABSE_URL="sqlite://")
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors.startswith("DEJIMA_DATABSE_URL is not a setting")) == (2, True)


# --- phones nearby


def test_a_phone_that_trusts_the_authority_reaches_the_site_over_https(dejima, data_dir):
    port = free_port()
    process = dejima("serve", "--lan", "--port", str(port))
    authority = data_dir / "keys" / "lan-authority.pem"
    wait_until(authority.is_file, process)
    trusting = ssl.create_default_context(cafile=authority)
    wait_until(answers(f"https://localhost:{port}/healthz", trusting), process)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        ask(f"https://localhost:{port}/healthz")
    process.send_signal(signal.SIGTERM)
    said, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert re.search(rf"In this network: https://\d+\.\d+\.\d+\.\d+:{port}\n", said)
    assert "▄" in said  # the QR code


def test_the_install_page_hands_out_the_authority_and_leads_to_the_site(tmp_path):
    authority = open_authority(tmp_path)
    with TestClient(make_install_app(authority, "https://192.0.2.7:8000"), base_url="http://192.0.2.7:8001") as phone:
        page = phone.get("/")
        certificate = phone.get(f"/{HANDED_OUT_AS}")
    assert f'href="/{HANDED_OUT_AS}"' in page.text
    assert 'href="https://192.0.2.7:8000"' in page.text
    assert authority.fingerprint in page.text
    assert "$" not in page.text
    assert certificate.headers["content-type"] == "application/x-x509-ca-cert"
    assert ssl.DER_cert_to_PEM_cert(certificate.content) == (tmp_path / "lan-authority.pem").read_text()


def test_the_authority_is_made_once_and_its_keys_are_the_owners_alone(tmp_path):
    first = open_authority(tmp_path)
    assert open_authority(tmp_path).der == first.der
    issue_certificate(first, tmp_path, ["localhost"], NOW)
    keys = sorted(tmp_path.glob("*-key.pem"))
    assert [oct(path.stat().st_mode & 0o777) for path in keys] == ["0o600", "0o600"]


def test_certificates_hold_for_a_time_that_phones_accept(tmp_path):
    chain, _ = issue_certificate(open_authority(tmp_path), tmp_path, ["localhost", "192.0.2.7"], NOW)
    decoded = ssl._ssl._test_decode_cert(str(chain))  # what the standard library's own tests read certificates with
    first, last = (
        datetime.fromtimestamp(ssl.cert_time_to_seconds(decoded[name]), UTC) for name in ("notBefore", "notAfter")
    )
    assert first < NOW < last
    assert last - first < timedelta(days=825)
    assert sorted(decoded["subjectAltName"]) == [("DNS", "localhost"), ("IP Address", "192.0.2.7")]
