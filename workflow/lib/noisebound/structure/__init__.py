"""Tokens: structures that nobody labelled, found by clustering the latents.

Begin with ``fit_tokens``.

    clustering        Reproducible k-means clustering, and measures of how far its clusters can be trusted
    fit_tokens        step: one clustering of the latents of all train regions
    label_statistics  Exact statistics of image values per label, in memory that does not grow with the image
    segment_scan      step: the token of every pixel of a scan, and statistics of each token
    settings          What the section ``structure`` of the configuration says about tokens
    stability         How stable tokens are: agreement of clusterings over seeds, halves of the sample, and members
    token_model       The fitted token model, which gives the pixels of every scan their tokens by the same rule
    train_pixels      Pixels drawn from the train regions, with what the ensemble delivered there
"""
