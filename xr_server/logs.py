"""What the processes of the server write for operators: words to standard error, access lines wherever they should go."""

import logging
import traceback


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


def describe_fault(error: BaseException) -> str:
    """Kinds and places of an error and its causes, without their messages: those may quote what a visitor sent."""
    lines = []
    current: BaseException | None = error
    while current is not None:
        kind = type(current)
        frames = traceback.extract_tb(current.__traceback__)
        where = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames[-12:]))
        lines.append(f"{kind.__module__}.{kind.__qualname__} at {where}")
        current = current.__cause__ or current.__context__
    return "; from ".join(lines)
