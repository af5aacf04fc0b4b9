"""What a phone loads first of Dejima: small in every language, also when every experience has hours of its own each day."""

import hashlib
from datetime import date

import pytest

from tests.samples import make_manifest
from tests.test_content_files import CONTENT
from xr_server.domain.catalog import Experience, Site
from xr_server.domain.publish import compile_sites
from xr_server.domain.published import gather
from xr_server.domain.schedule import HORIZON_DAYS
from xr_server.domain.season import Always, Schedule
from xr_server.storage.publish import press

MOST_BYTES = 12_000  # brotli, with 60 days of occurrences
TODAY = date(2026, 12, 1)
MODELS = {name: hashlib.sha256(name.encode()).hexdigest() for name in CONTENT.models}


@pytest.fixture(scope="module")
def documents():
    """The site documents of all languages, with every experience on from each day's sunset: no two ends are alike."""
    evenings = [
        Schedule(id=record.id, experience=record.id, days=Always(), opens_at="sunset", closes_at="21:00")
        for record in CONTENT.records
        if isinstance(record, Experience)
    ]
    others = [record for record in CONTENT.records if not isinstance(record, Schedule)]
    published = gather([*others, *evenings], {digest: make_manifest(b"glTF") for digest in MODELS.values()}, MODELS)
    return compile_sites(published, 1, TODAY)


@pytest.mark.parametrize("language", next(r for r in CONTENT.records if isinstance(r, Site)).languages)
def test_the_site_document_with_sixty_days_of_hours_fits_into_twelve_kilobytes(documents, language):
    document = documents[language]
    assert len(document["experiences"]) == 3
    assert all(len(experience["occurrences"]) > HORIZON_DAYS for experience in document["experiences"])
    smallest = press(document).forms[0]
    assert (smallest.encoding, len(smallest.body) <= MOST_BYTES) == ("br", True), len(smallest.body)
