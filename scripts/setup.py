"""Makes the checkout ready to run: virtual environment, packages, built client, bundled models, compiled kernels.

Standard library only, since it runs before anything is installed. Each step leaves a stamp with the hash of what it
was made from, so that a second start does nothing, and a step that was broken off is done again from its beginning.
Usage: python scripts/setup.py [--dev]
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMPS = VENV / "stamps"
LOG = ROOT / "build" / "setup.log"
CLIENT = ROOT / "webxr_client"
# a slow network is no reason to give up; whoever has set these keeps what they set
PATIENCE = {
    "PIP_DEFAULT_TIMEOUT": "120",
    "PIP_RETRIES": "8",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "npm_config_fetch_retries": "6",
    "npm_config_fetch_timeout": "300000",
    "npm_config_update_notifier": "false",
}


def hash_files(paths: Iterable[Path], salt: str) -> str:
    digest = hashlib.sha256(salt.encode())
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def run_logged(command: list[str], where: Path, environment: dict[str, str]) -> None:
    """Run a command with its output in the log, a sign of life on the screen, and the log's end on failure."""
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        try:
            process = subprocess.Popen(
                command,
                cwd=where,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group of its own, that can be ended whole
                close_fds=False,  # it holds the lock as long as it lives, even when this process is killed
            )
        except OSError as error:
            sys.exit(f"{command[0]} cannot be started: {error.strerror}. Delete .venv and run this again.")
        try:
            show_life(process)
        finally:
            if process.poll() is None:
                end_group(process)
    if process.returncode:
        tail = LOG.read_text(errors="replace").splitlines()[-30:]
        print("\n".join(tail), file=sys.stderr)
        sys.exit(
            f"This step failed (exit code {process.returncode}): {' '.join(command)}\n"
            f"The whole log: {LOG}. What was done before is kept; run the same command again to go on."
        )


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a command and all that it started: npm works on in a child of its own when only npm is stopped."""
    if os.name == "nt":
        process.kill()
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        for _ in range(50):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                return
            process.poll()
            time.sleep(0.1)


def show_life(process: subprocess.Popen[bytes]) -> None:
    """Until the process ends, tell the seconds: each on a terminal, every tenth elsewhere."""
    started, shown_s = time.monotonic(), 0
    terminal = sys.stdout.isatty()
    while True:
        try:
            process.wait(timeout=0.2)
            return
        except subprocess.TimeoutExpired:
            elapsed_s = int(time.monotonic() - started)
        if elapsed_s >= shown_s + (1 if terminal else 10):
            shown_s = elapsed_s
            print(f"    {elapsed_s} s ...", end="\r" if terminal else "\n", flush=True)


@dataclass(frozen=True)
class Step:
    """Commands that turn sources into a product; `key` is the hash of the sources, `products` must exist afterwards."""

    title: str
    stamp: str
    key: str
    products: tuple[Path, ...]
    commands: tuple[tuple[list[str], Path], ...]


def is_done(stamp: str, key: str, products: Iterable[Path]) -> bool:
    """Whether a step was carried out to its end on these sources, and all it made is still there."""
    path = STAMPS / stamp
    return path.is_file() and path.read_text() == key and all(product.exists() for product in products)


def set_stamp(stamp: str, key: str) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    draft = STAMPS / f".{stamp}"
    draft.write_text(key)
    draft.replace(STAMPS / stamp)


def carry_out(step: Step) -> None:
    """Run the step's commands unless it is done."""
    if is_done(step.stamp, step.key, step.products):
        return
    (STAMPS / step.stamp).unlink(missing_ok=True)  # broken off, it must not look done
    started = time.monotonic()
    print(f"==> {step.title}", flush=True)
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    for command, where in step.commands:
        run_logged(command, where, {**PATIENCE, **os.environ, "PATH": path})
    missing = [product for product in step.products if not product.exists()]
    if missing:
        sys.exit(f"{step.title}: the commands ended well, but {missing[0]} is not there. The whole log: {LOG}")
    set_stamp(step.stamp, step.key)
    print(f"    done in {time.monotonic() - started:.0f} s", flush=True)


@contextmanager
def alone() -> Iterator[None]:
    """Hold the set-up's lock, so that two of them do not build into the same folders."""
    with (LOG.parent / "setup.lock").open("w") as lock:
        try:
            import fcntl
        except ImportError:  # not on Windows
            yield
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Another set-up of this checkout is running; waiting for it to end.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock.fileno(), True)
        yield


