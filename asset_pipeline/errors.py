"""Everything the pipeline can refuse or fail at, without HTTP and without numpy.

PipelineError          code, text: a sentence that says what happened and what to do
+-- ScanRefused        the scan itself is at fault; exit code 2
+-- OptionRefused      an option of the caller is at fault; exit code 2
+-- PackageBroken      a package is not whole
+-- BuildFailed        our own step could not finish on a scan that looked sound
"""


class PipelineError(Exception):
    """An outcome the pipeline names: `code` is stable, `text` is for people, `stage` is the step."""

    def __init__(self, code: str, text: str, stage: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.stage = stage


def printable(text: str) -> str:
    """A text that quotes a scan file, its control characters as question marks: a terminal would obey them."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class ScanRefused(PipelineError):
    """The scan file is malformed, too large, or of a kind we do not read."""

    def __init__(self, code: str, text: str, stage: str = "") -> None:
        super().__init__(code, printable(text), stage)


class OptionRefused(PipelineError):
    """An option given with the scan is impossible, such as a latitude of 200."""


class PackageBroken(PipelineError):
    """A package folder does not match its manifest."""


class BuildFailed(PipelineError):
    """A step of ours could not finish; the scan is kept."""
