"""The hyperparameter search: its trials, trained and ranked.

Begin with ``train_trial``.

    rank_trials    step: the table of all trials of a search, its figure, and the winner as a configuration file
    ranking        Trials ranked by their loss on the select regions, and how certain the order is
    search_figure  The figure of a hyperparameter search: the loss of all trials against what they cost
    train_trial    step: draw and train one network of a hyperparameter search, and note its outcome
"""
