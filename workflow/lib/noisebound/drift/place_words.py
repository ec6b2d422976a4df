"""Places that the image lost or invented, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Most places that a warning names.
NAMED = 3


def place_words(place: Mapping[str, Any]) -> str:
    """Say where a block or a place lies.

    Parameters
    ----------
    place
        With ``lower`` and ``upper``, pixels per spatial axis.

    Returns
    -------
    str
        Such as "y 32 to 48, x 16 to 32 px".
    """
    axes = "zyx"[-len(place["lower"]) :]
    ends = zip(axes, place["lower"], place["upper"], strict=True)
    return ", ".join(f"{axis} {lower} to {upper}" for axis, lower, upper in ends) + " px"


def kind_words(place: Mapping[str, Any]) -> str:
    """Say what the image did at a place.

    Parameters
    ----------
    place
        One of the ``places`` or ``misses`` of ``drift/<scan>.json``.

    Returns
    -------
    str
        Such as "bright feature lost".
    """
    return f"{place['feature']} feature {place['kind']}"


def centre_words(place: Mapping[str, Any]) -> str:
    """Say where the middle of a place lies.

    Parameters
    ----------
    place
        One of the ``places`` or ``misses`` of ``drift/<scan>.json``.

    Returns
    -------
    str
        Such as "y 40, x 24 px".
    """
    axes = "zyx"[-len(place["centre"]) :]
    return ", ".join(f"{axis} {at}" for axis, at in zip(axes, place["centre"], strict=True)) + " px"


def averages_words(place: Mapping[str, Any], counts: bool) -> str:
    """Say what the image predicts of a place, and what the noisy frame has.

    Parameters
    ----------
    place
        One of the ``places`` of ``drift/<scan>.json``.
    counts
        Whether its numbers are counts.

    Returns
    -------
    str
        Such as "2.9 counts per pixel expected from the image, 0.5 in the noisy frame".
    """
    unit = " counts per pixel" if counts else ""
    return f"{place['predicted']:.3g}{unit} expected from the image, {place['measured']:.3g} in the noisy frame"


def smallest_words(local: Mapping[str, Any]) -> str:
    """Say how strong an object must be to be found.

    Parameters
    ----------
    local
        The part ``local`` of ``drift/<scan>.json``.

    Returns
    -------
    str
        Such as "of single objects of 8 sigma of the noisy frame, about 9 in 10 would be found (in Mg, ...)", with the
        spot that this is in the channel where the check sees most.
    """
    strengths = [entry["sigma"] for entry in local["smallest"]]
    least, most = min(strengths), max(strengths)
    known = [entry for entry in local["smallest"] if entry["spot"]]
    clearest = min(known, key=lambda entry: entry["spot"]["height"] / abs(entry["spot"]["mean"] or 1), default=None)
    reach = f"{most:.0f}" if most < 1.2 * least else f"{least:.0f} to {most:.0f}"
    by_channel = "" if most < 1.2 * least else " (it depends on the channel)"
    means = f" (in {clearest['channel']}, that is {spot_words(clearest, local['counts'])})" if clearest else ""
    return f"of single objects of {reach} sigma of the noisy frame{by_channel}, about 9 in 10 would be found{means}"


def spot_words(entry: Mapping[str, Any], counts: bool) -> str:
    """Say which spot is as strong as an object must be to be found.

    Parameters
    ----------
    entry
        One channel of ``smallest`` of ``drift/<scan>.json``, with a ``spot``.
    counts
        Whether values are counts.

    Returns
    -------
    str
        Such as "a spot 5 px wide whose middle differs from its surroundings by about 4.4 counts per pixel, where these
        have 3.5".
    """
    spot = entry["spot"]
    unit = " counts per pixel" if counts else ""
    words = (
        f"a spot {spot['width']:.0f} px wide whose middle differs from its surroundings by about "
        f"{_plain(spot['height'])}{unit}, where these have {_plain(spot['mean'])}"
    )
    return words if spot["dark"] else f"{words}; a dark spot of this width would not be found"


def _plain(value: float) -> str:
    """Two significant digits, such as 0.24 or 21000."""
    return f"{float(f'{value:.2g}'):g}"


def lost_or_invented(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Warn of places that the image lost or invented.

    Parameters
    ----------
    content
        Of ``drift/<scan>.json``.

    Returns
    -------
    list of dict
        Empty, or one warning with kind, title, text, points and remedy.
    """
    places, local = content.get("places"), content.get("local")
    if not places or not local:
        return []
    points = [
        f"{place['channel']}, {centre_words(place)}: {kind_words(place)}; {averages_words(place, local['counts'])} "
        f"({abs(place['sigma']):.1f} sigma)"
        for place in places[:NAMED]
    ]
    more = local["total"] - len(points)
    if more:
        points.append(f"{more} more, listed below and in drift/{content['scan']}.json")
    number = "1 place" if local["total"] == 1 else f"{local['total']} places"
    return [
        {
            "kind": "places",
            "title": "The image lost or invented single features",
            "text": f"At {number} the noisy frame contradicts the image, by more than noise and the blur that is usual "
            "on the calibrate regions explain. A feature is lost where the noisy frame differs from its surroundings "
            "more than the image does, invented where the image differs more. Fainter ones may pass unseen: "
            f"{smallest_words(local)}.",
            "points": points,
            "remedy": "Look at these places in the noisy frame, and measure them again where they matter. Scans with "
            "such features, given the role train, teach the networks to keep them.",
        }
    ]
