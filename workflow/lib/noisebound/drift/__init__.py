"""Whether a scan is like those that calibrated the intervals, and whether its image can be trusted.

Begin with ``check_drift``.

    block_statistics  Statistics of small blocks of a scan: what its noisy frame looks like, and where its latents lie
    check_drift       step: whether a scan is like those that calibrated, and whether its image can be trusted
    findings          The findings of a check: likeness to the calibrated scans, residuals, background, invented
                      structure
    fit_drift         step: what scans like those that calibrated look like, to compare others with
    residuals         Signs of invented or lost structure that need no reference: what is left of the noise, and places
                      without structure
    similarity        Whether a scan looks exchangeable with those that calibrated: permutation and conformal tests with
                      honest p-values
    words             What a check of one scan found, in words for the page of the scan: see ``drift``
"""
