"""The one refusal that all readers of sounds share. Pure."""

from xr_server.errors import Invalid


def broken() -> Invalid:
    """What is said of a file whose lengths do not add up."""
    return Invalid(
        "sound_broken",
        "This sound is cut off or damaged: it holds less than its beginning says. Export it again and send that.",
    )