def make_environment() -> None:
    """A virtual environment of this checkout, made anew when it is half made, moved, or of another Python."""
    key = f"{sys.version_info[0]}.{sys.version_info[1]} {ROOT}"
    python = BIN / "python"
    if is_done("environment", key, (python,)):
        return
    if not (python.exists() and is_own_environment(python)):
        print("==> Making .venv", flush=True)
        venv.create(VENV, with_pip=True, clear=VENV.exists())
    set_stamp("environment", key)


def is_own_environment(python: Path) -> bool:
    """Whether an environment without our stamp is whole and was made for this place."""
    told = "import pip, sys; print(sys.version_info[:2], sys.prefix)"
    answer = subprocess.run([str(python), "-c", told], capture_output=True, text=True, check=False)
    pip = BIN / "pip"
    at_home = pip.is_file() and str(BIN) in pip.read_text(errors="replace").partition("\n")[0]
    return answer.stdout.strip() == f"{sys.version_info[:2]} {VENV}" and at_home


def install(extra: str) -> None:
    """The package in editable form with an extra; `dev` holds all of `build`, so it serves for both."""
    key = hash_files([ROOT / "pyproject.toml", ROOT / "constraints.txt"], sys.version)
    command = BIN / "dejima"
    if extra == "build" and is_done("install-dev", key, (command,)):
        return
    pip = [str(BIN / "python"), "-m", "pip", "install", "--constraint", "constraints.txt", "--editable", f".[{extra}]"]
    carry_out(Step(f"Installing Python packages ({extra})", f"install-{extra}", key, (command,), ((pip, ROOT),)))


def build_client() -> None:
    npm = str(BIN / "npm")
    packages = hash_files([CLIENT / "package.json", CLIENT / "package-lock.json"], "")
    whole = CLIENT / "node_modules" / ".package-lock.json"  # npm writes it when everything else is there
    carry_out(Step("Installing client packages", "client-packages", packages, (whole,), (([npm, "ci"], CLIENT),)))
    sources = [path for folder in ("src", "public") for path in (CLIENT / folder).rglob("*") if path.is_file()]
    configuration = [path for path in CLIENT.iterdir() if path.suffix in {".json", ".ts"}]
    key = hash_files([*sources, *configuration], "")
    static = ROOT / "xr_server" / "static"
    products = (static / ".vite" / "manifest.json", static / "sw.js")
    carry_out(Step("Building the client", "client", key, products, (([npm, "run", "build"], CLIENT),)))


def make_models() -> None:
    script = ROOT / "scripts" / "make_dejima_models.py"
    models = ROOT / "content" / "dejima" / "models"
    products = tuple(path.with_suffix(".glb") for path in models.glob("*.json"))
    key = hash_files([script, *(ROOT / "scripts" / "dejima_models").glob("*.py")], "")
    command = [str(BIN / "python"), str(script.relative_to(ROOT))]
    carry_out(Step("Making the models of Dejima", "models", key, products, ((command, ROOT),)))


def find_kernels() -> list[Path]:
    """The modules whose functions are compiled: those that take the compiler from jit.py, and itself."""
    modules = (ROOT / "asset_pipeline").rglob("*.py")
    return [
        path for path in modules if path.name == "jit.py" or "asset_pipeline.jit" in path.read_text(encoding="utf-8")
    ]


def warm_up() -> None:
    """Compile the numeric kernels now, so that no user waits for it."""
    key = hash_files([*find_kernels(), ROOT / "constraints.txt"], sys.version)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = Path(os.environ.get("NUMBA_CACHE_DIR") or home / "dejima-xr" / "numba")  # as jit.py has it
    command = [str(BIN / "python"), "-m", "asset_pipeline", "warm-up"]
    carry_out(Step("Compiling kernels", "warm-up", key, (cache,), ((command, ROOT),)))


def main() -> None:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"Dejima XR runs on Python 3.11 to 3.13; this is {sys.version.split()[0]}.")
    LOG.parent.mkdir(exist_ok=True)
    with alone():
        LOG.write_bytes(b"")
        make_environment()
        install("dev" if "--dev" in sys.argv[1:] else "build")
        build_client()
        make_models()
        warm_up()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped. What was done is kept; run the same command again to go on.")
