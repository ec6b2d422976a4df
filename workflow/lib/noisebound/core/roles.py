"""Roles of scans and of their regions: what pixels are for. Only the standard library."""

from __future__ import annotations

# Roles that must not share pixels: what is learned or judged on the pixels of one must not see those of another.
# In a divided scan the guard band between two of them is taken from the later one in this list.
DISJOINT_ROLES = ("train", "select", "calibrate", "test")
# A scan that is only predicted: nothing is learned from it or judged on it.
APPLY = "apply"
# A scan whose regions have different roles.
SPLIT = "split"
# What the scan sheet may say; ``schemas/scans.schema.yaml`` lists the same.
SHEET_ROLES = (*DISJOINT_ROLES, APPLY, SPLIT)
