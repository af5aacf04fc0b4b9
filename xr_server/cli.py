"""The command `dejima`. Heavy libraries are imported inside the commands, so that a small one stays quick."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from asset_pipeline.__main__ import app as pipeline_app
from xr_server.errors import Conflict, DejimaError, NotFound
from xr_server.settings import ROWS, Settings, check_dask, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(help="Dejima XR: heritage on the spot.", no_args_is_help=True, add_completion=False)
app.registered_commands += pipeline_app.registered_commands
user_app = typer.Typer(help="Accounts of creators, staff and administrators.", no_args_is_help=True)
SiteOption = Annotated[str, typer.Option(help="Which site the role holds for.")]
app.add_typer(user_app, name="user")

Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.")]
Workers = Annotated[int, typer.Option(help="Server processes.")]
Lan = Annotated[
    bool,
    typer.Option("--lan", help="HTTPS on this machine's address, so that phones nearby can use camera and position."),
]


def main() -> None:
    """Run the command line; an outcome we know is one sentence and exit code 2."""
    try:
        app()
    except DejimaError as error:
        refuse(error.text)
    except OSError as error:
        if error.filename is None:
            raise
        refuse(f"{error.filename}: {error.strerror}. Check the path and who may read and write it.")
    except Exception as error:
        if type(error).__name__ not in (
            "OperationalError",
            "DatabaseError",
        ):  # SQLAlchemy's; by name, so that small commands need not load it
            raise
        refuse(
            f"The database cannot be used: {getattr(error, 'orig', error)}. Check DEJIMA_DATABASE_URL, and that it runs."
        )


def refuse(text: str) -> NoReturn:
    """End with a sentence on standard error and exit code 2."""
    print(text, file=sys.stderr)  # noqa: T201 - the command line's own voice
    sys.exit(2)


def load_settings() -> Settings:
    """The settings of this process's environment."""
    return read_settings(os.environ)


def open_stores(settings: Settings) -> "tuple[Engine, Engine]":
    """Catalog and event store, migrated."""
    from xr_server.app import migrate_stores
    from xr_server.storage.database import open_engine

    catalog, events = open_engine(settings.catalog_url), open_engine(settings.events_url)
    migrate_stores(catalog, events)
    return catalog, events


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1, lan: Lan = False) -> None:
    """Serve visitors, creators and staff."""
    from xr_server.serving import Listener, run_server

    run_server(load_settings(), Listener(host, port, workers, lan))


@app.command()
def demo(host: Host = "127.0.0.1", port: Port = 8000, workers: Workers = 1, lan: Lan = False) -> None:
    """Package the bundled models, import Dejima, start server and worker, and print where to look."""
    from xr_server.demo import run_demo
    from xr_server.serving import Listener

    run_demo(load_settings(), Listener(host, port, workers, lan))


@app.command()
def work(
    dask: Annotated[
        str, typer.Option(help="Address of a Dask scheduler, such as tcp://host:8786; else DEJIMA_DASK.")
    ] = "",
) -> None:
    """Build scans that wait, until stopped."""
    from xr_server.logs import show_log
    from xr_server.worker import run_worker

    show_log()
    check_dask(dask)
    settings = load_settings()
    settings = replace(settings, dask=dask or settings.dask)
    catalog, _ = open_stores(settings)
    run_worker(settings, catalog)


@app.command()
def migrate() -> None:
    """Bring the stores to the newest schema."""
    open_stores(load_settings())
    typer.echo("Both stores have the newest schema.")


@app.command("verify-audit")
def verify_audit(
    site: Annotated[str, typer.Option(help="Which site; else all that have a log.")] = "",
    expect: Annotated[str, typer.Option(help="A last hash that was shown and noted earlier.")] = "",
) -> None:
    """Check that nothing in the audit log was changed or taken out, and show each site's last hash."""
    from xr_server.domain.audit_chain import describe
    from xr_server.storage.audit_chain import list_logs, verify_chain

    catalog, _ = open_stores(load_settings())
    sites = [site] if site else list_logs(catalog)
    if expect and len(sites) != 1:
        raise Conflict("expect_whose", f"--expect needs --site, since each has a hash of its own: {', '.join(sites)}.")
    verdicts = {name: verify_chain(catalog, name, expect) for name in sites}
    for name, verdict in verdicts.items():
        typer.echo(f"{name}: {describe(verdict)}")
    if any(verdict.fault for verdict in verdicts.values()):
        refuse("The audit log does not hold. Keep the database as it is, and compare it with its backups.")


