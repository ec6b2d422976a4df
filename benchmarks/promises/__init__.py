"""Simulated worlds whose truth is known, and what the library promises in them: one module per kind of promise."""
