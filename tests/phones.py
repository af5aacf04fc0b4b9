"""Simulated phones that run the client's own code against a real server, whose clock goes by theirs.

webxr_client/test/day plays what is told here; a phone's script is a list of acts, each at a moment in ms UTC.
"""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2
import uvicorn
from starlette.applications import Starlette

from tests.samples import Clock
from xr_server.parts import Parts
from xr_server.serving import READ_BYTES, Line

ROOT = Path(__file__).parent.parent
RUN = ROOT / "webxr_client" / "test" / "day" / "run.mjs"
STEP_MS = 10_000
"""Phones act side by side within so long; the server's clock stands at its end."""
Wish = Literal["none", "pages_and_servers", "servers"]
Act = dict[str, Any]


@dataclass
class Phone:
    """A phone and what is done with it; moments are given in seconds after its visit begins at `begins_at` (ms UTC).

    wish: whom its browser tells that nobody is to be followed.
    """

    begins_at: int
    language: str = "ja"
    device: str = "phone"
    wish: Wish = "none"
    acts: list[Act] = field(default_factory=list)

    def do(self, after_s: float, what: str, **said: Any) -> None:
        """Add an act."""
        self.acts.append({"at": self.begins_at + round(1000 * after_s), "do": what, **said})

    def open(self, after_s: float = 0, search: str = "") -> None:
        """Open the site's first page."""
        self.do(after_s, "open", language=self.language, search=search)

    def choose(self, after_s: float, state: str) -> None:
        """Answer the question about counting."""
        self.do(after_s, "choose", state=state)

    def dispatch(self, after_s: float, kind: str, **said: Any) -> None:
        """Let something happen to the visit."""
        self.do(after_s, "dispatch", action={"type": kind, **said})

    def tell(self, after_s: float, kind: str, **said: Any) -> None:
        """Let a part of the page tell something."""
        self.do(after_s, "tell", happening={"type": kind, **said})

    def stand(self, after_s: float, place: tuple[float, float]) -> None:
        """Be somewhere, with a good position."""
        fix = {"lat": place[0], "lon": place[1], "accuracy_m": 5}
        self.dispatch(after_s, "position_changed", position={"kind": "granted", "fix": fix})

    def show_model(self, after_s: float) -> None:
        """The model of the open experience is seen on the page."""
        self.dispatch(after_s, "stage_changed", stage={"kind": "shown", "level": 1, "spots": 0})

    def leave(self, after_s: float) -> None:
        """Put the phone away: the page goes out of sight, and is closed."""
        self.do(after_s, "show", how="hidden")
        self.do(after_s + 0.1, "leave")


@contextmanager
def serve_app(app: Starlette) -> Iterator[str]:
    """The app on a socket of this machine, in a thread; gives the address it begins with."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        # a process has one server elsewhere, whose connections read into one buffer; here each server needs one of its own
        http = type("OwnLine", (Line,), {"_buffer": memoryview(bytearray(READ_BYTES))})
        server = uvicorn.Server(uvicorn.Config(app, http=http, log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        until_s = time.monotonic() + 30
        while not server.started and thread.is_alive() and time.monotonic() < until_s:
            time.sleep(0.01)
        assert server.started
        try:
            yield f"http://localhost:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


def parts_of_app(app: Starlette) -> Parts:
    """What a server works with."""
    parts: Parts = app.state.parts
    return parts


def load_documents(origin: str, languages: Sequence[str]) -> dict[str, Any]:
    """The site as each phone has it by language; without rallies, whose cards would need a screen."""
    documents = {}
    for language in languages:
        answer = httpx2.get(f"{origin}/api/v1/sites/dejima", params={"lang": language})
        documents[language] = {**answer.raise_for_status().json(), "rallies": []}
    return documents


def play(
    crowds: Mapping[str, Sequence[Phone]], clock: Clock, folder: Path, on_step: Callable[[], None]
) -> dict[str, list[int]]:
    """Let all phones do what they do, the clock going along, each at the server of an address.

    Gives how many requests of each phone reached its server. folder: an empty one for the phones' program.
    """
    languages = sorted({phone.language for phones in crowds.values() for phone in phones})
    script = {
        "step_ms": STEP_MS,
        "crowds": [
            {
                "origin": origin,
                "documents": load_documents(origin, languages),
                "phones": [_script_of(phone) for phone in phones],
            }
            for origin, phones in crowds.items()
        ],
    }
    with subprocess.Popen(
        ["node", str(RUN), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=RUN.parent
    ) as node:
        assert node.stdin and node.stdout
        node.stdin.write(json.dumps(script) + "\n")
        node.stdin.flush()
        for line in node.stdout:
            told: Mapping[str, Any] = json.loads(line)
            if "requests" in told:
                return dict(zip(crowds, told["requests"], strict=True))
            clock.at = told["at"]
            on_step()
            node.stdin.write("\n")
            node.stdin.flush()
    raise AssertionError(f"the phones broke off with {node.returncode}")


def _script_of(phone: Phone) -> dict[str, Any]:
    acts = sorted(phone.acts, key=lambda act: int(act["at"]))
    return {"device": phone.device, "wish": phone.wish, "acts": acts}
