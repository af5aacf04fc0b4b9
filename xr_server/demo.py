"""`dejima demo` and `dejima import`: bundled models packaged, content imported, server and worker started."""

import ctypes
import json
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from xr_server.app import migrate_stores, system_clock
from xr_server.bundled import Bench, package_models
from xr_server.child import DIES_WITH_PARENT
from xr_server.domain.account import NewAccount, Role
from xr_server.domain.catalog import Record, Scene
from xr_server.domain.content_check import warn_of_heights
from xr_server.errors import Conflict, NotFound
from xr_server.serving import ACCESS_FILE, QUIET_APP, Listener, end_on_sigterm, open_socket, serve_on
from xr_server.settings import Settings
from xr_server.storage.accounts import add_account
from xr_server.storage.content import Content, copy_models, read_content
from xr_server.storage.database import open_engine
from xr_server.storage.files import write_file
from xr_server.storage.imports import Delivery, Imported, import_content, withdraw_left
from xr_server.storage.packages import load_packages

CONTENT = Path(__file__).resolve().parent.parent / "content" / "dejima"
LOGINS_FILE = "demo-logins.json"
DEMO_ROLES: tuple[Role, ...] = ("staff", "creator")
WORKER = (sys.executable, "-m", "xr_server.cli", "work")
WORKER_GRACE_S = 10
MAX_NAMED = 5


def say(text: str) -> None:
    """One line for the person at the terminal, at once."""
    print(text, flush=True)  # noqa: T201 - the command line's own voice


def import_with_models(
    settings: Settings, catalog: Engine, folder: Path, replace: bool, withdraw: bool = False
) -> Imported:
    """Check a content folder, package its models, import its records, and say what came of it. Raises Invalid, Conflict.

    replace: over what staff have edited; withdraw: what was imported once and is no longer in the folder.
    """
    content = read_content(folder)
    for warning in warn_of_heights(content.records):
        say(f"Please check {warning}")
    bench = Bench(settings, catalog, content.site.id, system_clock)
    built = package_models(bench, folder, content.models, say)
    copy_models(folder, exported_models(settings, content.site.id))
    delivery = Delivery(content.records, folder, settings.package_dir)
    outcome = import_content(catalog, content.site.id, delivery, replace, system_clock())
    taken_back = withdraw_left(catalog, content.site.id, outcome, system_clock()) if withdraw else 0
    for line in describe(content, outcome, built, taken_back):
        say(line)
    packages, _ = load_packages(catalog, content.site.id)
    for scene, digest in named_packages(content.records):
        if digest not in packages:
            say(f"The scene {scene} stays hidden: its package {digest[:12]}... is not in this store.")
    return outcome


def named_packages(records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    """Scenes that name a package of the store rather than a bundled model, as (scene, digest)."""
    for scene in (record for record in records if isinstance(record, Scene)):
        yield from ((scene.id, node.package) for node in scene.nodes if node.package)


def exported_models(settings: Settings, site_id: str) -> Path:
    """Where the bundled models of an imported site are kept, for its export."""
    return settings.data_dir / "content" / site_id


def describe(content: Content, outcome: Imported, built: int, taken_back: int = 0) -> Iterator[str]:
    """What an import did, in sentences."""
    name = content.site.id
    if not outcome.changed and not built and not taken_back:
        yield f"{name} is as it was: {len(outcome.unchanged)} records, {len(content.models)} models, nothing to change."
    else:
        counts = f"{len(outcome.created)} new, {len(outcome.updated)} changed, {len(outcome.unchanged)} unchanged"
        yield f"Imported {name}: {counts}; {built} of {len(content.models)} models packaged."
    if outcome.kept:
        yield f"Kept as staff left them ({_some(outcome.kept)}). To overwrite them: dejima import DIR --replace"
    if outcome.left and taken_back:
        yield f"No longer in the folder, and withdrawn ({_some(outcome.left)})."
    elif outcome.left:
        yield f"No longer in the folder, still published ({_some(outcome.left)}). To take them back: dejima import DIR --withdraw"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more


def make_logins(settings: Settings, catalog: Engine, site_id: str) -> dict[str, dict[str, str]]:
    """The demonstration's accounts by role, random per data folder, kept readable in it; made when they are not there."""
    path = settings.data_dir / LOGINS_FILE
    if not path.is_file():
        logins = {role: {"name": f"demo-{role}", "password": secrets.token_urlsafe(12)} for role in DEMO_ROLES}
        write_file(path, (json.dumps(logins, indent=2) + "\n").encode(), mode=0o600)
    logins = json.loads(path.read_text(encoding="utf-8"))
    for role, login in logins.items():
        account = NewAccount(site_id, login["name"], role, login["password"])
        try:
            add_account(catalog, account, system_clock(), secrets.token_bytes)
        except Conflict:  # there since an earlier start
            continue
    return logins  # type: ignore[no-any-return]


def run_demo(settings: Settings, listener: Listener, content: Path = CONTENT) -> None:
    """Import Dejima, start a worker, serve until told to stop. Raises Conflict, Invalid, NotFound."""
    if not content.is_dir():
        raise NotFound("content_missing", f"The demonstration needs the folder {content} of the source checkout.")
    end_on_sigterm()
    with open_socket(listener) as sock:  # first, so that a taken port costs nobody a minute
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        catalog, events = open_engine(settings.catalog_url), open_engine(settings.events_url)
        migrate_stores(catalog, events)
        import_with_models(settings, catalog, content, replace=False)
        logins = make_logins(settings, catalog, "dejima")
        catalog.dispose()
        events.dispose()
        with running_worker():
            for line in greet(listener, logins, settings):
                say(line)
            serve_on(sock, settings, listener, QUIET_APP)


def greet(listener: Listener, logins: dict[str, dict[str, str]], settings: Settings) -> Iterator[str]:
    """Where to look, and how to sign in."""
    yield ""
    yield f"  Dejima is at   {listener.url}"
    for role, login in logins.items():
        yield f"  {role.capitalize():14} {login['name']}   password {login['password']}   at {listener.url}/login"
    yield f"  The logins are also in {settings.data_dir / LOGINS_FILE}, requests in {settings.data_dir / ACCESS_FILE}."
    yield "  Ctrl-C ends it all."
    yield ""


@contextmanager
def running_worker() -> Iterator[None]:
    """A worker beside the server, ended with it, even when the server is killed."""
    process: subprocess.Popen[Any] = subprocess.Popen(  # noqa: S603 - a fixed command of ours, no shell
        WORKER,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches the server only, which then ends the worker in order
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - one thread so far
    )
    ending = threading.Event()
    watch = threading.Thread(target=_tell_of_end, args=(process, ending), daemon=True)
    watch.start()
    try:
        yield
    finally:
        ending.set()
        process.terminate()
        try:
            process.wait(WORKER_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
        watch.join()


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGTERM)


def _tell_of_end(process: "subprocess.Popen[Any]", ending: threading.Event) -> None:
    code = process.wait()
    if not ending.is_set():
        say(f"The worker has ended (exit code {code}); scans wait until it runs again: dejima work")
