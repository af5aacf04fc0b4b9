"""What a fresh machine relies on: pinned versions, no hosts, scripts that run, and a set-up that can be broken off."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
SCRIPTS = ["scripts/run", "scripts/test", "scripts/python", ".ci/run"]
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted|npmjs\.|registry\.(?!register)[a-z]+\.|artifactory|jfrog|verdaccio|npmmirror|/simple/",
    re.IGNORECASE,
)
MACHINE = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+|work)/\w")


def read_pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def read_wanted() -> list[Requirement]:
    """What pyproject asks for, with every extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    texts = [*project["dependencies"], *(text for extra in project["optional-dependencies"].values() for text in extra)]
    return [Requirement(text) for text in texts]


def follow(wanted: list[Requirement]) -> dict[str, str]:
    """Names and versions of all that is installed for these requirements, and for what they need in turn."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        need = wanted.pop()
        key = canonicalize_name(need.name), frozenset(need.extras)
        if key in seen:
            continue
        seen.add(key)
        try:
            package = distribution(need.name)
        except PackageNotFoundError:
            pytest.fail(f"{need.name} is asked for and not installed: run scripts/test")
        found[key[0]] = package.version
        for text in package.requires or []:
            requirement = Requirement(text)
            contexts = [{"extra": extra} for extra in ("", *need.extras)]
            if requirement.marker is None or any(requirement.marker.evaluate(context) for context in contexts):
                wanted.append(requirement)
    return found


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_every_package_that_is_needed_is_pinned_to_the_version_that_is_installed():
    pins, installed = read_pins(), follow(read_wanted())
    assert {name: version for name, version in installed.items() if pins.get(name) != version} == {}


def test_nothing_is_pinned_that_nobody_needs():
    assert sorted(set(read_pins()) - set(follow(read_wanted()))) == []


def test_the_constraints_are_names_and_versions_and_nothing_else():
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"[\w.-]+==[\w.]+", line)


def test_the_lock_file_of_the_client_names_no_host():
    text = (ROOT / "webxr_client" / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert len(packages) > 10
    assert not any("resolved" in package for package in packages.values())
    assert all("integrity" in package for name, package in packages.items() if name and not package.get("link"))
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "webxr_client" / ".npmrc").read_text(encoding="utf-8")


def test_no_file_names_a_registry_or_a_path_of_one_machine():
    found = []
    for path in tracked_files():
        if path == Path(__file__):
            continue
        text = path.read_bytes().decode("utf-8", errors="replace")
        found += [
            f"{path.relative_to(ROOT)}: {match[0]}" for rule in (REGISTRY, MACHINE) for match in rule.finditer(text)
        ]
        if str(ROOT) in text:
            found.append(f"{path.relative_to(ROOT)}: {ROOT}")
    assert found == []


@pytest.mark.parametrize(
    "text",
    ["https://pypi.org/project", "https://files.pythonhosted.org", "registry.npmjs.org", "file:///opt/pypi/simple/"],
)
def test_the_search_for_registries_finds_them(text):
    assert REGISTRY.search(text)


@pytest.mark.parametrize("text", ["/root" + "/x", "see /home/kana/dejima", "'/Users/sato/x'", "/work" + "/main"])
def test_the_search_for_machine_paths_finds_them(text):
    assert MACHINE.search(text)
    assert not MACHINE.search("https://localhost/work" + "/main")


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_can_be_run_and_read_by_bash(name):
    assert os.access(ROOT / name, os.X_OK)
    checked = subprocess.run(["bash", "-n", name], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_machine_without_a_fitting_python_is_told_what_to_install(tmp_path):
    scripts = tmp_path / "checkout" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "python").write_bytes((ROOT / "scripts" / "python").read_bytes())
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "dirname").symlink_to("/usr/bin/dirname")
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python"):
        (tools / name).write_text("#!/bin/sh\nexit 1\n")  # as Debian's does without python3-venv
        (tools / name).chmod(0o755)
    command = ["/bin/bash", str(scripts / "python")]
    told = subprocess.run(command, env={"PATH": str(tools)}, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (1, "")
    assert "Python 3.11, 3.12 or 3.13" in told.stderr
    assert "apt install python3-venv" in told.stderr
    (tools / "python3.12").unlink()
    (tools / "python3.12").symlink_to(sys.executable)
    found = subprocess.run(command, env={"PATH": str(tools)}, capture_output=True, text=True, check=False)
    assert found.stdout.strip() == str(tools / "python3.12")


@pytest.fixture
def setup(tmp_path):
    """The set-up script in a checkout of its own, so that its folders lie there."""
    (tmp_path / "scripts").mkdir()
    path = tmp_path / "scripts" / "setup.py"
    path.write_bytes((ROOT / "scripts" / "setup.py").read_bytes())
    specification = importlib.util.spec_from_file_location("setup_in_a_copy", path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    module.LOG.parent.mkdir()
    yield module
    del sys.modules[specification.name]


@pytest.fixture
def step(setup, tmp_path):
    """Makes a step that adds a line to a file, its product."""

    def make(key: str = "key", code: str = "pass"):
        product = tmp_path / "product"
        line = (
            f"from pathlib import Path; {code}; file = Path({str(product)!r}).open('a'); file.write('x'); file.close()"
        )
        return setup.Step("Making x", "x", key, (product,), (([sys.executable, "-c", line], tmp_path),))

    return make


def test_a_step_is_done_once(setup, step, tmp_path, capsys):
    setup.carry_out(step())
    setup.carry_out(step())
    assert (tmp_path / "product").read_text() == "x"
    assert capsys.readouterr().out.count("==> Making x") == 1


def test_a_step_is_done_again_when_its_sources_change_or_its_product_is_gone(setup, step, tmp_path):
    setup.carry_out(step("one"))
    setup.carry_out(step("two"))
    assert (tmp_path / "product").read_text() == "xx"
    (tmp_path / "product").unlink()
    setup.carry_out(step("two"))
    assert (tmp_path / "product").read_text() == "x"


def test_a_step_that_fails_shows_the_end_of_its_log_and_is_done_again(setup, step, tmp_path, capsys):
    setup.carry_out(step("old"))
    with pytest.raises(SystemExit) as ended:
        setup.carry_out(step("new", "print('the reason'); raise SystemExit(7)"))
    assert "exit code 7" in str(ended.value)
    assert "run the same command again" in str(ended.value)
    assert "the reason" in capsys.readouterr().err
    setup.carry_out(step("old"))  # the stamp of before must not make it look done
    assert (tmp_path / "product").read_text() == "xx"


def test_a_step_without_its_product_is_not_done(setup, tmp_path):
    empty = setup.Step("Making nothing", "n", "key", (tmp_path / "none",), (([sys.executable, "-c", ""], tmp_path),))
    with pytest.raises(SystemExit, match="none is not there"):
        setup.carry_out(empty)
    assert not setup.is_done("n", "key", ())


def test_a_command_that_is_not_there_is_a_sentence(setup, tmp_path):
    with pytest.raises(SystemExit, match="cannot be started"):
        setup.run_logged([str(tmp_path / "npm")], tmp_path, {})


def test_a_broken_off_set_up_leaves_no_process_behind(setup, step, tmp_path, monkeypatch):
    started = []
    real = subprocess.Popen

    def interrupted(process):
        started.append(process)
        raise KeyboardInterrupt

    monkeypatch.setattr(setup, "show_life", interrupted)
    with pytest.raises(KeyboardInterrupt):
        setup.carry_out(step("key", "import time; time.sleep(600)"))
    assert isinstance(started[0], real)
    assert started[0].poll() is not None
    assert not setup.is_done("x", "key", ())


def test_a_broken_off_set_up_ends_what_its_commands_started_too(setup, tmp_path, monkeypatch):
    child = tmp_path / "child"
    inner = f"import os, time; open({str(child)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"

    def interrupted(_process):
        while not (child.exists() and child.read_text()):
            threading.Event().wait(0.02)
        raise KeyboardInterrupt

    monkeypatch.setattr(setup, "show_life", interrupted)
    with pytest.raises(KeyboardInterrupt):
        setup.run_logged([sys.executable, "-c", code], tmp_path, dict(os.environ))
    with pytest.raises(ProcessLookupError):
        os.kill(int(child.read_text()), 0)


def test_the_client_is_not_whole_before_npm_has_said_so(setup, tmp_path):
    for name in ("package.json", "package-lock.json"):
        (setup.CLIENT / name).parent.mkdir(exist_ok=True)
        (setup.CLIENT / name).write_text("{}")
    (setup.CLIENT / "node_modules" / "three").mkdir(parents=True)  # as a broken off npm ci leaves it
    setup.BIN.mkdir(parents=True)
    npm = setup.BIN / "npm"
    npm.write_text(
        f'#!{sys.executable}\nimport sys; open("{tmp_path}/asked", "a").write(" ".join(sys.argv[1:]) + "\\n")\n'
    )
    npm.chmod(0o755)
    with pytest.raises(SystemExit):
        setup.build_client()
    assert (tmp_path / "asked").read_text() == "ci\n"


@pytest.mark.parametrize("harm", ["no python", "no pip", "moved here", "empty"])
def test_a_half_made_or_moved_environment_is_made_anew(setup, harm):
    setup.venv.create(setup.VENV, with_pip=False)
    pip = setup.BIN / "pip"
    pip.write_text(f"#!{setup.BIN / 'python'}\n")
    if harm == "no python":
        (setup.BIN / "python").unlink()
    elif harm == "moved here":
        pip.write_text("#!/elsewhere/.venv/bin/python\n")
    elif harm == "empty":
        for path in setup.BIN.iterdir():
            path.unlink()
    left = setup.VENV / "left over"
    left.touch()
    created = []
    real = setup.venv.create
    setup.venv = type(
        "Venv", (), {"create": staticmethod(lambda *a, **k: created.append(k) or real(a[0], clear=k["clear"]))}
    )
    setup.make_environment()
    assert created == [{"with_pip": True, "clear": True}]
    assert not left.exists()
    setup.make_environment()
    assert len(created) == 1


def test_this_checkouts_environment_is_known_as_its_own(setup):
    real = importlib.util.spec_from_file_location("setup_here", ROOT / "scripts" / "setup.py")
    module = importlib.util.module_from_spec(real)
    sys.modules[real.name] = module
    real.loader.exec_module(module)
    if Path(sys.prefix) != module.VENV:
        pytest.skip("the tests run in another environment")
    assert module.is_own_environment(module.BIN / "python")


def test_two_set_ups_at_once_go_one_after_the_other(setup):
    order, inside = [], threading.Event()

    def second():
        inside.wait()
        with setup.alone():
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with setup.alone():
        inside.set()
        thread.join(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_only_the_kernels_decide_whether_they_are_compiled_again(setup, tmp_path):
    pipeline = tmp_path / "asset_pipeline"
    pipeline.mkdir()
    (pipeline / "jit.py").write_text("from numba import njit")
    (pipeline / "bvh.py").write_text("from asset_pipeline.jit import njit")
    (pipeline / "options.py").write_text("import json")
    assert sorted(path.name for path in setup.find_kernels()) == ["bvh.py", "jit.py"]
