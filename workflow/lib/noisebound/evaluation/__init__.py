"""How good the delivered images are, on regions that nothing was learned from.

Begin with ``evaluate``.

    columns          The columns of the evaluation's tables, and the names of its outputs
    coverage         Coverage of each channel at each nominal coverage, by block bootstrap
    ensemble_size    Correlation and error of ensembles of fewer members
    evaluate         step: how good the delivered images are, on regions that nothing was learned from
    gaussian         Errors of Gaussian filters of the noisy frames, which a denoised image must beat
    group_coverage   Coverage by predicted intensity, by token, by distance to the border, and of every block by itself
    held_out         The held-out regions in memory: predictions of every frame beside their targets, and which targets
                     are covered
    held_out_scans   The test regions of all scans, with the errors of Gaussian filters there
    image_errors     Errors of the denoised images beside those of the best Gaussian filter and of a flat image
    metrics          Measures of held-out images: sums over blocks, bootstrap intervals, errors with the noise of the
                     reference removed
    mode_table       Width and conditional coverage of the other ways to form corrections, on the test regions
    precision        Realised precision of decisions: the share of pixels declared above or below a threshold that
                     really are
    settings         What the configuration says about the evaluation
    shares           Shares of pixels by group, with a bootstrap interval over blocks or scans; and mean widths by group
    signal_coverage  What the intervals for the signal are worth, as ``signal.csv``; and the coverage of one-sided
                     bounds
    summary          Parts of ``evaluation/summary.json``: its head, and an entry per channel that explains its coverage
                     in words
"""
