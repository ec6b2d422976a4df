"""Boxes, blocks, tiles and montages: where pixels are, whatever they hold.

Begin with ``boxes``.

    blocks   Images and boxes cut into blocks, for three purposes
    boxes    Boxes of pixels: half-open, with one number per spatial axis
    montage  Independent images side by side in one scan, so far apart that no network sees from one into another
    tiling   Tiles with a halo: a scan larger than memory is read, predicted and written piece by piece, exactly
"""
