import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live import serve
from tests.samples import add_package, make_scene
from xr_server.routes import packages
from xr_server.routes.packages import MAX_RANGES, find_static, parse_range

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def digest(served):
    """A published scene's package of some kilobytes."""
    name = add_package(served.parts.catalog, served.settings.package_dir, CONTENT)
    served.publish(make_scene(name), 1)
    return name


@pytest.fixture
def client(served, digest):
    return served.client


def test_a_file_of_a_published_package_may_be_kept_for_a_year(client, digest):
    answer = client.get(f"/packages/{digest}/lod0.glb")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "model/gltf-binary"
    assert answer.headers["accept-ranges"] == "bytes"
    tag = answer.headers["etag"]
    assert (tag[0], tag[-1]) == ('"', '"')
    assert client.get(f"/packages/{digest}/manifest.json").headers["etag"] != tag


def test_a_model_for_quick_look_has_the_type_that_iphones_open(served, client, digest):
    (served.settings.package_dir / digest / "model.usdz").write_bytes(b"PK")
    answer = client.get(f"/packages/{digest}/model.usdz")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "model/vnd.usdz+zip")


def test_whoever_has_it_is_told_so(client, digest):
    path = f"/packages/{digest}/lod0.glb"
    tag = client.get(path).headers["etag"]
    for header in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = client.get(path, headers={"If-None-Match": header, "Range": "bytes=0-1"})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, len(CONTENT) - 1),
        ("bytes=-5", len(CONTENT) - 5, len(CONTENT) - 1),
        ("bytes=0-999999999", 0, len(CONTENT) - 1),
        ("bytes=-999999999", 0, len(CONTENT) - 1),
        ("Bytes=7-7", 7, 7),
        ("bytes=3-5, 999999-", 3, 5),
    ],
)
def test_a_part_of_a_file_comes_with_its_place(client, digest, asked, first, last):
    answer = client.get(f"/packages/{digest}/lod0.glb", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-length"] == str(last + 1 - first)


def test_several_parts_come_as_one_answer_of_the_announced_length(client, digest):
    answer = client.get(f"/packages/{digest}/lod0.glb", headers={"Range": "bytes=0-9, 100-109, -10"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert len(answer.content) == int(answer.headers["content-length"])
    for part in (CONTENT[:10], CONTENT[100:110], CONTENT[-10:]):
        assert part in answer.content


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=5-3", "bytes=a-b", "bytes", "bytes=", "bytes=-", "lines=1-2", "bytes=0-1,nonsense", "bytes=--1",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 2 * MAX_RANGES + 2, 2)),
    ],
)  # fmt: skip
def test_a_range_that_cannot_be_read_or_is_absurd_is_ignored(client, digest, asked):
    answer = client.get(f"/packages/{digest}/lod0.glb", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=10240-10241", "bytes=-0", "bytes=99999-100000,88888-"])
def test_a_range_beyond_the_file_is_refused_with_its_length(client, digest, asked):
    answer = client.get(f"/packages/{digest}/lod0.glb", headers={"Range": asked})
    assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_a_part_is_only_sent_of_the_file_the_asker_has_begun(client, digest):
    path = f"/packages/{digest}/lod0.glb"
    tag = client.get(path).headers["etag"]
    same = client.get(path, headers={"Range": "bytes=0-9", "If-Range": tag})
    assert (same.status_code, same.content) == (206, CONTENT[:10])
    for other in ('"other"', f"W/{tag}", "Mon, 01 Jan 2024 00:00:00 GMT", ""):
        whole = client.get(path, headers={"Range": "bytes=0-9", "If-Range": other})
        assert (whole.status_code, whole.content) == (200, CONTENT)
    beyond = client.get(path, headers={"Range": "bytes=999999-", "If-Range": '"other"'})
    assert beyond.status_code == 200


@given(st.text(alphabet="bytes=0123456789-, x", max_size=40), st.integers(1, 2000))
def test_ranges_that_are_kept_always_lie_in_the_file(header, size_bytes):
    for first, last in parse_range(header, size_bytes) or []:
        assert 0 <= first <= last < size_bytes


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_only_packages_of_published_scenes_can_be_fetched(client, served, method):
    hidden = add_package(served.parts.catalog, served.settings.package_dir, b"not published")
    answer = client.request(method, f"/packages/{hidden}/lod0.glb")
    assert answer.status_code == 404
    if method == "GET":
        assert answer.json()["code"] == "package_unknown"


def test_a_withdrawn_package_is_gone_and_says_so(client, served, digest):
    served.withdraw("scene", "gate-1820", 2)
    answer = client.get(f"/packages/{digest}/lod0.glb")
    assert (answer.status_code, answer.json()["code"]) == (410, "package_withdrawn")
    assert "immutable" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize(
    "name", ["none.glb", "..", "%2e%2e%2fsnapshot.json", "..%2f..%2fcatalog.sqlite3", "%00", "a" * 3000, "LOD0.GLB"]
)
def test_no_name_leads_out_of_a_package(client, digest, name):
    answer = client.get(f"/packages/{digest}/{name}")
    assert answer.status_code == 404
    assert answer.json()["code"] in {"file_unknown", "not_found", "package_unknown"}


def test_the_snapshot_beside_the_packages_is_not_one_of_them(client):
    for path in ("/packages/snapshot.json", "/packages/./snapshot.json", "/packages//snapshot.json"):
        assert b"compiled_for_on" not in client.get(path, follow_redirects=True).content


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A built client in a folder of its own."""
    folder = (tmp_path / "static").resolve()
    (folder / "assets").mkdir(parents=True)
    (folder / "assets" / "main-1a2b.js").write_text("console.log('plain')")
    (folder / "assets" / "main-1a2b.js.br").write_bytes(b"brotli bytes")
    (folder / "sw.js").write_text("self.addEventListener('fetch', () => {})")
    (tmp_path / "secret").write_text("secret")
    monkeypatch.setattr(packages, "STATIC_DIR", folder)
    return folder


def test_built_files_with_a_hash_are_immutable_and_come_precompressed(client, built):
    path = "/static/assets/main-1a2b.js"
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert plain.text == "console.log('plain')"
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    with client.stream("GET", path, headers={"Accept-Encoding": "br"}) as packed:
        assert b"".join(packed.iter_raw()) == b"brotli bytes"
    assert packed.headers["content-encoding"] == "br"
    assert packed.headers["content-type"] == plain.headers["content-type"]
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    again = client.get(path, headers={"Accept-Encoding": "br", "If-None-Match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_service_worker_may_cover_the_whole_site_and_is_asked_for_each_time(client, built):
    worker = client.get("/sw.js")
    assert worker.headers["service-worker-allowed"] == "/"
    assert worker.headers["cache-control"] == "no-cache"
    assert worker.headers["content-type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "name",
    ["", "assets", "../secret", "/etc/passwd", "assets/../../secret", "\x00", "a" * 5000, "assets/main-1a2b.js/x"],
)
def test_no_name_leads_out_of_the_built_client(built, name):
    assert find_static(name) is None


def test_a_client_that_was_not_built_is_a_sentence(client, built):
    (built / "sw.js").unlink()
    answer = client.get("/sw.js")
    assert (answer.status_code, answer.json()["code"]) == (404, "file_unknown")
    assert "scripts/run" in answer.json()["detail"]


def test_a_real_server_sends_parts_and_304_over_the_wire(served, digest):
    with serve(served.settings.data_dir) as live:
        path = f"/packages/{digest}/lod0.glb"
        status, headers, body = live.ask("GET", path, Range="bytes=10-19")
        assert (status, body) == (206, CONTENT[10:20])
        assert live.ask("GET", path, If_None_Match=headers["etag"])[::2] == (304, b"")
        assert live.ask("HEAD", path)[1]["content-length"] == str(len(CONTENT))
