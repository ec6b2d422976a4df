"""What knows no scan: errors, files that are whole or absent, tables, text, units.

Begin with ``errors``.

    archives      Zip archives of weights (.pt) and of arrays (.npz): checks for damage and for content that is missing
    arrays        Named arrays in npz files, and values made ready for JSON
    certainty     What counts as near a nominal coverage, and as too little for an interval
    data_frames   Tables that :mod:`noisebound.core.tables` wrote, as data frames
    errors        Errors a user can act on: each names the file, the key, the value and the remedy
    hardware      What a job computes on: a GPU or the processor, with a number of threads and an amount of memory
    length_units  Units of length: their spellings in files, the unit that a page shows, and their symbols in OME
    names         Names that a scan and a run may have, since they become parts of file names
    paths         Paths in a configuration: refused if a shell would expand them or Snakemake would read them as
                  wildcards
    roles         Roles of scans and of their regions: what pixels are for
    sharing       Names of files that may leave this machine: they reveal neither folders, nor users, nor machines
    sources       How image sources are named: a plain path, or ``file.h5:/path/of/dataset``
    statistics    Small statistics that several packages use: the correlation of two images, and subsets of members
    storage       Files that are complete or absent: written under a temporary name, then renamed; also JSON and digests
    tables        Tables as CSV: how they are written, and how the text in them is read back
    texts         Text from files and from users: which characters it may not have, and how it is cleaned
    variance      Variance-stabilising transforms and their algebraic inverses
    versions      Versions of the software that computes results
"""
