"""noisebound: calibrated denoising of fast scans by ensembles of small random networks."""

__version__ = "0.1.0"
