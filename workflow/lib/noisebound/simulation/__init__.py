"""Simulated scans whose truth is known, and ensembles compared on them.

Begin with ``simulate_scan``.

    compare_ensembles  Random networks beside U-Nets of as many parameters and beside filters, on simulated scans whose
                       truth is known
    curves             How good ensembles of 1, 2, ..
    filters            Classical filters of the synthetic images, each at the best of its settings
    images             Synthetic images whose truth is known: smooth blobs under noise that is asymmetric and grows with
                       the signal
    simulate_scan      Simulated scans: files as an instrument might write them, with the truth beside the reference
"""
