"""What the processes of the server write for operators: words to standard error, access lines wherever they should go."""

import logging


def show_log() -> None:
    """What operators should read, to standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("dejima").setLevel(logging.INFO)


def show_access(handler: logging.Handler) -> None:
    """Access lines, one JSON object each, to the handler and nowhere else."""
    handler.setFormatter(logging.Formatter("%(message)s"))
    access_log = logging.getLogger("dejima.access")
    access_log.handlers, access_log.propagate = [handler], False
    access_log.setLevel(logging.INFO)
