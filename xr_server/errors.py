"""Everything the server can refuse, without HTTP; routes/problems.py holds the one table of status codes.

DejimaError            code, text: a sentence that says what happened, what is safe and what to do next
+-- Invalid            what was sent cannot be taken as it is
+-- NotSignedIn        an account is needed
+-- Forbidden          the account's role does not allow it
+-- NotFound           nothing stands under that name
+-- Withdrawn          something stood there and was taken back
+-- Stale              the edit names an older revision than the stored one
+-- Conflict           the state of the thing does not allow the step
+-- TooLarge           over a limit that the text names
+-- Busy               try again after `retry_after_s`
+-- Unavailable        a store cannot be reached; nothing was lost
"""


class DejimaError(Exception):
    """An outcome the server names: `code` is stable, `text` is for people; values are what its sentence names."""

    def __init__(self, code: str, text: str, **values: object) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.values = values


class Invalid(DejimaError):
    """What was sent cannot be taken as it is."""


class NotSignedIn(DejimaError):
    """An account is needed."""


class Forbidden(DejimaError):
    """The account's role does not allow it."""


class NotFound(DejimaError):
    """Nothing stands under that name."""


class Withdrawn(DejimaError):
    """Something stood there and was taken back."""


class Stale(DejimaError):
    """The edit names an older revision than the stored one."""


class Conflict(DejimaError):
    """The state of the thing does not allow the step."""


class TooLarge(DejimaError):
    """Over a limit that the text names."""


class Busy(DejimaError):
    """Overloaded: try again after `retry_after_s` seconds."""

    def __init__(self, code: str, text: str, retry_after_s: int = 1) -> None:
        super().__init__(code, text)
        self.retry_after_s = retry_after_s


class Unavailable(DejimaError):
    """A store cannot be reached; nothing was lost."""
