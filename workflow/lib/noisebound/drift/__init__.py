"""Whether a scan is like those that calibrated the intervals, and whether its image can be trusted.

Begin with ``check_drift``.

    autocorrelation   Autocorrelation of residuals: 0 where noisy minus denoised is white noise
    block_errors      Errors of means over blocks that may resemble their neighbours
    block_statistics  Statistics of small blocks of a scan: what its noisy frame looks like, and where its latents lie
    block_table       The table of all blocks of one or more scans, and the statistics in which two tables can be
                      compared
    block_tests       Tests of single blocks: whether the noisy frame shows structure, and whether it contradicts the
                      denoised image
    calibrated        The file ``drift/calibrated.npz``: the calibrate regions of all scans, as other scans are compared
                      with them
    check_drift       step: whether a scan is like those that calibrated, and whether its image can be trusted
    dose              Whether a scan in counts was measured with the dose of the calibrated ones, apart from what it is
                      made of
    exceedance        Exact test of whether some blocks of a scan lie beyond all calibrated ones, as those of a material
                      never seen do
    expected          What a denoised image predicts of the noisy frame and of the reference, fitted on the calibrate
                      regions
    findings          Verdicts on the residuals and on the blocks without structure of one scan, as parts of
                      ``drift/<scan>.json``
    fit_drift         step: the calibrate regions of all scans, described so that further scans can be compared with
                      them
    invented          Single blocks without structure in the noisy frame whose denoised image is wrong, and how certain
                      that is
    likeness          How alike a scan and those that calibrated are: the verdict, its p-value and the statistics that
                      differ
    likeness_words    How a scan compares with those that calibrated, in words
    local_findings    Findings on single places of one scan, as parts of ``drift/<scan>.json``
    local_images      The noisy frame of a scan beside what its image predicts of it, tile by tile, for the search of
                      single places
    local_kernels     Gaussian windows of several sizes, and how surprising the sum of counts under one is
    local_limits      How strong an object must be to be found, in standard deviations of the noisy frame and as a spot
    local_scores      Local deviations of an image from a measurement, at several scales, in standard deviations of the
                      noise
    local_tail        How far the largest deviations of scans like the calibrated ones go, beyond what the calibrate
                      regions hold
    local_threshold   How far the largest of all local deviations goes by chance
    local_usual       Local deviations that images of a run usually show, learned from the calibrate regions
    misses            Places where the image misses the reference: the largest local differences beyond the reference's
                      noise
    place_figures     What is known of a found place: its bounds, whether a feature was lost or invented there, and
                      averages around it
    place_words       Places that the image lost or invented, in words
    places            Single places where a measurement contradicts the image: lost or invented features, misses beside
                      a reference
    residuals         Residuals, noisy minus denoised, block by block: signs of invented or lost structure that need no
                      reference
    settings          What the section ``drift`` of the configuration says about the check of a scan
    similarity        Permutation and conformal tests of whether a scan looks exchangeable with those that calibrated
    words             The findings of the check of one scan, in words for its page
"""
