"""What knows no scan: errors, files that are whole or absent, tables, text, units.

Begin with ``errors``.

    archives      Zip archives of weights (.pt) and of arrays (.npz) that are damaged, or announce more than they hold
    arrays        Named arrays in npz files, and numbers as JSON knows them
    data_frames   Tables that :mod:`noisebound.core.tables` wrote, as data frames
    errors        Errors a user can act on: each names the file, the key, the value and the remedy
    hardware      What a job computes on: a GPU or the processor, with so many threads and so much memory
    length_units  Units of length: how files spell them, which one a reader of a page would choose, and their names in
                  OME
    names         What a scan and a run may be called: their names become names of files, beside files that the run
                  itself writes
    paths         Paths in a configuration: what a shell would expand, and what Snakemake would take for a wildcard, is
                  refused
    roles         Roles of scans and of their regions: what pixels are for
    sharing       What may leave this machine: files by a name that tells neither folders, nor users, nor machines
    sources       How image sources are named: a plain path, or ``file.h5:/path/of/dataset``
    statistics    Small statistics that several packages use: correlation of two images, subsets of members
    storage       Files that are whole or absent: written beside their place and renamed; plus JSON and digests
    tables        Tables as CSV: one way to write them, and the inverse for the text in them
    texts         Text from files and from users: what may not be part of it, and how it is cleaned
    variance      Variance-stabilising transforms and their plain inverses
    versions      Versions of the software that computes results
"""