@app.command("check-config")
def check_config() -> None:
    """Check the settings, that the data folder can be written and the stores be used, and show them."""
    from xr_server.storage.database import open_engine, store_file

    settings = load_settings()
    for folder in (settings.data_dir, settings.package_dir):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    for engine in (open_engine(settings.catalog_url), open_engine(settings.events_url)):
        file = store_file(engine)
        if file is None or file.exists():  # a file that is not there yet is made by the first start
            with engine.connect():
                pass
    for row in ROWS:
        typer.echo(f"{row.name:24} {os.environ.get(row.name) or row.default or '(default)'}")
    typer.echo(f"Data folder: {settings.data_dir}. Packages: {settings.package_dir}. Both stores can be used.")


@app.command("import")
def import_folder(
    folder: Path,
    replace: Annotated[
        bool, typer.Option(help="Overwrite records that staff have edited since the last import.")
    ] = False,
    withdraw: Annotated[
        bool, typer.Option(help="Take back what was imported once and is no longer in the folder.")
    ] = False,
) -> None:
    """Import a content folder, its models packaged; importing it again changes nothing."""
    from xr_server.demo import import_with_models

    settings = load_settings()
    catalog, _ = open_stores(settings)
    import_with_models(settings, catalog, folder, replace, withdraw)


@app.command("export")
def export_folder(folder: Path, site: Annotated[str, typer.Option(help="Which site.")] = "dejima") -> None:
    """Write the published records of a site, and its bundled models, as a content folder."""
    from xr_server.demo import exported_models
    from xr_server.storage.catalog import list_publications, load_published
    from xr_server.storage.content import copy_models, write_content
    from xr_server.storage.media import copy_media
    from xr_server.storage.readings import add_readings

    settings = load_settings()
    catalog, _ = open_stores(settings)
    records = add_readings(catalog, load_published(catalog, site))
    if not records:
        there = ", ".join(list_publications(catalog)) or "none yet"
        raise NotFound("site_unknown", f"There is no site called {site}; published sites: {there}.")
    write_content(folder, records)
    copy_models(exported_models(settings, site), folder)
    for name in copy_media(settings.package_dir, folder, records):
        typer.echo(f"media/{name} is no longer in the package store; put it back from a backup.", err=True)
    typer.echo(f"Wrote the content of {site} to {folder}.")


@app.command("upload")
def upload_scan(
    files: Annotated[list[Path], typer.Argument(help="A scan; or its files, which go as one ZIP.")],
    to: Annotated[str, typer.Option(help="Address of the server, such as https://xr.example.org.")],
    token_file: Annotated[Path, typer.Option(help="File with a token, which the page of your account makes.")],
    details: Annotated[Path, typer.Option(help="JSON: title, creator, licence, lat, lon, height and more.")],
    wait: Annotated[bool, typer.Option(help="Wait until it is built, and say what came of it.")] = False,
) -> None:
    """Send a scan to a server; run again after any break, it goes on where the server has got to."""
    from xr_server import sending

    server = sending.check_server(to, sending.read_token(token_file))
    sent = sending.send_scan(files, sending.read_details(details), server)
    typer.echo(sent.page)
    if not wait:
        return
    document = sending.watch_scan(sent, server)
    if document["state"] != "built":
        reason = document.get("reason") or {}
        refuse(f"The scan is {document['state']}. {reason.get('text', '')}".rstrip())
    typer.echo(f"Built: package {document['package']}.")


