"""Makes the checkout ready to run: virtual environment, packages, built client, bundled models, compiled kernels.

Standard library only, since it runs before anything is installed. Each step leaves a stamp with the hash of what it
was made from, so that a second start does nothing. Usage: python scripts/setup.py [--dev]
"""

import hashlib
import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMPS = VENV / "stamps"
LOG = ROOT / "build" / "setup.log"
CLIENT = ROOT / "webxr_client"


def hash_files(paths: Iterable[Path], salt: str) -> str:
    digest = hashlib.sha256(salt.encode())
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def run_logged(command: list[str], where: Path, environment: dict[str, str]) -> None:
    """Run a command with its output in the log, a sign of life on the screen, and the log's end on failure."""
    started = time.monotonic()
    terminal = sys.stdout.isatty()
    shown_s = 0
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        process = subprocess.Popen(command, cwd=where, env=environment, stdout=log, stderr=subprocess.STDOUT)
        while process.poll() is None:
            time.sleep(0.1)
            elapsed_s = int(time.monotonic() - started)
            if elapsed_s >= shown_s + (1 if terminal else 10):
                shown_s = elapsed_s
                print(f"\r    {elapsed_s} s" if terminal else f"    {elapsed_s} s ...", end="" if terminal else "\n", flush=True)
    if terminal and shown_s:
        print("\r            \r", end="")
    if process.returncode:
        tail = LOG.read_text(errors="replace").splitlines()[-30:]
        print("\n".join(tail), file=sys.stderr)
        sys.exit(f"This step failed (exit code {process.returncode}): {' '.join(command)}\nThe whole log: {LOG}")


def step(title: str, stamp: str, key: str, commands: list[tuple[list[str], Path]]) -> None:
    """Run the commands unless the stamp already holds the key."""
    path = STAMPS / stamp
    if path.is_file() and path.read_text() == key:
        return
    started = time.monotonic()
    print(f"==> {title}", flush=True)
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for command, where in commands:
        run_logged(command, where, environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(key)
    print(f"    done in {time.monotonic() - started:.0f} s", flush=True)


def make_environment() -> None:
    if not (BIN / "python").exists():
        print("==> Making .venv", flush=True)
        venv.create(VENV, with_pip=True)


def install(extra: str) -> None:
    """The package in editable form with an extra; `dev` holds all of `build`, so it serves for both."""
    key = hash_files([ROOT / "pyproject.toml", ROOT / "constraints.txt"], sys.version)
    if extra == "build" and (STAMPS / "install-dev").is_file() and (STAMPS / "install-dev").read_text() == key:
        return
    pip = [str(BIN / "python"), "-m", "pip", "install", "--constraint", "constraints.txt", "--editable", f".[{extra}]"]
    step(f"Installing Python packages ({extra})", f"install-{extra}", key, [(pip, ROOT)])


def build_client() -> None:
    sources = [path for folder in ("src", "public") for path in (CLIENT / folder).rglob("*") if path.is_file()]
    configuration = [path for path in CLIENT.iterdir() if path.suffix in {".json", ".ts"} or path.name == ".npmrc"]
    packages = hash_files([CLIENT / "package.json", CLIENT / "package-lock.json"], "")
    npm = str(BIN / "npm")
    installed = (CLIENT / "node_modules").is_dir()
    step("Installing client packages", "client-packages", packages if installed else "", [([npm, "ci"], CLIENT)])
    (STAMPS / "client-packages").write_text(packages)
    built = (ROOT / "xr_server" / "static" / ".vite" / "manifest.json").is_file()
    key = hash_files([*sources, *configuration], "")
    step("Building the client", "client" if built else "client-new", key, [([npm, "run", "build"], CLIENT)])
    (STAMPS / "client-new").unlink(missing_ok=True)
    (STAMPS / "client").write_text(key)


def make_models() -> None:
    """The two models made by code. The script skips by itself, but not starting it is faster still."""
    sources = [ROOT / "scripts" / "make_dejima_models.py", *(ROOT / "scripts" / "dejima_models").glob("*.py")]
    models = ROOT / "content" / "dejima" / "models"
    there = all((models / f"{name.stem}.glb").is_file() for name in models.glob("*.json"))
    key = hash_files(sources, "" if there else "missing")
    step("Making the models of Dejima", "models", key, [([str(BIN / "python"), "scripts/make_dejima_models.py"], ROOT)])
    (STAMPS / "models").write_text(hash_files(sources, ""))


def warm_up() -> None:
    """Compile the numeric kernels now, so that no user waits for it."""
    key = hash_files((ROOT / "asset_pipeline").glob("*.py"), sys.version)
    step("Compiling kernels", "warm-up", key, [([str(BIN / "python"), "-m", "asset_pipeline", "warm-up"], ROOT)])


def main() -> None:
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"Dejima XR runs on Python 3.11 to 3.13; this is {sys.version.split()[0]}.")
    LOG.parent.mkdir(exist_ok=True)
    make_environment()
    install("dev" if "--dev" in sys.argv[1:] else "build")
    build_client()
    make_models()
    warm_up()


if __name__ == "__main__":
    main()
