"""All members over one scan: averaged quantiles, spread and latents.

Begin with ``ensemble_scan``.

    combine           Combining the members' predictions of one tile: average or pooled quantiles, spread, projected
                      latents
    ensemble_scan     step: all members over one scan in a single pass, tile by tile
    fit_latent_basis  step: the basis of the latents, fitted on a sample of the train regions
    frame_pairs       Two independent frames of the same place, predicted anew: what of the latents a second measurement
                      repeats
    frame_windows     Windows of the scans, with two independent frames of each: repeats, or the counts of one frame
                      divided
    members           The trained members of a run, and what each predicts of an image, averaged over orientations
    overlap           The error of tiles that overlap by less than the receptive radius, measured on a few tiles
    pooling           Quantiles of the mixture of the members' distributions, from the three quantiles that each member
                      predicts
    settings          What the ensemble and the latent basis need of the configuration
    streaming         Reading, computing and writing at the same time, for work that comes piece by piece
"""
