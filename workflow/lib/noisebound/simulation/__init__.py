"""Simulated scans whose truth is known, and ensembles compared on them.

Begin with ``simulate_scan``.

    compare_ensembles  step: random networks, U-Nets of as many parameters and filters judged where truth is known
    curves             How good ensembles of one, two and more of the trained members are, each calibrated by itself
    examples           Images of one example: noisy, true, denoised by each family of ensembles, and filtered
    filters            Classical filters of the synthetic images, each at the best of its settings
    images             Synthetic images whose truth is known: smooth blobs under noise that is asymmetric and grows with
                       the signal
    simulate_scan      step: a file as an instrument might write it, with the truth beside the reference
    simulated_images   The images of ingested simulated scans with their truth, and what ensembles predict of them
"""
