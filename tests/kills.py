"""Uploads that go on through kill -9 of their server, and the counts of what that cost."""

import base64
import random
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.bare_sites import CHUNK_TYPE, FIELDS
from tests.journeys.sites import Served

CHUNK_BYTES = 300_000
PATIENCE_S = 60.0


@dataclass
class Counts:
    """What the kills cost, over all uploads."""

    unanswered: int = 0
    broken: int = 0
    lost_bytes: int = 0
    chunks_resent_at_most: int = 0
    sent: dict[str, bytes] = field(default_factory=dict)

    def break_off(self, acknowledged: int, handed_over: int, offset: int) -> None:
        """An upload goes on at an offset after a break: nothing acknowledged may be missing."""
        self.broken += 1
        self.lost_bytes += max(0, acknowledged - offset)
        self.chunks_resent_at_most = max(self.chunks_resent_at_most, -(-max(0, handed_over - offset) // CHUNK_BYTES))


@dataclass
class Uploader:
    """A program that sends one scan after another, and after each break asks where to go on."""

    site: Served
    token: str
    chance: random.Random
    counts: Counts
    ending: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._send_all, daemon=True)
        self.errors: list[Exception] = []

    @property
    def goes_on(self) -> bool:
        """Whether nothing has stopped it."""
        return not self.errors

    def end(self) -> None:
        """Finish the scan in hand, and no other one."""
        self.ending.set()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive() and not self.errors, self.errors

    def _send_all(self) -> None:
        try:
            while not self.ending.is_set():
                self._send_one(self.chance.randbytes(self.chance.randrange(1, 20) * 200_000))
        except Exception as error:  # told by the test's own thread
            self.errors.append(error)

    def _send_one(self, data: bytes) -> None:
        pairs = ",".join(
            f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in {"filename": "w.ply", **FIELDS}.items()
        )
        headers = {"Upload-Length": str(len(data)), "Upload-Metadata": pairs}
        while (begun := self._ask("POST", "/api/v1/uploads", headers)) is None:
            pass  # whether it began is not known: another one is begun, and the first one expires
        location, offset = begun["location"], 0
        self.counts.sent[location.rpartition("/")[2]] = data
        while offset < len(data):
            part = data[offset : offset + CHUNK_BYTES]
            headers = {"Upload-Offset": str(offset), "Content-Type": CHUNK_TYPE}
            answer = self._ask("PATCH", location, headers, part)
            if answer is not None:
                offset = int(answer["upload-offset"])
                continue
            acknowledged, handed_over = offset, offset + len(part)
            while (told := self._ask("HEAD", location, {})) is None:
                pass
            offset = int(told["upload-offset"])
            self.counts.break_off(acknowledged, handed_over, offset)

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> dict[str, str] | None:
        """The headers of an answer; None when the connection broke, or there is no server yet."""
        own = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        connection = HTTPConnection("127.0.0.1", self.site.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, {**own, **headers})
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, HTTPException):
            self.counts.unanswered += 1
            time.sleep(0.05)
            return None
        finally:
            connection.close()
        if answer.status == 423:  # the killed server's connection is not closed yet
            return None
        assert answer.status < 300, (method, answer.status, said)
        return {name.lower(): value for name, value in answer.getheaders()}


def half_files(counts: Counts, folder: Path, whole: set[str]) -> list[str]:
    """Scans that are said to be there whole, and are not."""
    return [name for name in whole if next((folder / name).iterdir()).read_bytes() != counts.sent[name]]
