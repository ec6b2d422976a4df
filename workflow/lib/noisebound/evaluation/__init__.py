"""How good the delivered images are, on regions that nothing was learned from.

Begin with ``evaluate``.

    cells              Sums over small cells of boxes, from which blocks of any larger size are made
    columns            The columns of the evaluation's tables, and the names of its outputs
    correlation_model  How residuals resemble each other over distance, and what that leaves certain of their sum
    coverage           Coverage of each channel at each nominal coverage, and of all channels at once
    ensemble_size      Correlation and error of ensembles of fewer members
    error_bars         Intervals of 95 % for shares and ratios over pixels that resemble their neighbours
    evaluate           step: how good the delivered images are, on regions that nothing was learned from
    gaussian           Errors of Gaussian filters of the noisy frames, which a denoised image must beat
    group_coverage     Coverage by predicted intensity, by token, by distance to the border, and of every block by
                       itself
    held_out           The held-out regions in memory: predictions of every frame beside their targets, and which
                       targets are covered
    held_out_scans     The test regions of all scans, with the errors of Gaussian filters there
    image_errors       Errors of the denoised images beside those of the best Gaussian filter and of a flat image
    metrics            Measures of held-out images: sums over blocks, errors with the noise of the reference removed,
                       tied values
    mode_table         Width, interval score and conditional coverage of all ways to form corrections, at all nominal
                       coverages
    paired_errors      Squared errors of the denoised image beside those of the best Gaussian filter, pixel for pixel,
                       with 95 % intervals
    precision          Realised precision of decisions: the share of pixels declared above or below a threshold that
                       really are
    settings           What the configuration says about the evaluation
    shares             Shares of pixels by group, with an interval over blocks or scans; and mean widths by group
    signal_coverage    What the intervals for the signal are worth, as ``signal.csv``; and the coverage of one-sided
                       bounds
    summary            Parts of ``evaluation/summary.json``: its head, and an entry per channel that explains its
                       coverage in words
    worst_slab         Coverage in the worst slab of predictions, searched on one half of the blocks and measured on the
                       other
"""
