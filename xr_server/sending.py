"""Sends a scan from a terminal over tus 1.0.0: goes on after broken lines, restarts of the server, and its own end.

Standard library only but for the progress bar. What was begun is remembered in the user's cache folder, by the content of
the file and what is said about it: the same command run again goes on where the server has got to.
"""

import base64
import hashlib
import http.client
import json
import os
import ssl
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from xr_server.domain.said import flatten
from xr_server.domain.scan import FINAL_STATES, parse_details
from xr_server.errors import Busy, Conflict, DejimaError, Invalid, NotFound, NotSignedIn, TooLarge, Unavailable

TUS = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}
CHUNK_TYPE = "application/offset+octet-stream"
CHECKSUM_MISMATCH = 460  # a status code of the tus protocol
CHUNK_BYTES = 8 * 1024 * 1024
SMALLEST_CHUNK_BYTES = 256 * 1024  # on a line that broke: what is lost with the next break is less
READ_BYTES = 1024 * 1024
ANSWER_S = 60
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
PATIENCE_S = 600  # without any byte acknowledged; then the command ends, and can be run again
POLL_S = 2.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")
UNTOUCHED = (1980, 1, 1, 0, 0, 0)
"""One moment for all members of a ZIP: the same files make the same bytes, so that an upload of them can go on."""


@dataclass(frozen=True)
class Server:
    """Where scans go: scheme, host and port of the server, and the token that lets a program in."""

    url: str
    token: str


@dataclass(frozen=True)
class Sent:
    """What became of an upload."""

    scan_id: str
    page: str


@dataclass(frozen=True)
class Answer:
    """One answer of the server; header names in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Line:
    """The connection to a server, opened again when it broke."""

    server: Server
    connection: http.client.HTTPConnection | None = None
    parts: Any = field(init=False)

    def __post_init__(self) -> None:
        self.parts = urlsplit(self.server.url)

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One request. Raises OSError or HTTPException when the line breaks."""
        if self.connection is None:
            secure = self.parts.scheme == "https"
            kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
            self.connection = kind(self.parts.hostname, self.parts.port, timeout=ANSWER_S)
        try:
            sent = {**TUS, "Authorization": f"Bearer {self.server.token}", **headers}
            self.connection.request(method, path, body=body, headers=sent)
            answer = self.connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self) -> None:
        """Let the connection go; the next request opens another one."""
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def read_details(path: Path) -> dict[str, str]:
    """What is said about a scan, from a JSON file, as an upload carries it. Raises Invalid, OSError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Invalid("details_broken", f"{path} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise Invalid("details_broken", f'{path} must hold one object, such as {{"title": ...}}.')
    parse_details(found)
    return flatten(found)


def read_token(path: Path) -> str:
    """The token in a file. Raises OSError."""
    return path.read_text(encoding="utf-8", errors="replace").strip()


def check_server(url: str, token: str) -> Server:
    """The server a command names. Raises Invalid."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise Invalid(
            "server_unusable", f"{url[:100]} is no address of a server; write it like https://xr.example.org."
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise Invalid(
            "server_plain", f"Over {url[:100]} anybody on the way could read your token; use its https address."
        )
    if not token.isascii() or not token.isprintable() or not token or " " in token:
        raise Invalid("token_unusable", "The token file must hold the one token that the page of your account showed.")
    return Server(f"{parts.scheme}://{parts.netloc}", token)


def send_scan(files: list[Path], details: Mapping[str, str], server: Server) -> Sent:
    """Send one scan, several files packed into a ZIP, and return once the server has all of it. Raises DejimaError."""
    with packed(files) as path:
        length = path.stat().st_size
        if not length:
            raise Invalid("empty_file", f"{path.name} is empty. Choose the file your scanning program exported.")
        pairs = {**details, "filename": path.name}
        memory = Memory(_key_of(path, pairs, server))
        with _progress() as bar:
            task = bar.add_task("sending", total=length)
            sending = Sending(Line(server), path, pairs, lambda offset: bar.update(task, completed=offset))
            location = sending.run(memory)
        memory.forget()
    scan_id = location.rpartition("/")[2]
    return Sent(scan_id, f"{server.url}/studio/scans/{scan_id}")


