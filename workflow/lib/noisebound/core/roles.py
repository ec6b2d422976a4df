"""Roles of scans and of their regions: what pixels are for. Only the standard library."""

from __future__ import annotations

# Roles whose pixels must never meet: what is learned or judged with one of them must not see those of another. Where a
# guard band has to be cut between two, the earlier one keeps its ground.
DISJOINT_ROLES = ("train", "select", "calibrate", "test")
# A scan that nothing is learned from or judged on.
APPLY = "apply"
# A scan whose regions have different roles.
SPLIT = "split"
# What the scan sheet may say; ``schemas/scans.schema.yaml`` lists the same.
SHEET_ROLES = (*DISJOINT_ROLES, APPLY, SPLIT)
