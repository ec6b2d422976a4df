"""Training one member.

Begin with ``train_member``.

    checkpoint    Checkpoints: a killed training goes on where it was, and never from another training's weights
    optimiser     The optimiser: orthogonalised momentum for the convolutions, AdamW for everything else
    patches       Training pixels in memory, and random patches of them cut on the device that trains
    statistics    Means and spreads of the training pixels, for the networks' normalisation
    train_member  step: train one member of the ensemble
    trainer       The training loop of one network: random patches, a one-cycle schedule, averaged weights, the select
                  loss
"""
