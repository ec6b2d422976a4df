"""The configuration: read, checked as a whole, written in one form; and what follows from it.

Begin with ``configuration``.

    canonical      One way to write a configuration: whatever means the same becomes the same, so that nothing is
                   computed again
    checks         What a configuration must satisfy beyond its schema, said before any job starts
    configuration  One configuration with its scan sheet, checked as a whole: by the workflow when it is read, and by
                   the command
    containers     Which container a step runs in, where the configuration names a folder of images or a registry
    defaults       Settings that follow from others: the default patch, alignment, and what a family of networks takes
    frames         Whether every scan has the frame that is to be delivered, as far as that can be known before anything
                   runs
    plan           Which scans a run has and what each is for: what the rules need of the configuration and the sheet
                   together
    resources      What a step asks a batch system for: whole megabytes and whole minutes, never so few or so many that
                   it is misread
    scan_checks    What the scans of the sheet must offer: the roles that a run needs, and enough scans to calibrate
    schemas        The schemas of the configuration and of the scan sheet: defaults are filled in, violations told in
                   words
    search_checks  What can be searched, and how much of it: refused before any network is trained
    simulation     The section simulation: what must hold, and what follows from it
    texts          Text in a configuration: what pages, tables and image files would have to show must be plain and
                   short
    trial          What one trial of a hyperparameter search changes, and what it then trains with
    trials         Which settings a hyperparameter search tries: the section ``search`` of the configuration, trial by
                   trial
    values         Values that no key of a configuration takes: what is not a finite number, a printable text, true,
                   false or null
    violations     Violations of the schema, in words
    yaml_files     Configuration files as YAML or JSON: what readers of YAML would drop or swallow without a word is
                   refused
"""
