"""The files that steps hand to each other.

Begin with ``scan``.

    coverage_key        The name of a nominal coverage or confidence in files
    frame_totals        Totals of the raw noisy frames over labelled pixels, with what their noise leaves open
    hdf5_reader         An HDF5 file of the run, open for reading: always closed again, with errors that name the remedy
    labels              Label images, ``tokens/<scan>.tif``: written plane by plane, read whole or in parts
    ome_tiff            OME-TIFF files: the same images always give the same bytes
    prediction_writers  Writers of the predicted images, ``ensemble/<scan>.h5`` and ``denoised/<scan>.h5``, region by
                        region
    predictions         The predicted images, ``ensemble/<scan>.h5`` and ``denoised/<scan>.h5``, read region by region
    predictions_about   The attributes that ensemble files and denoised files have in common
    scan                The standard file of one scan, ``scans/<scan>.h5``, read region by region
    scan_file           The standard file of one scan, open, and what it says of itself
    scan_sources        What a scan was read from: files and pixels with their digests, in a JSON file beside the scan
    unfinished_images   Images that are written region by region; the file is complete only when every pixel was written
"""
