"""The few scores per pixel that the members' latent vectors become.

Begin with ``basis``.

    basis       The latent basis: how the members' latents become a few scores per pixel
    components  The principal components of latents: which channels count, with what weight, and along which directions
                they vary
    sample      The sample of latents that the basis is fitted on, as an npz file
"""
