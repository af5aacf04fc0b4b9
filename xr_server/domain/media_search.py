"""Which pictures and sounds of the library somebody wants to see. Pure."""

import unicodedata
from dataclasses import dataclass

from xr_server.domain.media import Media


@dataclass(frozen=True)
class Wanted:
    """Of one kind (empty: both), with all of these words, brought in by one account (None: by anybody)."""

    kind: str = ""
    words: str = ""
    owner_id: str | None = None


def matches(wanted: Wanted, media: Media, owner_id: str | None) -> bool:
    """Whether a medium is among what is wanted; words are sought in all that is said of it, in every language."""
    if wanted.kind in ("image", "sound") and media.kind != wanted.kind:
        return False
    if wanted.owner_id is not None and owner_id != wanted.owner_id:
        return False
    said = [media.id, media.creator, media.licence, *media.title.values(), *media.alt.values(), *media.sources]
    said += [words for cue in media.captions for words in cue.text.values()]
    text = _plain(" ".join(said))
    return all(word in text for word in _plain(wanted.words).split())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
