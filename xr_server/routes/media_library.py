"""Pages of the library: every picture and sound of the site, where each is used; added, changed, deleted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xr_server.domain.account import Session, may
from xr_server.domain.captions import say_clock
from xr_server.domain.fields import LANGUAGES
from xr_server.domain.languages import NAMES
from xr_server.domain.media import KB, MAX_SENT_BYTES, Media, suffix_of
from xr_server.domain.media_form import LICENCES, YES, About, Unfit, propose_media_id, read_media_form, type_media
from xr_server.domain.media_search import Wanted, matches
from xr_server.domain.published import pick
from xr_server.domain.ruby import plain
from xr_server.errors import DejimaError, Forbidden, Invalid, Stale
from xr_server.parts import Parts, parts_of
from xr_server.routes.crediting import find_credit, find_credit_of_new
from xr_server.routes.desk import scene_titles
from xr_server.routes.desk_media import may_at_record
from xr_server.routes.guard import MAX_FORM_BYTES, form, page
from xr_server.routes.media_wording import Called, Ways, say_facts, say_use, spot_titles, ways_of
from xr_server.routes.pages import choose_language
from xr_server.routes.problems import STATUS
from xr_server.routes.staff import change_by, field, read_revision, say_problem, staff_page
from xr_server.routes.studio import find_site
from xr_server.routes.teaching import check_not_hidden, hidden_media, may_pass_on
from xr_server.routes.wording import say_when
from xr_server.storage.accounts import load_names
from xr_server.storage.catalog import Name
from xr_server.storage.intake import Held, Kind, find_held, take_in
from xr_server.storage.media_library import Edit, Entry, delete_media, list_library, load_entry, save_media
from xr_server.storage.quotas import defaults_of
from xr_server.storage.reviews import list_notes
from xr_server.storage.scans import Owner

MAX_BODY_BYTES = MAX_SENT_BYTES["image"] + 1000 * KB
MAX_VTT_BYTES = 200 * KB
KINDS: tuple[Kind, ...] = ("image", "sound")
A_PAGE = 48
FIRST_LANGUAGES = ("ja", "en")  # asked for at once; the site's others stand folded below
ACCEPTED = {
    "image": "image/jpeg,image/png,image/webp,image/avif",
    "sound": ".mp3,.m4a,.wav,audio/mpeg,audio/mp4,audio/wav",
}
WORDS = ("title", "alt", "captions")  # by language
NOTICES = ("added", "saved", "deleted", "passed_on", "sent_back")
PLAIN_FIELDS = ("creator", "licence", "licence_other", "sources", "provenance", "language", "loop", "no_persons")


def languages_of(parts: Parts, site_id: str) -> tuple[str, ...]:
    """The languages a site speaks, the two of this page first."""
    site = find_site(parts, site_id)
    spoken = site.languages if site else LANGUAGES
    return tuple(sorted(spoken, key=lambda one: (one not in FIRST_LANGUAGES, LANGUAGES.index(one))))


@page("upload")
def show_library(request: Request, session: Session) -> Response:
    """The list, narrowed by kind, by words and to one's own."""
    parts, language, query = parts_of(request), choose_language(request), request.query_params
    wanted = Wanted(query.get("kind", ""), query.get("words", ""), session.account_id if query.get("mine") else None)
    hidden = hidden_media(parts, session)
    found = [
        entry
        for entry in list_library(parts.catalog, session.site_id)
        if entry.media.id not in hidden and matches(wanted, entry.media, entry.owner_id)
    ]
    number = query.get("page", "1")
    at = max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    shown = found[(at - 1) * A_PAGE : at * A_PAGE]
    names = load_names(parts.catalog, {entry.owner_id for entry in shown if entry.owner_id})
    around = _around(parts, session, shown, language)
    values = {
        "rows": [_row(entry, names, around, language) for entry in shown],
        "wanted": wanted,
        "count": len(found),
        "page_number": at,
        "pages": -(-len(found) // A_PAGE),
        "notice": _notice(request),
    }
    return staff_page(request, session, "studio/media.html", values)


def _around(parts: Parts, session: Session, entries: Sequence[Entry], language: str) -> tuple[Called, Ways]:
    """What places of use are called, and where they lead; asked only when there are any, since all scenes are read for it."""
    uses = [use for entry in entries for use in entry.uses]
    site_id = session.site_id
    called = (scene_titles(parts, site_id, language), spot_titles(parts, site_id, language)) if uses else ({}, {})
    return called, ways_of(parts, session, uses, language)


def _row(entry: Entry, names: Mapping[str, str], around: tuple[Called, Ways], language: str) -> dict[str, Any]:
    called, ways = around
    return {
        "entry": entry,
        "title": pick(entry.media.title, language) or entry.media.id,
        "alt": pick(entry.media.alt, language),
        "facts": say_facts(entry.media, language),
        "uses": [say_use(use, called, ways, language) for use in entry.uses],
        "creator": names.get(entry.owner_id or "", ""),
        "when": say_when(entry.stored.updated_at, language),
    }


def _notice(request: Request) -> dict[str, Any] | None:
    done = request.query_params.get("done")
    return {"text": f"studio.notice_media_{done}", "undo": None} if done in NOTICES else None


@page("upload")
def show_add(request: Request, session: Session) -> Response:
    """The form of a new picture or sound."""
    kind = _kind(request.query_params.get("kind", ""))
    typed = {"creator": session.name, "provenance": "estimate", "licence": ""}
    return _form_page(request, session, kind, {"typed": typed})


def _kind(text: str) -> Kind:
    return "sound" if text == "sound" else "image"


def _load(request: Request, session: Session) -> Entry:
    parts, record_id = parts_of(request), request.path_params["id"]
    check_not_hidden(parts, session, record_id)
    return load_entry(parts.catalog, session.site_id, record_id)


@page("upload")
def show_medium(request: Request, session: Session) -> Response:
    """One picture or sound: looked at, changed, and where it is used."""
    entry = _load(request, session)
    return entry_page(request, session, entry, {})


def entry_page(request: Request, session: Session, entry: Entry, values: Mapping[str, Any]) -> Response:
    """The page of one; values may bring back what was typed, and what was wrong with it."""
    parts, language = parts_of(request), choose_language(request)
    names = load_names(parts.catalog, {entry.owner_id}) if entry.owner_id else {}
    common = {
        "row": _row(entry, names, _around(parts, session, [entry], language), language),
        "typed": type_media(entry.media, languages_of(parts, session.site_id)),
        "revision": entry.stored.revision,
        "can_change": _can_change(parts, session, entry),
        "passes": may_pass_on(parts, session, entry.stored),
        "is_pupil": "pupil" in session.roles,
        "credit": find_credit(parts, entry.owner_id) if entry.owner_id else None,
        "notes": list_notes(parts.catalog, Name(session.site_id, "media", entry.media.id)),
        "say_when": lambda at: say_when(at, language),
    }
    return _form_page(request, session, entry.media.kind, {**common, **values})


def _form_page(request: Request, session: Session, kind: Kind, values: Mapping[str, Any]) -> Response:
    spoken = languages_of(parts_of(request), session.site_id)
    first = tuple(one for one in spoken if one in FIRST_LANGUAGES) or spoken[:1]
    more = [one for one in spoken if one not in first]
    blank = dict.fromkeys((*PLAIN_FIELDS, *(f"{name}_{one}" for name in WORDS for one in spoken)), "")
    faults: Mapping[str, str] = values.get("faults", {})
    common = {
        "kind": kind,
        "row": None,
        "revision": 0,
        "passes": False,
        "typed_note": "",
        "credit": find_credit(parts_of(request), session.account_id),
        "can_change": True,
        "first_languages": first,
        "more_languages": more,
        "open_more": any(name.partition("_")[2] in more for name in faults),
        "language_names": {one: plain(name) for one, name in NAMES.items()},
        "notes": [],
        "licences": LICENCES,
        "accepted": ACCEPTED[kind],
        "most_mb": MAX_SENT_BYTES[kind] // KB // KB,
        "held": None,
        "problem": None,
        "theirs": None,
        "say_clock": say_clock,
        "notice": _notice(request),
    }
    told = {"typed": blank | dict(values["typed"]), "faults": defaultdict(str, faults)}
    return staff_page(request, session, "studio/medium.html", {**common, **values, **told})


def _can_change(parts: Parts, session: Session, entry: Entry) -> bool:
    """Whether it is one's own, or one looks after everything where it is shown."""
    return entry.owner_id == session.account_id or (
        may(session, "review") and may_at_record(parts, session, entry.stored)
    )


@form("upload", files=1 + len(LANGUAGES))
def post_add(request: Request, session: Session, sent: FormData) -> Response:
    """Take in a new picture or sound; a form with gaps comes back with everything typed, its file kept for it."""
    kind, parts = _kind(field(sent, "kind")), parts_of(request)
    typed, held = _typed_of(parts, session, sent), None
    try:
        credit = find_credit_of_new(parts, session.account_id)
        typed |= {"creator": credit} if credit else {}
        held, faults = _receive(parts, session, sent, kind)
        if held is None and "file" not in faults:
            faults["file"] = Invalid(f"media_file_{kind}", "Choose the file.")
        title = "" if credit else typed.get("title_en", "")  # the log keeps ids when pupils and their words have gone
        about = About(
            languages=languages_of(parts, session.site_id),
            record_id=propose_media_id(title or kind, parts.random_bytes(4).hex()),
            kind=kind,
            suffix=held.suffix if held else ".webp" if kind == "image" else ".wav",
            duration_s=held.duration_s if held else float("inf"),
        )
        media = _read(typed, about, faults)
        owner = Owner(session.site_id, session.account_id, defaults_of(parts.settings))
        save_media(parts.catalog, parts.settings.package_dir, owner, Edit(media, None, held), parts.clock())
    except DejimaError as error:
        values = _refused(request, error, typed, held)
        response = _form_page(request, session, kind, values)
        response.status_code = STATUS[_family(error)]
        return response
    return RedirectResponse(f"/studio/media/{media.id}?done=added", status_code=303)


def _family(error: DejimaError) -> type[DejimaError]:
    return next(kind for kind in type(error).__mro__ if kind in STATUS)


def _read(typed: Mapping[str, str], about: About, faults: dict[str, Invalid]) -> Media:
    """The record; what was wrong with the file is told together with the rest. Raises Unfit."""
    try:
        media = read_media_form(typed, about)
    except Unfit as error:
        raise Unfit(faults | error.faults) from error
    if faults:
        raise Unfit(faults)
    return media


def _receive(parts: Parts, session: Session, sent: FormData, kind: Kind) -> tuple[Held | None, dict[str, Invalid]]:
    """The file that came, or the one that waits since the form came back; and what is wrong with it."""
    folder, upload = parts.settings.intake_dir, sent.get("file")
    waiting = find_held(folder, session.account_id, field(sent, "held"))
    if not isinstance(upload, UploadFile) or not (upload.filename or upload.size):
        return waiting, {}
    try:
        return take_in(folder, session.account_id, upload.file.read(), kind), {}
    except DejimaError as error:
        if not isinstance(error, Invalid) and error.code not in ("media_too_large", "sound_too_large"):
            raise
        return None, {"file": Invalid(error.code, error.text, **error.values)}


def _typed_of(parts: Parts, session: Session, sent: FormData) -> dict[str, str]:
    """Everything typed, and uploaded captions as text."""
    typed = {name: field(sent, name) for name in PLAIN_FIELDS}
    for language in languages_of(parts, session.site_id):
        typed |= {f"{name}_{language}": field(sent, f"{name}_{language}") for name in WORDS}
        upload = sent.get(f"vtt_{language}")
        if isinstance(upload, UploadFile) and upload.filename:
            sent_text = upload.file.read(MAX_VTT_BYTES).decode("utf-8-sig", errors="replace")
            typed |= {f"captions_{language}": sent_text.replace("\r\n", "\n").rstrip(), f"vtt_{language}": YES}
    return typed


def _refused(request: Request, error: DejimaError, typed: Mapping[str, str], held: Held | None) -> dict[str, Any]:
    """What the form brings back: what was typed, what is wrong, and the file that waits."""
    language = choose_language(request)
    faults = {name: say_problem(one, language) for name, one in getattr(error, "faults", {}).items()}
    file = None
    if held is not None:
        facts = Media(
            id="held", file=f"held{held.suffix}", title={}, creator="", licence="", provenance="estimate",
            size_bytes=held.size_bytes, duration_s=held.duration_s,
        )  # fmt: skip
        file = {"key": held.key, "facts": say_facts(facts, language)}
    return {
        "typed": dict(typed),
        "faults": faults,
        "problem": say_problem(error, language),
        "held": file,
        "notice": None,
    }


@form("upload", files=1 + len(LANGUAGES))
def post_medium(request: Request, session: Session, sent: FormData) -> Response:
    """Say something else of a picture or sound, or put another file in its place."""
    parts = parts_of(request)
    entry = _load(request, session)
    _check_change(parts, session, entry)
    typed, held = _typed_of(parts, session, sent), None
    try:
        held, faults = _receive(parts, session, sent, entry.media.kind)
        typed |= _credit_for(parts, entry, held)
        media = _read(typed, _about(parts, session, entry, held), faults)
        revision = read_revision(sent)
        if revision != entry.stored.revision:
            raise Stale("stale_revision", "Somebody else has changed this since you opened it.")
        if held is None:
            media = _with_file_of(media, entry.media)
        if held is not None or media != entry.media:
            owner = Owner(session.site_id, session.account_id, defaults_of(parts.settings))
            save_media(parts.catalog, parts.settings.package_dir, owner, Edit(media, revision, held), parts.clock())
    except DejimaError as error:
        values = _refused(request, error, typed, held)
        if isinstance(error, Stale):  # whoever saves again has seen what stands there now
            values["theirs"] = type_media(entry.media, languages_of(parts, session.site_id))
        else:
            values["revision"] = read_revision(sent)
        response = entry_page(request, session, entry, values)
        response.status_code = STATUS[_family(error)]
        return response
    return RedirectResponse(f"/studio/media/{entry.media.id}?done=saved", status_code=303)


def _credit_for(parts: Parts, entry: Entry, held: Held | None) -> dict[str, str]:
    """Who is named for a pupil's medium, whoever changes it. Raises Conflict for a new file when the class has ended."""
    if entry.owner_id is None:
        return {}
    credit = (find_credit_of_new if held else find_credit)(parts, entry.owner_id)
    return {"creator": credit} if credit else {}


def _about(parts: Parts, session: Session, entry: Entry, held: Held | None) -> About:
    return About(
        languages=languages_of(parts, session.site_id),
        record_id=entry.media.id,
        kind=entry.media.kind,
        suffix=held.suffix if held else suffix_of(entry.media.file),
        duration_s=held.duration_s if held else entry.media.duration_s,
        before=entry.media,
    )


def _with_file_of(media: Media, old: Media) -> Media:
    return replace(media, file=old.file, digest=old.digest, size_bytes=old.size_bytes, duration_s=old.duration_s)


def _check_change(parts: Parts, session: Session, entry: Entry) -> None:
    if not _can_change(parts, session, entry):
        raise Forbidden("media_not_yours", "Somebody else brought this in. Ask them or the staff to change it.")


@form("upload")
def post_delete(request: Request, session: Session, sent: FormData) -> Response:
    """Delete a picture or sound that nothing names."""
    parts = parts_of(request)
    entry = _load(request, session)
    _check_change(parts, session, entry)
    name = Name(session.site_id, "media", entry.media.id)
    try:
        delete_media(parts.catalog, parts.settings.package_dir, name, read_revision(sent), change_by(request, session))
    except DejimaError as error:
        values = {"problem": say_problem(error, choose_language(request)), "notice": None}
        response = entry_page(request, session, load_entry(parts.catalog, session.site_id, name.id), values)
        response.status_code = STATUS[_family(error)]
        return response
    return RedirectResponse("/studio/media?done=deleted", status_code=303)


routes = [
    Route("/studio/media", show_library),
    Route("/studio/media/add", show_add, methods=["GET"]),
    Route("/studio/media/add", post_add, methods=["POST"], max_body_size=MAX_BODY_BYTES),
    Route("/studio/media/{id}", show_medium, methods=["GET"]),
    Route("/studio/media/{id}", post_medium, methods=["POST"], max_body_size=MAX_BODY_BYTES),
    Route("/studio/media/{id}/delete", post_delete, methods=["POST"], max_body_size=MAX_FORM_BYTES),
]
