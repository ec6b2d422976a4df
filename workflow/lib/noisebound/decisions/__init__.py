"""Where a threshold is exceeded, and where to measure again.

Begin with ``recommend_regions``.

    exceedance         Where a channel exceeds a threshold at a stated confidence
    rank_regions       Regions in the order in which they deserve attention: those that exceed a threshold, and boxes to
                       measure again
    recommend_regions  step: exceedance maps, ranked regions, and boxes worth measuring again
    region_table       Rows and columns of ``decisions/<scan>.csv``: a region each, with bounds in pixels and in the
                       unit of length
    settings           The section ``decisions`` of the configuration
"""