def watch_scan(sent: Sent, server: Server) -> dict[str, Any]:
    """Wait until a scan is built or refused; gives the server's document of it. Raises DejimaError."""
    line, waited_s, last_at = Line(server), FIRST_WAIT_S, time.monotonic()
    with _progress(of_bytes=False) as bar:
        task = bar.add_task("waiting", total=1)
        while True:
            try:
                answer = line.ask("GET", f"/api/v1/scans/{sent.scan_id}", {})
            except ssl.SSLCertVerificationError as error:
                raise _untrusted(server, error) from error
            except (OSError, http.client.HTTPException):
                answer = Answer(503, {}, b"")
            if answer.status == 200:
                document: dict[str, Any] = json.loads(answer.body)
                share = document.get("progress") or 0
                bar.update(task, completed=share, description=str(document.get("stage") or document["state"]))
                if document["state"] in FINAL_STATES:
                    return document
                last_at, waited_s = time.monotonic(), FIRST_WAIT_S
                time.sleep(POLL_S)
            elif answer.status < 500 or time.monotonic() - last_at > PATIENCE_S:
                raise _refusal(answer)
            else:
                time.sleep(waited_s)
                waited_s = min(2 * waited_s, LONGEST_WAIT_S)


@dataclass
class Sending:
    """One upload on its way: where it lies on the server, and how far it is."""

    line: Line
    path: Path
    pairs: Mapping[str, str]
    tell: Callable[[int], None]
    heard_at: float = 0.0
    chunk_bytes: int = CHUNK_BYTES

    def run(self, memory: "Memory") -> str:
        """Send what the server does not have; gives the upload's path there. Raises DejimaError."""
        self.heard_at = time.monotonic()
        length, location = self.path.stat().st_size, memory.location
        offset = None if location is None else self._offset(location)
        if location is None or offset is None:
            location, offset = self._begin(length), 0
            memory.keep(location)
        with self.path.open("rb") as file:
            while offset < length:
                self.tell(offset)
                file.seek(offset)
                offset = self._send(location, offset, file.read(self.chunk_bytes))
        self.tell(length)
        return location

    def _begin(self, length: int) -> str:
        metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in self.pairs.items())
        headers = {"Upload-Length": str(length), "Upload-Metadata": metadata, "Content-Length": "0"}
        answer = self._patiently(lambda: self.line.ask("POST", "/api/v1/uploads", headers))
        if answer.status != 201:
            raise _refusal(answer)
        return urlsplit(answer.headers["location"]).path

    def _offset(self, location: str) -> int | None:
        """How far the server is; None when it knows nothing of this upload any more."""
        answer = self._patiently(lambda: self.line.ask("HEAD", location, {}))
        if answer.status in (404, 410):
            return None
        if answer.status != 200:
            raise _refusal(answer)
        return int(answer.headers["upload-offset"])

    def _send(self, location: str, offset: int, chunk: bytes) -> int:
        """Send one chunk; gives where to go on, which the server says."""
        answer = self._patiently(lambda: self._patch(location, offset, chunk[: self.chunk_bytes]))
        if answer.status == 409:
            found = self._offset(location)
            if found is None:
                raise _refusal(Answer(410, {}, b""))
            return found
        if answer.status not in (200, 204):
            raise _refusal(answer)
        self.heard_at = time.monotonic()
        self.chunk_bytes = min(CHUNK_BYTES, 2 * self.chunk_bytes)
        return int(answer.headers["upload-offset"])

    def _patch(self, location: str, offset: int, chunk: bytes) -> Answer:
        """One attempt at a chunk. Raises OSError, HTTPException when the server is no farther after it."""
        digest = base64.b64encode(hashlib.sha256(chunk).digest()).decode()
        headers = {"Upload-Offset": str(offset), "Content-Type": CHUNK_TYPE, "Upload-Checksum": f"sha256 {digest}"}
        try:
            answer = self.line.ask("PATCH", location, headers, chunk)
        except ssl.SSLCertVerificationError:
            raise
        except (OSError, http.client.HTTPException) as error:
            self.chunk_bytes = max(SMALLEST_CHUNK_BYTES, self.chunk_bytes // 2)
            # the server may have kept all of it, and only its answer got lost
            answer = self.line.ask("HEAD", location, {})
            if answer.status == 200 and int(answer.headers["upload-offset"]) <= offset:
                raise OSError(str(error) or type(error).__name__) from error
        if answer.status == CHECKSUM_MISMATCH:
            raise OSError("a part arrived otherwise than it was sent")
        return answer

    def _patiently(self, step: Callable[[], Answer]) -> Answer:
        """Take a step until the server answers; a server that is restarting or busy is waited for. Raises Unavailable."""
        wait_s = FIRST_WAIT_S
        while True:
            answer, problem = None, ""
            try:
                answer = step()
            except ssl.SSLCertVerificationError as error:
                raise _untrusted(self.line.server, error) from error
            except (OSError, http.client.HTTPException) as error:
                problem = str(error) or type(error).__name__
            if answer is not None and answer.status < 500 and answer.status not in (423, 429):
                return answer
            if answer is not None:
                problem = f"it answers {answer.status}"
            if time.monotonic() - self.heard_at > PATIENCE_S:
                raise Unavailable(
                    "server_silent",
                    f"{self.line.server.url} could not be reached for {PATIENCE_S // 60} minutes ({problem}). What it has "
                    "of the scan is kept there for a week: run the same command again, and it goes on.",
                )
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)


