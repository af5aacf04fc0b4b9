"""Answers of visitors: counted once for each form, and forgotten after five years."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from xr_server.domain.answers import ALL
from xr_server.domain.questionnaire import Answers, Questionnaire
from xr_server.domain.schedule import Window
from xr_server.errors import Busy, Unavailable
from xr_server.storage.catalog import parse_record, select_published
from xr_server.storage.database import insert_into
from xr_server.storage.tables.answers import answer_count, answered_form
from xr_server.storage.tables.records import record
from xr_server.storage.tokens import hash_token

MOST_A_DAY = 5000
"""Answers that one questionnaire takes on a day: several times what a full house gives, and an end for a program."""
KEPT_DAYS = 1826  # five years of comparisons
FORMS_KEPT_DAYS = 4  # a form's token is refused after 50 hours
RETRY_AFTER_S = 3600


@dataclass(frozen=True)
class Sent:
    """A form that was sent: for which site and questionnaire, on which local day, in which language, with which token."""

    site_id: str
    questionnaire_id: str
    on: date
    language: str
    token: str


def load_questionnaires(catalog: Engine, site_id: str) -> list[Questionnaire]:
    """The published questionnaires of a site. Raises Unavailable."""
    query = select_published().where(record.c.site_id == site_id, record.c.kind == "questionnaire")
    try:
        with catalog.connect() as connection:
            bodies = [parse_record(row.kind, row.body) for row in connection.execute(query)]
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(
            "questions_unavailable",
            "This cannot be shown right now. Go back: what you chose is still there. Try later.",
        ) from error
    return [body for body in bodies if isinstance(body, Questionnaire)]


def is_sent(events: Engine, site_id: str, token: str) -> bool:
    """Whether a form was sent already."""
    query = select(answered_form.c.site_id).where(
        answered_form.c.site_id == site_id, answered_form.c.token_hash == hash_token(token)
    )
    with events.connect() as connection:
        return connection.execute(query).first() is not None


def count_answers(events: Engine, sent: Sent, answers: Answers) -> bool:
    """Count what a form says; False when it was counted before. Raises Busy beyond a day's budget, Unavailable."""
    choices = [(question, choice) for question, chosen in answers.items() for choice in (ALL, *chosen)]
    forget_on = (sent.on + timedelta(days=FORMS_KEPT_DAYS)).isoformat()
    form = {"site_id": sent.site_id, "token_hash": hash_token(sent.token), "forget_on": forget_on}
    try:
        with events.begin() as connection:
            connection.execute(insert(answered_form).values(form))
            _check_budget(connection, sent)
            for question, choice in sorted(
                [("", ALL), *choices]
            ):  # in one order, so that two never wait for each other
                _add_one(connection, sent, (question, choice))
    except IntegrityError:
        return False
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(
            "answers_unavailable", "Answers cannot be kept right now. Yours are still in the form; send it again later."
        ) from error
    return True


def _check_budget(connection: Connection, sent: Sent) -> None:
    query = select(func.sum(answer_count.c.count)).where(
        answer_count.c.site_id == sent.site_id,
        answer_count.c.questionnaire_id == sent.questionnaire_id,
        answer_count.c.answered_on == sent.on.isoformat(),
        answer_count.c.question == "",
    )
    if (connection.execute(query).scalar() or 0) >= MOST_A_DAY:
        raise Busy(
            "answers_full", "So many answers came today that no more are taken. Thank you all the same.", RETRY_AFTER_S
        )


def _add_one(connection: Connection, sent: Sent, cell: tuple[str, str]) -> None:
    values = {
        "site_id": sent.site_id,
        "questionnaire_id": sent.questionnaire_id,
        "answered_on": sent.on.isoformat(),
        "language": sent.language,
        "question": cell[0],
        "choice": cell[1],
        "count": 1,
    }
    statement = insert_into(connection, answer_count).values(values)
    one_more = {"count": answer_count.c.count + 1}
    keys = list(answer_count.primary_key.columns)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=one_more))


def load_counts(
    events: Engine, site_id: str, questionnaire_id: str, window: Window, by: Literal["language", "day"]
) -> Mapping[tuple[str, str, str], int]:
    """The counts of the days of a window, by language or by ISO day, question and choice; the database adds them up."""
    key = answer_count.c.language if by == "language" else answer_count.c.answered_on
    cell = (key, answer_count.c.question, answer_count.c.choice)
    query = select(*cell, func.sum(answer_count.c.count)).group_by(*cell)
    query = query.where(
        answer_count.c.site_id == site_id,
        answer_count.c.questionnaire_id == questionnaire_id,
        answer_count.c.answered_on.between(window.from_on.isoformat(), window.until_on.isoformat()),
    )
    with events.connect() as connection:
        return {(row[0], row[1], row[2]): int(row[3]) for row in connection.execute(query)}


def forget_answers(events: Engine, today: date) -> None:
    """Forget answers after five years, and after four days which forms were sent."""
    oldest = (today - timedelta(days=KEPT_DAYS)).isoformat()
    with events.begin() as connection:
        connection.execute(delete(answer_count).where(answer_count.c.answered_on < oldest))
        connection.execute(delete(answered_form).where(answered_form.c.forget_on < today.isoformat()))