@app.command("texts")
def list_texts(
    folder: Annotated[Path, typer.Argument(help="A content folder.")] = Path("content/dejima"),
    language: Annotated[str, typer.Option(help="Show this language's texts that nobody has approved.")] = "",
    only: Annotated[str, typer.Option(help="Only texts whose path begins so, such as landmarks.suimon.")] = "",
    approved_by: Annotated[str, typer.Option(help="Note that this person has read and approved them, today.")] = "",
) -> None:
    """Show which texts of each language a person has approved; with a language those that wait, or mark them."""
    from datetime import UTC, datetime

    from xr_server.text_list import mark_read, read_texts, say_summary, say_unread

    texts = read_texts(folder)
    if not language:
        typer.echo("\n".join(say_summary(texts)))
        return
    if language not in texts:
        raise NotFound("language_unknown", f"There is no language {language}; there are {', '.join(texts)}.")
    if not approved_by:
        typer.echo("\n".join(say_unread(texts[language], only)))
        return
    count = mark_read(folder, texts[language], only, approved_by, datetime.now(UTC).date().isoformat())
    typer.echo(f"{count} texts are marked as approved by {approved_by}.")


ContentFolder = Annotated[Path, typer.Option("--to", help="The content folder to put it into, such as content/dejima.")]
GeoidM = Annotated[
    float, typer.Option("--geoid-m", help="Metres to add when heights count from the sea: about 32 at Nagasaki.")
]


@app.command("survey")
def add_survey_file(
    file: Path,
    to: ContentFolder,
    name: Annotated[str, typer.Option("--id", help="What to call the survey, such as november-2026.")],
    geoid_m: GeoidM = 0.0,
) -> None:
    """Put measured points (CSV or GeoJSON) into a content folder, in place of a survey of the same id; then import it."""
    from xr_server.storage.content_edits import Source, add_survey

    typer.echo(add_survey(to, Source(file, geoid_m), name))


@app.command("occluders")
def add_occluder_file(
    file: Path,
    to: ContentFolder,
    scene: Annotated[str, typer.Option(help="The scene they hide things in.")],
    geoid_m: GeoidM = 0.0,
) -> None:
    """Put the buildings that dejima terrain found (occluders.json) into a scene, in place of those it has; then import it."""
    from xr_server.storage.content_edits import Source, add_occluders

    typer.echo(add_occluders(to, Source(file, geoid_m), scene))


@user_app.command("add")
def add_user(
    name: str,
    role: Annotated[str, typer.Option(help="creator, teacher, staff, approver, clerk or admin.")],
    site: SiteOption = "dejima",
) -> None:
    """Make an account; its password is asked for, or read from standard input when that is not a terminal."""
    import secrets
    from getpass import getpass

    from xr_server.app import system_clock
    from xr_server.domain.account import NewAccount, check_given_role
    from xr_server.storage.accounts import add_account

    check_given_role(role)
    password = (
        getpass("Password (at least 10 characters): ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    )
    catalog, _ = open_stores(load_settings())
    add_account(catalog, NewAccount(site, name, role, password), system_clock(), secrets.token_bytes)
    typer.echo(f"{name} can now sign in at /login as {role} of {site}.")


@user_app.command("list")
def list_users(site: SiteOption = "dejima") -> None:
    """Show who has an account at a site, and in which role."""
    from xr_server.storage.people import list_people

    catalog, _ = open_stores(load_settings())
    for person in list_people(catalog, site):
        state = "closed" if person.disabled else "" if person.has_password else "not entered yet"
        typer.echo("\t".join((person.name, person.role, state)).rstrip())


@user_app.command("link")
def make_link(name: str, site: SiteOption = "dejima") -> None:
    """Print a link that sets an account's password once, within 72 hours: for who has forgotten it, administrators too."""
    import secrets

    from xr_server.app import system_clock
    from xr_server.domain.catalog import Change
    from xr_server.storage.people import find_person_called
    from xr_server.storage.resets import issue_reset

    settings = load_settings()
    catalog, _ = open_stores(settings)
    person = find_person_called(catalog, site, name)
    if person.disabled:
        raise Conflict("account_closed", f"The account {person.name} is closed; open it again at /desk/people first.")
    token = issue_reset(catalog, person.id, Change(system_clock()), secrets.token_bytes)
    if not settings.public_url:
        typer.echo("DEJIMA_PUBLIC_URL is not set: put the address of your server before this path.", err=True)
    typer.echo(f"{settings.public_url}/reset/{token}")


if __name__ == "__main__":
    main()
