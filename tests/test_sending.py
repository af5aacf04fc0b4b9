"""What `dejima upload` does on bad lines, at the level of requests: waits, smaller parts, giving up, and saying why."""

import ssl
from pathlib import Path

import pytest

from xr_server import sending
from xr_server.errors import Invalid, Unavailable
from xr_server.sending import Answer, Memory, Sending, Server

MEBIBYTE = 1024 * 1024
PLACE = "/api/v1/uploads/1"


class Time:
    """A clock that only waiting moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits: list[float] = []
        monkeypatch.setattr(sending.time, "sleep", self.waits.append)
        monkeypatch.setattr(sending.time, "monotonic", lambda: sum(self.waits))


class BadLine:
    """A server behind a line that breaks whenever a part is larger than it lets through."""

    server = Server("https://xr.example.org", "token")

    def __init__(self, most_bytes: float, damages: int = 0) -> None:
        self.most_bytes, self.damages, self.kept = most_bytes, damages, b""
        self.parts: list[int] = []

    def ask(self, method: str, _path: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        if method == "POST":
            return Answer(201, {"location": PLACE}, b"")
        if method == "PATCH":
            assert body is not None and int(headers["Upload-Offset"]) == len(self.kept)
            self.parts.append(len(body))
            if len(body) > self.most_bytes:
                raise ConnectionResetError("reset")
            if self.damages:
                self.damages -= 1
                return Answer(460, {}, b"")
            self.kept += body
        return Answer(200, {"upload-offset": str(len(self.kept))}, b"")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Time:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Time(monkeypatch)


def send(line: BadLine, tmp_path: Path, size_bytes: int) -> bytes:
    path = tmp_path / "wall.ply"
    path.write_bytes(bytes(range(256)) * (size_bytes // 256))
    Sending(line, path, {"title": "Wall"}, lambda _: None).run(Memory("key"))  # type: ignore[arg-type]
    return path.read_bytes()


def test_a_line_that_breaks_on_large_parts_gets_smaller_ones_after_a_pause_each(clock: Time, tmp_path: Path) -> None:
    line = BadLine(1.5 * MEBIBYTE)
    assert send(line, tmp_path, 8 * MEBIBYTE) == line.kept
    assert line.parts[:4] == [8 * MEBIBYTE, 4 * MEBIBYTE, 2 * MEBIBYTE, MEBIBYTE]
    broken = sum(part > line.most_bytes for part in line.parts)
    assert len(clock.waits) == broken and min(clock.waits) >= sending.FIRST_WAIT_S


def test_a_line_that_lets_nothing_through_is_given_up_after_ten_minutes_of_growing_pauses(
    clock: Time, tmp_path: Path
) -> None:
    line = BadLine(0)
    with pytest.raises(Unavailable, match="run the same command again"):
        send(line, tmp_path, 8 * MEBIBYTE)
    assert sending.PATIENCE_S < sum(clock.waits) < sending.PATIENCE_S + 2 * sending.LONGEST_WAIT_S
    assert len(line.parts) < 50 and min(line.parts) == sending.SMALLEST_CHUNK_BYTES
    assert Memory("key").location == PLACE  # the next run goes on


def test_a_part_that_arrives_damaged_is_sent_again_after_a_pause(clock: Time, tmp_path: Path) -> None:
    line = BadLine(float("inf"), damages=3)
    assert send(line, tmp_path, MEBIBYTE) == line.kept
    assert clock.waits == [1, 2, 4]


def test_a_certificate_that_is_not_trusted_is_said_at_once(
    clock: Time, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = BadLine(float("inf"))

    def refuse(*_: object) -> Answer:
        raise ssl.SSLCertVerificationError("self-signed certificate in certificate chain")

    monkeypatch.setattr(line, "ask", refuse)
    with pytest.raises(Invalid, match="SSL_CERT_FILE"):
        send(line, tmp_path, MEBIBYTE)
    assert clock.waits == []
