"""A guide and two hundred followers at a running server: how soon each learns where the guide is, and what that costs.

Usage: python scripts/bench/group.py http://localhost:8000 [PROCESS]; with the server's process id also its processor time.
"""

import json
import os
import random
import re
import statistics
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode, urlsplit

FOLLOWERS, EVERY_S, STEPS, STEP_S = 200, 2.0, 6, 5.0
PAGE = {"Accept": "text/html"}


def connect(url: str) -> HTTPConnection:
    """A line of one's own, as each phone has."""
    parts = urlsplit(url)
    return HTTPConnection(parts.hostname or "localhost", parts.port or 80, timeout=30)


def begin(url: str) -> tuple[str, str, str, list[str]]:
    """A new group: its code, the guide's cookie, a follower's key, and the stops there are."""
    line = connect(url)
    line.request("POST", "/en/dejima/group")
    answer = line.getresponse()
    answer.read()
    code = (answer.getheader("location") or "").split("/")[2]
    cookie = (answer.getheader("set-cookie") or "").partition(";")[0]
    line.request("GET", f"/g/{code}", headers=PAGE)
    key = re.findall(r'data-group="\w+\.(\w+)"', line.getresponse().read().decode())[0]
    line.request("GET", f"/g/{code}/lead", headers={**PAGE, "Cookie": cookie})
    stops = re.findall(r'name="stop" value="([^"]+)"', line.getresponse().read().decode())
    return code, cookie, key, sorted(set(stops))


def follow(url: str, address: str, learned: dict[int, list[float]], over: threading.Event) -> None:
    """Ask every two seconds from a moment at random; note when each step was learned."""
    line, tag = connect(url), ""
    over.wait(random.random() * EVERY_S)  # noqa: S311 - when phones ask is nobody's secret
    while not over.is_set():
        line.request("GET", address, headers={"If-None-Match": tag} if tag else {})
        answer = line.getresponse()
        body = answer.read()
        if answer.status == 200:
            tag = answer.getheader("etag") or ""
            learned.setdefault(json.loads(body)["step"], []).append(time.monotonic())
        over.wait(EVERY_S)


def processor_s(process: int) -> float:
    """Processor time a process has taken, in seconds."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Lead the group through some steps and print what the followers saw of it."""
    url, process = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None
    code, cookie, key, stops = begin(url)
    learned: dict[int, list[float]] = {}
    over, led = threading.Event(), {}
    address = f"/g/{code}/now?{urlencode({'key': key, 'lang': 'en'})}"
    threads = [
        threading.Thread(target=follow, args=(url, address, learned, over), daemon=True) for _ in range(FOLLOWERS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(2 * EVERY_S)
    before, started = processor_s(process) if process else 0.0, time.monotonic()
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    for step in range(1, STEPS + 1):
        led[step], guide = (
            time.monotonic(),
            connect(url),
        )  # a line of its own: servers close one that rests for five seconds
        guide.request("POST", f"/g/{code}/lead", urlencode({"stop": stops[step % len(stops)]}), headers)
        guide.getresponse().read()
        time.sleep(STEP_S)
    seconds = time.monotonic() - started
    took = (processor_s(process) - before) / seconds if process else None
    over.set()
    for thread in threads:
        thread.join()
    late = [at - led[step] for step in led for at in learned.get(step, [])]
    missing = FOLLOWERS * STEPS - len(late)
    print(f"{FOLLOWERS} followers, {STEPS} steps; not learned within {STEP_S:g} s: {missing}")
    print(f"learned after: median {statistics.median(late):.2f} s, at most {max(late):.2f} s")
    if took is not None:
        print(f"the server took {100 * took:.1f} % of one processor for {FOLLOWERS / EVERY_S:g} questions a second")


if __name__ == "__main__":
    main()
