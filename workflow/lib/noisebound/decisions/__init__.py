"""Where a threshold is exceeded, and where to measure again.

Begin with ``recommend_regions``.

    exceedance         Where a channel exceeds a threshold at a stated confidence
    rank_regions       Order of the regions that deserve attention: those above a threshold, and boxes to measure again
    recommend_regions  step: exceedance maps, ranked regions, and boxes worth measuring again
    region_table       Rows and columns of ``decisions/<scan>.csv``: one region per row, with bounds in px and in the
                       unit of length
    settings           The section ``decisions`` of the configuration
"""
