"""noisebound beside the reference implementation, a U-Net and filters: see README.md."""
