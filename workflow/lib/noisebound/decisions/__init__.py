"""Where a threshold is exceeded, and where to measure again.

Begin with ``recommend_regions``.

    exceedance         Where a channel exceeds a threshold at a stated confidence
    recommend_regions  step: exceedance maps, ranked regions, and boxes worth measuring again
"""
