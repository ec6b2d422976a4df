"""The name of a nominal coverage or confidence in files."""

from __future__ import annotations


def nominal_key(nominal: float) -> str:
    """Return the name of a nominal coverage or confidence in files.

    Parameters
    ----------
    nominal
        From 0 to 1.

    Returns
    -------
    str
        A short decimal that converts back to exactly ``nominal``, such as "0.9".
    """
    short = f"{nominal:g}"
    return short if float(short) == float(nominal) else repr(float(nominal))
