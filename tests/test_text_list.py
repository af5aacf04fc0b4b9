"""`dejima texts`: what waits to be read is listed by language, and a mark holds for the words as they were."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xr_server.cli import app
from xr_server.domain.languages import NAMES
from xr_server.routes import reviewed
from xr_server.storage.content import read_content

DEJIMA = Path(__file__).resolve().parents[1] / "content" / "dejima"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A content folder of its own, and reviews of the interface that no other test sees."""
    target = tmp_path / "dejima"
    shutil.copytree(DEJIMA, target)
    reviews = tmp_path / "reviews.json"
    reviews.write_text("[]\n")
    monkeypatch.setattr(reviewed, "REVIEWS_FILE", reviews)
    return target


def run(folder: Path, *options: str) -> list[str]:
    done = CliRunner().invoke(app, ["texts", str(folder), *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output.splitlines()


def test_nobody_has_read_anything_yet_and_every_language_says_so(folder: Path) -> None:
    lines = run(folder)
    assert [line.split()[:2] for line in lines] == [[language, "0"] for language in NAMES]


def test_a_mark_holds_until_the_words_change(folder: Path) -> None:
    waiting = run(folder, "--language", "ko", "--only", "landmarks.suimon.")
    assert [line.split("\t")[0] for line in waiting] == ["landmarks.suimon.name", "landmarks.suimon.history"]
    assert run(folder, "--language", "ko", "--only", "landmarks.suimon.", "--approved-by", "Kim") == [
        "2 texts are marked as approved by Kim."
    ]
    assert run(folder, "--language", "ko", "--only", "landmarks.suimon.") == [""]
    (review,) = read_content(folder).site.reviews
    assert (review.language, review.by, len(review.texts)) == ("ko", "Kim", 2)
    path = folder / "texts" / "ko.json"
    texts = json.loads(path.read_text(encoding="utf-8"))
    texts["landmarks"]["suimon"]["name"] = "물문"
    path.write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    assert run(folder, "--language", "ko", "--only", "landmarks.suimon.") == ["landmarks.suimon.name\t물문"]


def test_texts_of_the_interface_are_marked_beside_their_catalogues(folder: Path) -> None:
    run(folder, "--language", "nl", "--only", "visitor.skip", "--approved-by", "De Vries")
    assert run(folder, "--language", "nl", "--only", "visitor.skip") == [""]
    assert read_content(folder).site.reviews == []
    assert reviewed.load_reviews()[0].by == "De Vries"


@pytest.mark.parametrize("options", [["--language", "tlh"], ["--language", "ko", "--only", "x.", "--approved-by", "K"]])
def test_what_cannot_be_done_is_refused_with_a_sentence(folder: Path, options: list[str]) -> None:
    done = CliRunner().invoke(app, ["texts", str(folder), *options])
    assert done.exit_code != 0
    assert str(done.exception).endswith(".")
