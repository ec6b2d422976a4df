"""Whether a scan is like those that calibrated the intervals, and whether its image can be trusted.

Begin with ``check_drift``.

    autocorrelation   Autocorrelation of residuals: 0 where noisy minus denoised is white noise
    block_statistics  Statistics of small blocks of a scan: what its noisy frame looks like, and where its latents lie
    block_table       The table of all blocks of one or more scans, and what of two tables can be compared
    block_tests       Tests of single blocks: whether the noisy frame shows structure, and whether the denoised image
                      contradicts it
    calibrated        The file ``drift/calibrated.npz``: what the calibrate regions look like, which scans are compared
                      with
    check_drift       step: whether a scan is like those that calibrated, and whether its image can be trusted
    expected          What a denoised image predicts of the noisy frame and of the reference, as fitted on the calibrate
                      regions
    findings          What the residuals and the places without structure of one scan say, as parts of
                      ``drift/<scan>.json``
    fit_drift         step: what scans like those that calibrated look like, to compare others with
    invented          Single blocks without structure in the noisy frame whose image is wrong, and how certain that is
    likeness          How alike a scan and those that calibrated are: the verdict, its p-value and the statistics that
                      differ
    residuals         Residuals, noisy minus denoised, block by block: signs of invented or lost structure that need no
                      reference
    settings          What the section ``drift`` of the configuration says about the check of a scan
    similarity        Whether a scan looks exchangeable with those that calibrated: permutation and conformal tests with
                      honest p-values
    words             What the check of one scan found, in words for its page
"""
