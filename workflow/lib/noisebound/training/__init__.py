"""Training one member.

Begin with ``train_member``.

    averaging     Weights averaged over the steps of a training
    checkpoint    Checkpoints: a killed training continues from its own, never from that of another training
    history       The loss curves of a training, ``members/member-<m>.history.csv``
    learner       A network in training: its weights, their optimiser and their average, step by step
    optimiser     The optimiser: orthogonalised momentum for the convolutions, AdamW for everything else
    patches       Random patches of the training pixels
    role_images   The pixels of one role in memory, with as much around them as a network sees
    schedule      The learning rate over the steps of a training: one cycle of rise and fall
    select_loss   The select loss: the loss of a network over all pixels with the role select
    settings      What training needs of the configuration: the section ``training``, and the transforms of the section
                  ``data``
    statistics    Means and standard deviations of the training pixels, for the normalisation of a member
    train_member  step: train one member of the ensemble
    trainer       The training loop: a one-cycle schedule, the select loss, the best step, and when to stop
"""
