"""Architectures as torch modules, and the fast ways through them.

Begin with ``engine``.

    cpu_engine        Direct convolution for processors: images as rows of numbers, run through the compiled ``loops``
    cpu_loops         Compiled loops of the direct convolution: 3x3 taps as nine shifts along rows of numbers (see
                      ``direct``)
    engine            The fast way through a network: the same mathematics as ``network``, by the means that suit the
                      hardware
    gpu_engine        The same mathematics as ``network`` for GPUs and bfloat16: fewer, wider convolutions in the layout
                      they like
    graph_network     The random graph as a torch module: an encoder of dilated convolutions in front of the heads
    losses            What training minimises: the pinball loss of all three quantiles at once
    machine_code      Compiled functions whose machine code is kept on disk, and for which a damaged or missing cache
                      costs time alone
    member_file       Trained members as files: weights, normalisation, and the digest of the architecture that they
                      belong to
    normalisation     What a network sees instead of raw numbers: stabilised, then with zero mean and unit spread
    precision         In which precision the networks compute
    quantile_network  From an architecture to a torch module: encoder, one latent vector per pixel, three heads that
                      cannot cross
    space_to_depth    Images as cells: the pixels of a small square (cube) as channels of one (Shi et al.,
                      arXiv:1609.05158)
    unet_network      The U-Net as a torch module: another encoder in front of the same heads (see
                      ``unet_architecture``)
"""
