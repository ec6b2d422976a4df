"""Tokens: structures that nobody labelled, found by clustering the latents.

Begin with ``fit_tokens``.

    clustering        k-means with everything fixed by a seed, and how far its clusters can be trusted
    fit_tokens        step: one clustering of the latents of all train regions
    label_statistics  Statistics of image values per label: exact, in memory that does not grow with the image
    segment_scan      step: the token of every pixel of a scan, and statistics of each token
    settings          What the section ``structure`` of the configuration says about tokens
    stability         How stable tokens are: agreement of clusterings over seeds, halves of the sample, and members
    token_model       The fitted clustering, applied alike to every scan
    train_pixels      Pixels drawn from the train regions, with what the ensemble delivered there
"""
