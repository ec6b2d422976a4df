"""The files that steps hand to each other.

Begin with ``scan``.

    coverage_key        The name of a nominal coverage or confidence in files
    hdf5_reader         An HDF5 file of the run, open for reading: closed on every way out, and refused in words
    labels              Label images, ``tokens/<scan>.tif``: written plane by plane, read whole or in parts
    ome_tiff            OME-TIFF files that hold the same bytes whenever they hold the same images
    prediction_writers  Writing the predicted images, ``ensemble/<scan>.h5`` and ``denoised/<scan>.h5``, region by
                        region
    predictions         The predicted images, ``ensemble/<scan>.h5`` and ``denoised/<scan>.h5``, read region by region
    predictions_about   What the files of predictions, of an ensemble and denoised, say of themselves
    scan                The standard file of one scan, ``scans/<scan>.h5``, read region by region
    scan_sources        What a scan was read from: every file with its digest, and digests of its pixels, kept in a file
                        beside the scan
    unfinished_images   Images that are written region by region, and delivered only when every pixel was written
"""
