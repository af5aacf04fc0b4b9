"""Who may do what: roles, the steps each role allows, and what a name and a password must be."""

import hmac
import unicodedata
from dataclasses import dataclass
from typing import Literal, get_args

from xr_server.errors import Forbidden, Invalid

Role = Literal["creator", "teacher", "pupil", "staff", "approver", "clerk", "admin"]
Step = Literal[
    "upload",
    "attach",
    "send_for_review",
    "teach",
    "ask_permission",
    "show_work",
    "review",
    "publish",
    "give_permission",
    "schedule",
    "read_figures",
    "read_log",
    "manage_people",
]

ROLES: tuple[Role, ...] = get_args(Role)
GIVEN_ROLES: tuple[Role, ...] = tuple(role for role in ROLES if role != "pupil")  # pupils come by their class alone
PUPIL_STEPS: frozenset[Step] = frozenset(("upload", "attach", "send_for_review"))
CREATOR_STEPS: frozenset[Step] = PUPIL_STEPS | {"ask_permission", "show_work"}
APPROVER_STEPS: frozenset[Step] = frozenset(("review", "publish", "give_permission", "read_figures"))
STAFF_STEPS: frozenset[Step] = CREATOR_STEPS | APPROVER_STEPS | {"schedule", "read_log"}
STEPS: dict[Role, frozenset[Step]] = {
    "creator": CREATOR_STEPS,
    "teacher": CREATOR_STEPS | {"teach"},
    "pupil": PUPIL_STEPS,  # what a pupil hands in goes to the teacher
    "staff": STAFF_STEPS,
    "approver": APPROVER_STEPS,
    "clerk": frozenset(("read_figures",)),
    "admin": STAFF_STEPS | {"teach", "manage_people"},
}

OrganisationKind = Literal["city", "operator", "school", "shop"]
ORGANISATION_KINDS: tuple[OrganisationKind, ...] = get_args(OrganisationKind)
MAX_ORGANISATION_LENGTH = 200

SESSION_LIFE_MS = 12 * 3_600_000
API_TOKEN_LIFE_MS = 365 * 24 * 3_600_000
MAX_API_TOKENS = 20
MAX_LABEL_LENGTH = 100
RESET_LIFE_MS = 72 * 3_600_000  # issued on a Friday, it still opens on Monday morning
MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 1000  # hashing a novel would only be a way to keep the machine busy
MAX_NAME_LENGTH = 100

FREE_GUESSES = 5
FIRST_PAUSE_MS = 2_000
LONGEST_PAUSE_MS = 300_000
GUESSES_FORGOTTEN_MS = 24 * 3_600_000


@dataclass(frozen=True)
class NewAccount:
    """An account to be made, with the role it has at a site; without a password it is entered by a one-time link.

    by: the account of whoever makes it; None: the command line.
    """

    site_id: str
    name: str
    role: str
    password: str | None = None
    by: str | None = None


@dataclass(frozen=True)
class Session:
    """Somebody signed in: the account, the site, what they may do there, and the token their forms carry.

    by_token: a program acts for the account; its requests come from no page, so no form can be forged.
    """

    account_id: str
    name: str
    site_id: str
    roles: frozenset[Role]
    csrf_token: str
    expires_at: int
    by_token: bool = False
    landmarks: frozenset[str] = frozenset()  # only there; none: everywhere at the site


def may(session: Session, step: Step) -> bool:
    """Whether one of the session's roles allows a step."""
    return any(step in STEPS[role] for role in session.roles)


def check_may(session: Session, step: Step) -> None:
    """Refuse a step that no role of the session allows. Raises Forbidden."""
    if not may(session, step):
        raise Forbidden(
            "role_missing",
            "Your account does not have the role this step needs. Nothing was changed; ask the site's staff to do it or "
            "an administrator to give you the role.",
        )


def may_at(session: Session, landmark: str) -> bool:
    """Whether the membership holds for a landmark."""
    return not session.landmarks or landmark in session.landmarks


def check_may_at(session: Session, landmark: str) -> None:
    """Refuse a step at a landmark outside the part of the site that a membership is for. Raises Forbidden."""
    if not may_at(session, landmark):
        raise Forbidden(
            "place_not_yours",
            "Your account is for a part of the site, and this landmark is outside it. Nothing was changed; ask an "
            "administrator.",
        )


def check_csrf(session: Session, sent: str) -> None:
    """Refuse a form or request that does not carry the session's own token. Raises Forbidden."""
    if not hmac.compare_digest(session.csrf_token.encode(), sent.encode()):
        raise Forbidden(
            "csrf_missing",
            "This request did not come from a page of yours that is still open, so nothing was changed. Reload the page "
            "and try again.",
        )


def clean_label(label: str) -> str:
    """What a token is called by its owner, trimmed. Raises Invalid."""
    label = unicodedata.normalize("NFKC", label).strip()
    if not label or len(label) > MAX_LABEL_LENGTH or not label.isprintable():
        raise Invalid("label_unusable", f"Say in 1 to {MAX_LABEL_LENGTH} characters what the token is for.")
    return label


def clean_name(name: str) -> str:
    """An account name in one form, however it was typed: compatibility characters unified, ends trimmed."""
    return unicodedata.normalize("NFKC", name).strip()


def check_account(account: NewAccount) -> None:
    """Refuse a name, role or password that cannot be used. Raises Invalid."""
    check_role(account.role)
    name = clean_name(account.name)
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise Invalid("name_unusable", f"An account name has 1 to {MAX_NAME_LENGTH} ordinary characters.")
    if account.password is not None:
        check_password(account.password)


def check_role(role: str) -> Role:
    """The role of that name. Raises Invalid."""
    for known in ROLES:
        if known == role:
            return known
    raise Invalid("role_unknown", f"There is no role {role}; roles are {', '.join(ROLES)}.")


def check_given_role(role: str) -> Role:
    """The role of that name, if one person can give it to another. Raises Invalid."""
    if role == "pupil":
        raise Invalid(
            "role_pupil", "Pupils come by the code or a card of their class, not from here. Choose another role."
        )
    return check_role(role)


def check_organisation(name: str, kind: str) -> tuple[str, OrganisationKind]:
    """Name and kind of an organisation, trimmed. Raises Invalid."""
    name = clean_name(name)
    known = next((one for one in ORGANISATION_KINDS if one == kind), None)
    if not name or len(name) > MAX_ORGANISATION_LENGTH or not name.isprintable() or known is None:
        raise Invalid(
            "organisation_unusable",
            f"An organisation has a name of 1 to {MAX_ORGANISATION_LENGTH} characters, and is one of the kinds listed.",
        )
    return name, known


def check_password(password: str) -> None:
    """Refuse a new password that is too short or far too long. Raises Invalid."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise Invalid(
            "password_length",
            f"A password has at least {MIN_PASSWORD_LENGTH} characters; a few words in a row are easy to remember.",
        )


def pause_after(failures: int) -> int:
    """Milliseconds to wait after so many wrong passwords in a row: none at first, then doubling up to five minutes."""
    beyond = failures - FREE_GUESSES
    return 0 if beyond < 0 else min(FIRST_PAUSE_MS << min(beyond, 20), LONGEST_PAUSE_MS)
