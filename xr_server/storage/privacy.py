"""Noise for what is published of visits: OpenDP's exact discrete Laplace mechanism, drawn from the system's randomness.

The library is an extra and large; it is loaded when a month is released, and nothing is published without it.
"""

from collections.abc import Sequence
from importlib.metadata import version

from xr_server.domain.open_figures import Measure
from xr_server.errors import Unavailable

ROUNDING = 1e-9  # OpenDP rounds what a mechanism spends up, by the last bits of a float


def is_installed() -> bool:
    """Whether the library is there."""
    try:
        version("opendp")
    except ImportError:
        return False
    return True


def name_mechanism() -> str:
    """How noise is drawn, in the words of the published metadata. Raises Unavailable."""
    check_installed()
    return f"discrete Laplace, OpenDP {version('opendp')}"


def check_installed() -> None:
    """Raises Unavailable where the library is missing."""
    if not is_installed():
        raise Unavailable(
            "opendp_missing",
            "Nothing was released: the noise that protects visitors needs a library that is not installed. Ask the operator "
            "to run `pip install 'dejima-xr[privacy]'` and to start the server again.",
        )


def add_noise(counts: Sequence[int], measure: Measure) -> list[int]:
    """The counts of a table, each with noise of its own. Raises Unavailable without the library.

    Of one visit more or less the measure's most_cells counts change by one, so that is what the mechanism has to hide.
    """
    check_installed()
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T="i32")), dp.l1_distance(T="i32")
    mechanism = dp.m.make_laplace(*space, scale=float(measure.scale))
    spent = mechanism.map(measure.most_cells)
    if spent > float(measure.epsilon) + ROUNDING:
        raise ArithmeticError(f"a mechanism would spend {spent} instead of {measure.epsilon}")
    noisy: list[int] = mechanism(list(counts))
    return noisy
