"""How good the delivered images are, on regions that nothing was learned from.

Begin with ``evaluate``.

    columns        The columns of the evaluation's tables
    coverage       Coverage by channel and by groups of pixels, and the realised precision of decisions, by block
                   bootstrap
    ensemble_size  How good ensembles of fewer members are
    evaluate       step: how good the delivered images are, on regions that nothing was learned from
    gaussian       What a denoised image must beat: the best Gaussian filter of the same frame, and a flat image
    held_out       The held-out regions in memory: predictions of every frame beside their targets, and which targets
                   are covered
    image_errors   Errors of the denoised images beside those of the best Gaussian filter and of a flat image
    metrics        Measures of held-out images: block sums, their bootstrap, and errors with the reference's own noise
                   removed
    mode_table     What other ways to form corrections would cost in width and buy in conditional coverage, on the test
                   regions
    precision      The realised precision of decisions: how often a declared exceedance is one
    summary        One channel of ``evaluation/summary.json``, with a sentence that explains its coverage
"""
