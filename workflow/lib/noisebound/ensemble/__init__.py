"""All members over one scan: averaged quantiles, spread and latents.

Begin with ``ensemble_scan``.

    combine           Combining the members' predictions of one tile: average or pooled quantiles, spread
    ensemble_scan     step: all members over one scan in a single pass, tile by tile
    fit_latent_basis  step: the basis of the latents, fitted on a sample of the train regions
    members           All members over one tile: averaged quantiles, spread and latents, in every orientation
    overlap           How far tiles must overlap where convolutions are not exact at borders: measured, not assumed
    pooling           Quantiles of the members' distributions taken together, from the three quantiles that each member
                      predicts
    streaming         Reading, computing and writing at the same time, for work that comes piece by piece
"""
