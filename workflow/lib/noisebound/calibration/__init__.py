"""Conformalised quantile regression: intervals that cover the reference at a stated rate.

Begin with ``fit_calibration``.

    alternatives       Other ways to form the corrections, fitted for comparison
    calibrate_scan     step: calibrated images of one scan, for programs and for viewers
    calibration_file   The file ``calibration.json`` as read: its corrections, and what is promised of them
    caveats            The second part of the promise of the intervals: other units, single frames, groups, ties,
                       infinite intervals
    channel_structure  Which channels show structure, and how many counts of the reference stand for one of a noisy
                       frame
    conformal          Conformal corrections of one channel, from the scores of its calibration pixels
    content            What ``calibration.json`` holds: the corrections, what they rest on, and what they promise
    corrections        The corrections of one mode, by channel, coverage and group
    error_features     What the error of a denoised value depends on: its intensity, and how steep the image is around
                       it
    error_shape        How the error about the signal is distributed once it is divided by its standard deviation
    error_variance     The variance of the error of a denoised value about the signal, from residuals that hold the
                       reference's noise too
    exchangeability    What is exchangeable, pixels or scans, and how many scans a statement about further scans takes
    explain_unit       Which unit of exchangeability each coverage got, and what further scans would bring, in words
    field_pixels       Calibration pixels in memory: predictions and targets of the calibrate regions, by field of view
    fit_calibration    step: what the predicted intervals need to cover the reference at a stated rate
    fit_signal         Fitting the intervals for the signal, where the noise of the reference is known
    fitted             Fitted corrections of all channels, with what they were fitted on and where calibration pixels
                       were too few
    groups             Which pixels share a correction: those in one bin of predicted intensity, or of one token
                       (Mondrian groups)
    image_slope        How steep an image is around each pixel: what a denoiser blurs, it blurs where the image is steep
    interval_ends      Ends of calibrated intervals, channel by channel: predicted quantiles moved by their corrections
    intervals          Calibrated intervals, bounds and means of predicted images: where corrections are applied
    median_to_mean     The estimate of the mean of the reference from the median, as a piecewise line; for skewed counts
                       it lies higher
    modes              Ways to form corrections: by which score, in which unit, for which pixels, and which ties are
                       covered
    pixels             The pixels that calibrate: all pixels of the calibrate regions, read frame by frame
    predicted_scans    The scans that a step reads with their predictions: which files belong together, opened scan by
                       scan
    promise            The promise of the intervals in words: about which pixels or scans, of what, and what is not
                       promised
    raking             The estimated mean raked to the noisy frame: its totals over blocks agree with the counts, as far
                       as these tell
    ranks              Exact ranks of conformal prediction, and order statistics
    rounding           Float arithmetic that rounds outwards, so that no rounding loses coverage
    settings           The section ``calibration`` of the configuration, as far as the corrections depend on it
    signal_model       Intervals for the signal: where a noiseless measurement would lie, at a stated chance
    signal_pixels      Calibration pixels of one channel with the noise of their reference: what the signal intervals
                       are learned from
    targets            What the intervals are about: the reference as measured, or the true signal
    thresholds         Thresholds of conformal prediction: further scores stay at or below them as often as promised
    tie_draws          A uniform number for every pixel of every scan, the same whichever part of the scan is read
"""
