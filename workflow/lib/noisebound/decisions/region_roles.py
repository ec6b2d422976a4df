"""What the pixels of a region were used for: their share in each role."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..core.roles import APPLY, DISJOINT_ROLES
from ..regions.regions import Regions

# Pixels of guard bands, and whatever else lies in no box.
NONE = "none"
ROLES = (*DISJOINT_ROLES, APPLY, NONE)


def role_shares(regions: Regions, labels: NDArray[np.integer], count: int) -> list[dict[str, float]]:
    """Compute the share of the pixels of each label in each role.

    Parameters
    ----------
    regions
        Regions of the scan.
    labels
        Integers from 0 to ``count`` - 1, of the spatial shape of the scan.
    count
        Number of labels.

    Returns
    -------
    list of dict
        Per label, the share by name of ``ROLES``; the shares add up to 1, and are all NaN for a label without pixels.
    """
    shares = np.zeros((count, len(ROLES)))
    flat = labels.ravel().astype(np.intp)
    pixels = np.bincount(flat, minlength=count)
    for column, role in enumerate(ROLES[:-1]):
        if regions.of(role):
            shares[:, column] = np.bincount(flat, weights=regions.mask(role).ravel(), minlength=count)
    shares[:, -1] = pixels - shares.sum(axis=1)
    with np.errstate(invalid="ignore"):
        shares /= pixels[:, None]
    return [dict(zip(ROLES, map(float, of), strict=True)) for of in shares]


def main_role(shares: Mapping[str, float]) -> str:
    """Name the role that most pixels of a region have.

    Parameters
    ----------
    shares
        The share in each role.

    Returns
    -------
    str
        The role; of equal shares the first in the order of ``ROLES``.
    """
    return max(ROLES, key=lambda role: shares[role])
