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
        One of the ``places`` of ``drift/<scan>.json``.

    Returns
    -------
    str
        Such as "lost, bright" for a bright object that the image does not show.
    """
    bright = (place["sigma"] > 0) == (place["kind"] == "lost")
    return f"{place['kind']}, {'bright' if bright else 'dark'}"


def sums_words(place: Mapping[str, Any], counts: bool) -> str:
    """Say what the image predicts of a place, and what the noisy frame has.

    Parameters
    ----------
    place
        One of the ``places`` of ``drift/<scan>.json``.
    counts
        Whether its numbers are sums of counts; otherwise they are means.

    Returns
    -------
    str
        Such as "29 counts by the image, 5 in the noisy frame".
    """
    unit = " counts" if counts else " on average"
    return f"{place['predicted']:.3g}{unit} by the image, {place['measured']:.3g} in the noisy frame"


def smallest_words(local: Mapping[str, Any]) -> str:
    """Say how strong an object must be to be found.

    Parameters
    ----------
    local
        The part ``local`` of ``drift/<scan>.json``.

    Returns
    -------
    str
        Such as "single objects down to about 8 sigma are looked for (O 7.8, Ca 15.5)".
    """
    strengths = [entry["sigma"] for entry in local["smallest"]]
    least, most = min(strengths), max(strengths)
    if most < 1.2 * least:
        return f"single objects down to about {most:.0f} sigma of the noisy frame are looked for"
    each = ", ".join(f"{entry['channel']} {entry['sigma']:.0f}" for entry in local["smallest"])
    return f"single objects down to about {least:.0f} to {most:.0f} sigma of the noisy frame are looked for ({each})"


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
        f"{place['channel']}, {place_words(place)}: {kind_words(place)}; {sums_words(place, local['counts'])} "
        f"({abs(place['sigma']):.1f} sigma)"
        for place in places[:NAMED]
    ]
    more = local["total"] - len(points)
    if more:
        points.append(f"{more} more, listed below")
    number = "1 place" if local["total"] == 1 else f"{local['total']} places"
    return [
        {
            "kind": "places",
            "title": "The image lost or invented single objects",
            "text": f"At {number} the noisy frame contradicts the image, by more than noise and the blur that is usual "
            "on the calibrate regions explain. An object is lost where the noisy frame shows more of it than the "
            f"image, invented where it shows less. Further ones may be too faint: {smallest_words(local)}.",
            "points": points,
            "remedy": "Look at these places in the noisy frame, and measure them again where they matter. Scans with "
            "such objects, given the role train, teach the networks to keep them.",
        }
    ]
