"""Exact decimals: text on the wire, scaled integers in SQL, never floats."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction


def decimal_text(text: str, digits: int, scale: int) -> str:
    """The canonical form of a typed decimal: ``"12"`` → ``"12.00"`` at scale 2.

    ``digits`` counts all places as in ``dec14.2``. ``ValueError`` when it is no number, has more decimals than the
    scale, or more places before the point than ``digits - scale``.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError("not a number") from None
    if not value.is_finite():
        raise ValueError("not a number")
    exact = value.quantize(Decimal(1).scaleb(-scale)) if abs(value) < Decimal(10) ** 28 else value
    if exact != value:
        raise ValueError("too many decimals")
    if abs(value) >= Decimal(10) ** (digits - scale):
        raise ValueError("too large")
    return f"{exact:f}" if exact else f"{abs(exact):f}"


def scaled(text: str, scale: int) -> int:
    """The integer that stands for a canonical decimal: ``"12.50"`` at scale 2 → 1250."""
    return int(Decimal(text).scaleb(scale))


def unscaled(number: int, scale: int) -> str:
    """The canonical decimal of a scaled integer: 1250 at scale 2 → ``"12.50"``."""
    return f"{Decimal(number).scaleb(-scale):.{scale}f}"


def round_half_up(value: Fraction, places: int = 1) -> Decimal:
    """The one rounding of an exact value: half away from zero, to ``places`` decimals."""
    shifted = abs(value) * 10**places
    whole = (2 * shifted.numerator + shifted.denominator) // (2 * shifted.denominator)
    result = Decimal(whole).scaleb(-places)
    return (-result if value < 0 else result).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
