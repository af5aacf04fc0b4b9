"""What a page of a scene tells the browser to load at once, so that nothing waits for a round trip more than it must."""

import re

import pytest

from tests.routes.conftest import World
from tests.routes.visitor_world import fill_site
from xr_server.routes.pages import asset, chunks
from xr_server.routes.visitor import first_files

BROWSER = "text/html,image/avif,image/webp,*/*;q=0.8"
OLDER = "text/html,*/*;q=0.8"


@pytest.fixture
def client(world: World):
    fill_site(world)
    return world.visitor()


def hints(client, **headers):
    """Addresses by kind of hint, and the whole page."""
    text = client.get("/en/dejima/xr/day", headers=headers).text
    found = {kind: re.findall(rf'<link rel="{kind}" href="([^"]+)"', text) for kind in ("preload", "modulepreload")}
    found["later"] = "".join(re.findall(r' data-stage="([^"]*)"', text)).split()
    return {kind: [address.replace("&amp;", "&") for address in found[kind]] for kind in found}, text


def coarsest_of(client):
    (scene,) = {item["scene"] for item in client.get("/api/v1/sites/dejima").json()["experiences"]}
    address = f"/api/v1/sites/dejima/scenes/{scene}?lang=en"
    return address, client.get(address).json()["nodes"][0]["lods"][-1]


def test_everything_the_first_look_needs_is_asked_for_at_once_and_the_stage_is_named_for_later(client):
    found, _ = hints(client, accept=BROWSER)
    address, coarsest = coarsest_of(client)
    assert found["preload"] == ["/api/v1/sites/dejima?lang=en", address, coarsest.get("avif", coarsest)["url"]]
    stage = "src/orbit/stage.ts"
    assert found["modulepreload"] == chunks("src/immersive.ts")
    assert {*found["later"], *found["modulepreload"]} == {asset(stage), *chunks(stage), *chunks("src/immersive.ts")}
    assert len(found["later"]) == 2  # three and the stage itself


def test_the_picture_does_not_compete_with_the_model_and_is_there_without_script(client):
    _, text = hints(client, accept=BROWSER)
    (picture,) = re.findall(r'<img class="poster" id="picture"[^>]*>', text)
    assert " hidden data-src=" in picture
    assert re.search(r'<noscript><img class="poster" src="/packages/[^"]+poster.webp"', text)


def test_who_saves_data_gets_the_picture_and_decides_about_the_rest(client):
    found, text = hints(client, accept=BROWSER, **{"save-data": "on"})
    assert not [address for address in found["preload"] if "/packages/" in address]
    assert found["modulepreload"] == chunks("src/immersive.ts")
    assert found["later"] == []
    assert re.search(r'<img class="poster" id="picture" src="/packages/', text)


def test_a_browser_that_does_not_say_what_it_reads_is_not_sent_a_file_it_may_not_take(client):
    _, coarsest = coarsest_of(client)
    found, _ = hints(client, accept=OLDER)
    taken = [address for address in found["preload"] if "/packages/" in address]
    assert taken == ([] if "avif" in coarsest else [coarsest["url"]])


def test_caches_between_are_told_what_the_page_depends_on(client):
    answer = client.get("/en/dejima/xr/day", headers={"accept": BROWSER})
    assert set(answer.headers["vary"].split(", ")) == {"Accept", "Accept-Encoding", "Save-Data"}


def test_the_first_file_is_of_a_model_that_stands_in_the_era_seen_first():
    nodes = [
        {"eras": eras, "lods": [{"url": f"/{name}.glb"}]} for name, eras in (("new", ["y2000"]), ("old", ["y1820"]))
    ]
    eras = [{"id": "y1820"}, {"id": "y2000"}]
    assert first_files({"nodes": nodes, "eras": eras, "initial_era": "y1820"}, reads_avif=False) == ["/old.glb"]
    assert first_files({"nodes": nodes, "eras": eras, "initial_era": "y2000"}, reads_avif=False) == ["/new.glb"]
    assert first_files({"nodes": nodes, "eras": [], "initial_era": None}, reads_avif=False) == ["/new.glb"]
    assert first_files({"nodes": [], "eras": [], "initial_era": None}, reads_avif=False) == []
