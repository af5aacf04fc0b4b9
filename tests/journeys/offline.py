"""What journeys without network have in common: the panel, what the phone keeps, and a connection that can be cut."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from playwright.sync_api import CDPSession, Page, expect

from tests.journeys.sites import free_port

TAKE = "#take"
TAKEN = "Everything is on this phone"
CHUNK_BYTES = 16_384
KEPT = """name => caches.open(name).then(cache => cache.keys())
    .then(keys => keys.map(({ url }) => new URL(url).pathname + new URL(url).search))"""
WEIGHED = """paths => {
    const sizes = new Map(performance.getEntriesByType('resource').map(({ name, encodedBodySize }) => [name, encodedBodySize]))
    return paths.reduce((sum, path) => sum + (sizes.get(location.origin + path) ?? 0), 0)
}"""
WAITING = """new Promise((done, fail) => {
    const opening = indexedDB.open('outbox-dejima')
    opening.onerror = fail
    opening.onsuccess = () => {
        const keys = opening.result.transaction('events').objectStore('events').getAllKeys()
        keys.onsuccess = () => { opening.result.close(); done(keys.result) }
    }
})"""


def begin_taking(page: Page, tap: bool = True) -> None:
    """Scroll to the panel, wait for its size, and tap the button."""
    page.evaluate("performance.setResourceTimingBufferSize(1000)")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.locator(TAKE).scroll_into_view_if_needed()
    button = page.locator(f"{TAKE} button").first
    expect(button).to_contain_text("MB")
    if tap:
        button.click()


def expect_taken(page: Page, words: str = TAKEN) -> None:
    """The panel says that everything is here."""
    expect(page.locator(TAKE)).to_contain_text(words, timeout=30_000)


def take_along(page: Page) -> None:
    """Take the site along, to the end."""
    begin_taking(page)
    expect_taken(page)


def size_on_button(page: Page) -> float:
    """The megabytes that the panel's first button names."""
    found = re.search(r"([\d.]+) MB", page.locator(f"{TAKE} button").first.inner_text())
    assert found is not None
    return float(found[1])


def kept_paths(page: Page, name: str = "taken-dejima") -> list[str]:
    """Path and query of everything that lies in a cache."""
    paths: list[str] = page.evaluate(KEPT, name)
    return paths


def weigh(page: Page, paths: list[str]) -> int:
    """How many bytes such files weighed as they came over the wire to this page."""
    return int(page.evaluate(WEIGHED, paths))


def forget_answers(page: Page) -> None:
    """Empty the browser's own cache, from which it answers for the ten seconds that a site document is fresh."""
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")


def waiting_events(page: Page) -> list[str]:
    """Ids of the events that wait on the phone."""
    ids: list[str] = page.evaluate(WAITING)
    return ids


def set_quota(page: Page, url: str, quota_bytes: int) -> CDPSession:
    """Let the phone have no more room than so much; for as long as the session that is given lives."""
    session = page.context.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": url, "quotaSize": quota_bytes})
    return session


class Line:
    """A connection to a server that can be cut: at once, or after some more bytes have come down."""

    def __init__(self, to_port: int) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.left_bytes: float = float("inf")
        self._to_port = to_port
        self._open: set[socket.socket] = set()
        self._stranded: set[socket.socket] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._ended = threading.Event()
        self._pumps: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("localhost", self.port))
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self, after_bytes: int = 0) -> None:
        """Close everything once so many more bytes have come, and let nothing through until it is mended."""
        self.left_bytes = after_bytes
        if after_bytes == 0:
            self._close_all()

    def mend(self) -> None:
        """Let everything through again."""
        self.left_bytes = float("inf")

    def stall(self) -> None:
        """Keep every connection open, and let nothing come down any more, as a signal does that is almost gone."""
        self._flowing.clear()

    def strand(self) -> None:
        """Let no connection that is open now say anything any more, as when a phone has changed its network; others do."""
        self._stranded |= self._open

    def end(self) -> None:
        """Stop for good."""
        self._flowing.set()
        self._ended.set()
        self._listener.close()
        self._close_all()
        for pump in self._pumps:
            pump.join(timeout=5)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.left_bytes <= 0:
                    near.close()
                    continue
                far = socket.create_connection(("localhost", self._to_port))
                self._open |= {near, far}
                for ends in ((near, far, False), (far, near, True)):
                    self._pumps.append(threading.Thread(target=self._pump, args=ends, daemon=True))
                    self._pumps[-1].start()

    def _pump(self, source: socket.socket, target: socket.socket, down: bool) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK_BYTES):
                self._flowing.wait()
                if source in self._stranded:
                    continue
                if down and not self._let_through(len(data)):
                    target.sendall(data[: len(data) // 2])
                    self._close_all()
                    break
                target.sendall(data)
        if source in self._stranded:
            self._ended.wait()
        for end in (source, target):
            self._shut(end)
            end.close()

    def _let_through(self, size_bytes: int) -> bool:
        with self._lock:
            self.left_bytes -= size_bytes
            return self.left_bytes > 0

    def _close_all(self) -> None:
        for end in list(self._open):
            self._shut(end)

    def _shut(self, end: socket.socket) -> None:
        """Wakes whoever still reads from it: closed alone, it would stay open for the other side until then."""
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        self._open.discard(end)


@contextmanager
def open_line(to_port: int) -> Iterator[Line]:
    """A line to a server's port, ended afterwards."""
    line = Line(to_port)
    try:
        yield line
    finally:
        line.end()
