"""What `dejima texts` shows and marks: which texts of a language a person has read, of the interface and of a content folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xr_server.domain.catalog import TextReview
from xr_server.domain.languages import NAMES
from xr_server.domain.ruby import plain
from xr_server.domain.text_review import approve, find_unreviewed, gather_texts
from xr_server.errors import Invalid
from xr_server.routes import reviewed
from xr_server.storage import content


@dataclass(frozen=True)
class Texts:
    """All texts of one language that visitors read: of the interface and of the content, by path, and who approved what."""

    language: str
    interface: dict[str, str]
    content: dict[str, str]
    interface_reviews: Sequence[TextReview]
    content_reviews: Sequence[TextReview]

    @property
    def paths(self) -> list[str]:
        """Every text's path."""
        return [*self.interface, *self.content]

    @property
    def unread(self) -> dict[str, str]:
        """The texts nobody has approved in their present words."""
        open_paths = [
            *find_unreviewed(self.interface, self.interface_reviews, self.language),
            *find_unreviewed(self.content, self.content_reviews, self.language),
        ]
        everything = self.interface | self.content
        return {path: everything[path] for path in open_paths}


def read_texts(folder: Path) -> dict[str, Texts]:
    """The texts of a content folder and of the interface, by language. Raises Invalid for a folder that cannot be read."""
    found = content.read_content(folder)
    told = gather_texts(found.records)
    return {
        language: Texts(
            language,
            dict(reviewed.visitor_texts(language)),
            told.get(language, {}),
            reviewed.load_reviews(),
            found.site.reviews,
        )
        for language in NAMES
    }


def say_summary(texts: dict[str, Texts]) -> Iterator[str]:
    """One line a language: how much has been approved, and how many texts only other languages have."""
    everything = {path for found in texts.values() for path in found.paths}
    for language, found in texts.items():
        total = len(found.paths)
        line = f"{language:10} {total - len(found.unread):4} of {total} approved  {plain(NAMES[language])}"
        missing = len(everything) - total
        yield f"{line} ({missing} missing)" if missing else line


def say_unread(texts: Texts, prefix: str) -> Iterator[str]:
    """One line for each text that waits to be read: its path and its words."""
    for path, text in texts.unread.items():
        if path.startswith(prefix):
            yield f"{path}\t{' / '.join(text.splitlines())}"


def mark_read(folder: Path, texts: Texts, prefix: str, by: str, on: str) -> int:
    """Note that a person approved the unread texts under a prefix; gives how many. Raises Invalid when there are none."""
    chosen = {path: text for path, text in texts.unread.items() if path.startswith(prefix)}
    if not chosen:
        raise Invalid("nothing_unread", f"Nothing under {prefix or 'this language'} waits to be read.")
    interface = {path: text for path, text in chosen.items() if path in texts.interface}
    told = {path: text for path, text in chosen.items() if path in texts.content}
    if interface:
        reviewed.add_review(approve(interface, texts.language, by, on))
    if told:
        content.add_review(folder, approve(told, texts.language, by, on))
    return len(chosen)