class Memory:
    """Where an upload lies on its server, kept between runs of the command."""

    def __init__(self, key: str) -> None:
        """A key for each content, what is said about it, and server."""
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self.path = Path(cache) / "dejima" / "uploads" / f"{key}.json"

    @property
    def location(self) -> str | None:
        """The path of an upload that was begun; None for a new one."""
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        location = found.get("location") if isinstance(found, dict) else None
        return location if isinstance(location, str) else None

    def keep(self, location: str) -> None:
        """Remember; a cache that cannot be written only costs that a later run begins anew."""
        draft = self.path.with_suffix(f".{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps({"location": location}), encoding="utf-8")
            draft.replace(self.path)
        except OSError:
            return

    def forget(self) -> None:
        """The upload is done."""
        self.path.unlink(missing_ok=True)


@contextmanager
def packed(files: list[Path]) -> Iterator[Path]:
    """One file as it is; several as a ZIP in the folder of temporary files. Raises Invalid, OSError."""
    for path in files:
        with path.open("rb"):
            pass
    if len(files) == 1:
        yield files[0]
        return
    if len({path.name.lower() for path in files}) < len(files):
        raise Invalid("names_twice", "Two of these files have the same name; a scan's files must lie side by side.")
    with TemporaryDirectory(prefix="dejima-upload-") as folder:
        whole = Path(folder, f"{files[0].stem}.zip")
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(files, key=lambda one: one.name):
                member = zipfile.ZipInfo(path.name, UNTOUCHED)
                with archive.open(member, "w", force_zip64=True) as sink, path.open("rb") as source:
                    while block := source.read(READ_BYTES):
                        sink.write(block)
        yield whole


def _key_of(path: Path, pairs: Mapping[str, str], server: Server) -> str:
    running = hashlib.sha256(json.dumps([server.url, sorted(pairs.items())]).encode())
    with path.open("rb") as file:
        while block := file.read(READ_BYTES):
            running.update(block)
    return running.hexdigest()


def _progress(of_bytes: bool = True) -> Progress:
    columns: list[Any] = [TextColumn("{task.description}"), BarColumn()]
    if of_bytes:
        columns += [DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
    return Progress(*columns, console=Console(stderr=True))


def _untrusted(server: Server, error: ssl.SSLCertVerificationError) -> Invalid:
    return Invalid(
        "certificate_untrusted",
        f"The certificate of {server.url} is not trusted here ({error}). For a server with an authority of its "
        "own, such as dejima serve --lan, name its file lan-authority.pem by SSL_CERT_FILE. Nothing was sent.",
    )


def _refusal(answer: Answer) -> Exception:
    """What the server said, as an outcome of ours."""
    try:
        problem = json.loads(answer.body)
        code, text = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, text = "server_refused", f"The server answered {answer.status}, and nothing more; ask its operator."
    kinds: dict[int, type[DejimaError]] = {
        401: NotSignedIn,
        404: NotFound,
        410: NotFound,
        409: Conflict,
        413: TooLarge,
        503: Busy,
    }
    return kinds.get(answer.status, Invalid)(code, text)
