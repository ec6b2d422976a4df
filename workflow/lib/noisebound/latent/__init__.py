"""The few scores per pixel that the members' latent vectors become.

Begin with ``basis``.

    basis       The latent basis: the linear map from the latents of all members to a few scores per pixel
    components  Principal components of latents: which channels count, their weights, and the directions of largest
                variance
    frames      What two independent frames of the same place look like to the members, as an npz file
    sample      The sample of latents that the basis is fitted on, as an npz file
"""
