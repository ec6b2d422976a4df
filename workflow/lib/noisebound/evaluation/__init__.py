"""How good the delivered images are, on regions that nothing was learned from.

Begin with ``evaluate``.

    columns         The columns of the evaluation's tables, and the names of its outputs
    coverage        Coverage of each channel at each nominal coverage, by block bootstrap
    ensemble_size   How good ensembles of fewer members are
    evaluate        step: how good the delivered images are, on regions that nothing was learned from
    gaussian        What a denoised image must beat: the best Gaussian filter of the same frame, and a flat image
    group_coverage  Coverage by predicted intensity, by token, by distance to the border, and of every block by itself
    held_out        The held-out regions in memory: predictions of every frame beside their targets, and which targets
                    are covered
    held_out_scans  The test regions of all scans, with the errors of Gaussian filters there
    image_errors    Errors of the denoised images beside those of the best Gaussian filter and of a flat image
    metrics         Measures of held-out images: block sums, their bootstrap, and errors with the reference's own noise
                    removed
    mode_table      What other ways to form corrections would cost in width and buy in conditional coverage, on the test
                    regions
    precision       The realised precision of decisions: how often a declared exceedance is one
    settings        What the configuration says about the evaluation
    shares          Shares of pixels by group, with a bootstrap interval over blocks or scans; and mean widths likewise
    summary         Parts of ``evaluation/summary.json``: its head, and an entry per channel that explains its coverage
                    in words
"""
