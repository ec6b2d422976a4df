"""Conformalised quantile regression: intervals that cover the reference at a stated rate.

Begin with ``fit_calibration``.

    calibrate_scan   step: calibrated images of one scan, for programs and for viewers
    conformal        Conformal corrections as pure arithmetic: exact ranks, thresholds and roundings that never lose
                     coverage
    corrections      The corrections of one mode, by channel, coverage and group: scores of the pixels, put through
                     ``conformal``
    exchangeability  What is exchangeable, pixels or scans, and how many scans a statement about further scans takes
    fit_calibration  Fitting ``calibration.json``: what the predicted intervals need to cover the reference at a stated
                     rate
    groups           Which pixels share a correction: those in one bin of predicted intensity, or of one token (Mondrian
                     groups)
    intervals        Conformalised quantile regression: what the predicted intervals need to cover the reference at a
                     stated rate
    median_to_mean   From the median to the mean of the reference, which for skewed counts lies above it: knots of a
                     piecewise line
    modes            In which ways corrections can be formed: by which score, in which unit, for which pixels, with
                     which ties covered
    pixels           Which pixels calibrate: predictions and targets of the calibrate regions, in memory, by field of
                     view
    promise          What the intervals promise, in words: about which pixels or scans, of what, and what is not
                     promised
    rounding         Float32 arithmetic that rounds outwards, so that no rounding ever loses coverage
    targets          What the intervals are about: the reference as measured, or the true signal
    tie_draws        A uniform number for every pixel of every scan, the same whichever part of the scan is looked at
"""
