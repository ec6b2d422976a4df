"""Tokens: structures that nobody labelled, found by clustering the latents.

Begin with ``fit_tokens``.

    clustering        Reproducible k-means clustering, and measures of how far its clusters can be trusted
    fit_tokens        step: one clustering of the latents of all train regions
    frame_agreement   How far the token maps of two independent frames of one place agree, which noise alone cannot
                      bring about
    label_statistics  Exact statistics of image values per label, in memory that does not grow with the image
    segment_scan      step: the token of every pixel of a scan, and statistics of each token
    settings          What the section ``structure`` of the configuration says about tokens
    stability         How far tokens can be trusted: agreement of two frames of one place, and of clusterings that are
                      repeated
    token_model       The fitted token model, which gives the pixels of every scan their tokens by the same rule
    train_pixels      Pixels drawn from the train regions, with what the ensemble delivered there
"""
