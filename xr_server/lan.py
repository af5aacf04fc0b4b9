"""`--lan`: HTTPS for phones in the same network, from a certificate authority of this machine's own.

Phones give camera and position to trusted secure pages only. The authority is made once and lies in the key folder; a
page over plain HTTP, on the next port, hands out its certificate and says how to install it.
"""

import hashlib
import socket
import ssl
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any

import segno
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from xr_server.errors import Unavailable
from xr_server.storage.files import write_file

AUTHORITY_FILE, AUTHORITY_KEY_FILE = "lan-authority.pem", "lan-authority-key.pem"
CERTIFICATE_FILE, CERTIFICATE_KEY_FILE = "lan-certificate.pem", "lan-certificate-key.pem"
NAME = "Dejima XR"
HANDED_OUT_AS = "dejima-xr-authority.crt"
LIFE_DAYS = 300  # phones refuse certificates that hold for more than 825 days
PAGE = Path(__file__).parent / "templates" / "install_ca.html"
NOWHERE = ("192.0.2.1", 9)  # reserved for documentation; asking for the way there sends nothing


@dataclass(frozen=True)
class Authority:
    """The machine's own certificate authority: what phones install, and what signs."""

    der: bytes
    signer: trustme.CA

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in pairs, as phones show it."""
        return hashlib.sha256(self.der).digest().hex(":").upper()


def open_authority(folder: Path) -> Authority:
    """The authority kept in the folder, made the first time."""
    certificate, key = folder / AUTHORITY_FILE, folder / AUTHORITY_KEY_FILE
    if not (certificate.is_file() and key.is_file()):
        fresh = trustme.CA(organization_name=NAME, organization_unit_name=socket.gethostname()[:64])
        write_file(key, fresh.private_key_pem.bytes(), mode=0o600)
        write_file(certificate, fresh.cert_pem.bytes())
    pem = certificate.read_bytes()
    der = ssl.PEM_cert_to_DER_cert(pem.decode())
    return Authority(der, trustme.CA.from_pem(pem, key.read_bytes()))


def issue_certificate(authority: Authority, folder: Path, names: Sequence[str], now: datetime) -> tuple[Path, Path]:
    """Paths of a certificate for the names and addresses, and of its key, both written anew."""
    leaf = authority.signer.issue_cert(
        *names,
        organization_name=NAME,
        organization_unit_name=socket.gethostname()[:64],
        not_before=now - timedelta(days=1),  # a phone's clock may be a little behind
        not_after=now + timedelta(days=LIFE_DAYS),
    )
    chain, key = folder / CERTIFICATE_FILE, folder / CERTIFICATE_KEY_FILE
    write_file(key, leaf.private_key_pem.bytes(), mode=0o600)
    write_file(chain, b"".join(part.bytes() for part in leaf.cert_chain_pems))
    return chain, key


def find_lan_address() -> str:
    """This machine's address in its network. Raises Unavailable without a network."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(NOWHERE)
            return str(sock.getsockname()[0])
    except OSError as error:
        raise Unavailable(
            "no_network",
            "This machine is in no network, so phones cannot reach it. Join a network, or leave out --lan.",
        ) from error


def make_install_app(authority: Authority, site_url: str) -> Starlette:
    """The page that hands out the authority's certificate, and the certificate."""
    page = Template(PAGE.read_text(encoding="utf-8")).substitute(
        file=HANDED_OUT_AS, authority=NAME, site=site_url, fingerprint=authority.fingerprint
    )

    async def show_page(_: Request) -> Response:
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    async def get_certificate(_: Request) -> Response:
        return Response(authority.der, media_type="application/x-x509-ca-cert")

    return Starlette(routes=[Route("/", show_page), Route(f"/{HANDED_OUT_AS}", get_certificate)])


def offer_certificate(key_dir: Path, port: int) -> dict[str, Any]:
    """Start the install page and show it as a QR code; gives uvicorn's options for HTTPS. Raises Unavailable."""
    address, host = find_lan_address(), socket.gethostname()
    authority = open_authority(key_dir)
    names = ["localhost", "127.0.0.1", address, host, f"{host}.local"]
    chain, key = issue_certificate(authority, key_dir, sorted(set(names)), datetime.now(UTC))
    site_url = f"https://{address}:{port}"
    install_port = serve_install_page(make_install_app(authority, site_url), port + 1)
    install_url = f"http://{address}:{install_port}"
    print(f"  In this network: {site_url}")  # noqa: T201 - the command line's own voice
    print(f"  On a phone, first open {install_url} and follow the three steps there.\n")  # noqa: T201
    segno.make(install_url, error="m").terminal(compact=True)
    return {"ssl_certfile": str(chain), "ssl_keyfile": str(key)}


def serve_install_page(app: Starlette, port: int) -> int:
    """Serve the page beside the site, on the port or, when that is taken, on any other; gives the one it got."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("0.0.0.0", port))  # noqa: S104 - phones must reach it
    except (OSError, OverflowError):
        sock.bind(("0.0.0.0", 0))  # noqa: S104
    sock.listen()
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False))
    threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="install page", daemon=True).start()
    return int(sock.getsockname()[1])
