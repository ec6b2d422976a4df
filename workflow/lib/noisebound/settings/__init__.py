"""The configuration: read, checked as a whole, written in one form; and what follows from it.

Begin with ``configuration``.

    canonical      One canonical form of a configuration: settings that mean the same look the same, so that nothing is
                   computed again
    checks         What a configuration must satisfy beyond its schema, checked before any job starts
    configuration  A configuration with its scan sheet, checked as a whole by the workflow and by the command
    containers     Which container image a step runs in, if the configuration names a folder of images or a registry
    defaults       Settings that follow from others: the default patch, alignment, and the keys that a family of
                   networks uses
    frames         Whether every scan has the frame that is to be delivered, as far as this can be known before anything
                   runs
    plan           The scans of a run and their roles: what the rules need of the configuration and the scan sheet
                   together
    resources      What a step requests from a batch system: whole megabytes and whole minutes, in a range that Slurm
                   reads correctly
    scan_checks    What the scans of the sheet must offer: the roles that a run needs, and enough scans to calibrate
    schemas        The schemas of the configuration and of the scan sheet: defaults are filled in, violations explained
                   in words
    search_checks  What can be searched and how many networks a search may have, checked before any network is trained
    simulation     The section simulation: its checks, and what follows from it
    texts          Text in a configuration that pages, tables and image files show: it must be plain and short
    trial          What one trial of a hyperparameter search changes, and the configuration that results
    trials         The trials of a hyperparameter search, from the section ``search`` of the configuration
    values         Which values a configuration may have: finite numbers, printable text, true, false and null
    violations     Violations of the schema, in words
    yaml_files     Configuration files in YAML or JSON: content that a YAML reader would silently drop or convert is
                   refused
"""
