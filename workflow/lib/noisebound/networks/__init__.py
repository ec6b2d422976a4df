"""Architectures as torch modules, and the fast ways through them.

Begin with ``engine``.

    cpu_buffers       Buffers of the compiled loops, used again and again
    cpu_engine        Random graphs on processors in float32: direct convolution by the compiled loops of ``cpu_loops``
    cpu_layout        The memory layout of the compiled loops: one long row of numbers per channel, with zeros between
                      the image's lines
    cpu_loops         Compiled loops of the direct convolution: 3x3 taps as nine shifts along rows of numbers
    cpu_loss          The training loss, computed from the rows of the compiled loops
    cpu_plan          A random graph as a list of convolutions over one buffer of features: the program of the compiled
                      loops
    engine            The fast way to compute a network, chosen by family, hardware and precision
    gpu_engine        Random graphs on GPUs and in bfloat16: fewer, wider convolutions in channels-last memory
    graph_network     The random graph as a torch module: an encoder of dilated convolutions in front of the heads
    losses            The loss of training: the sum of the pinball losses of all three quantiles
    machine_code      Compiled functions whose machine code is kept on disk; a damaged or missing file costs only time
    member_file       Trained members as files: weights, normalisation, and the digest of their architecture
    normalisation     Normalisation of a network's input and target: a variance-stabilising transform, then zero mean
                      and unit spread
    precision         The precision in which the networks compute
    quantile_network  The torch module of every network: an encoder, one latent vector per pixel, three heads that
                      cannot cross
    space_to_depth    Images as cells: the pixels of a small square (cube) become channels of one cell (Shi et al.,
                      arXiv:1609.05158)
    unet_network      The U-Net as a torch module: another encoder in front of the same heads (see
                      ``architecture.unet``)
"""
