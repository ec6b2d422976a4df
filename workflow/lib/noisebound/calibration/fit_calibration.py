"""The step fit_calibration: what the predicted intervals need to cover the reference at a stated rate.

The modules in the order in which data pass them: ``pixels`` reads the calibrate regions. ``modes`` says how scores can
be formed, ``groups`` which pixels share a correction. ``corrections`` turns scores into corrections with ``conformal``
and ``thresholds``, for pixels or for scans (see ``exchangeability``). ``fitted`` does so for all channels,
``alternatives`` for other modes. ``median_to_mean`` fits the estimate of the mean, ``fit_signal`` the intervals for the
signal, ``promise`` says what is promised, and ``content`` puts all of it together.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from ..core.errors import InputError
from ..core.storage import write_json
from ..latent.sample import load_sample
from .alternatives import fit_alternatives
from .content import calibration_content
from .fit_signal import fit_signal
from .fitted import fit_corrections
from .pixels import read_calibration_pixels
from .predicted_scans import PredictedScans
from .settings import CalibrationSettings, check_probabilities

logger = logging.getLogger("noisebound")


def fit_calibration(
    scans: PredictedScans,
    sample: str | Path | None,
    output: str | Path,
    settings: CalibrationSettings,
    confidences: Sequence[float],
    counts: bool,
) -> None:
    """Fit the corrections on the calibrate regions of all scans and write ``calibration.json``.

    The units scan and pac count only scans that served calibration as a whole, and repeats of one group as one scan.
    Other modes are stored as "others", for comparison. With groups by token only the
    delivered frame is used: the token map was made from this frame, which with leave-one-out is part of the other
    frames' targets.

    Parameters
    ----------
    scans
        Files of the scans; token maps are needed for groups by token.
    sample
        ``latent/sample.npz``, or None. Quantiles of its training pixels are the edges of bins of intensity.
    output
        ``calibration.json``.
    settings
        Section ``calibration`` of the configuration.
    confidences
        Confidences of one-sided bounds.
    counts
        Whether the reference counts events, so that no interval end lies below 0.

    Raises
    ------
    InputError
        Where no scan has calibrate regions, a scan with such regions has no reference, a target is not finite, channels
        differ, the unit asked for takes more scans than there are, or a setting is invalid.
    """
    settings.check()
    check_probabilities("decisions.exceed.confidence", confidences)
    if settings.groups == "intensity" and sample is None:
        raise InputError(
            "bins of intensity are those of training pixels, and none are given",
            key="calibration.groups",
            value=settings.groups,
            remedy="give latent/sample.npz",
        )
    pixels = read_calibration_pixels(scans, settings.block, delivered_only=settings.groups == "token")
    training = None if sample is None else load_sample(sample).medians
    fitted = fit_corrections(pixels, training, settings, confidences)
    for words in fitted.infinite:
        logger.warning("too few calibration pixels for %s: the interval is infinite", words)
    alternatives = fit_alternatives(fitted, training)
    signal = fit_signal(scans, settings.nominal, confidences)
    write_json(output, calibration_content(fitted, alternatives, counts, signal))
