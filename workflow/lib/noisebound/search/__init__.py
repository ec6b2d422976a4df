"""The hyperparameter search: its trials, trained and ranked.

Begin with ``train_trial``.

    rank_trials  The result of a hyperparameter search: trials by their loss on the select regions, a figure, and the
                 winner
    train_trial  One network of a hyperparameter search: drawn and trained like a member, and what became of it
"""
