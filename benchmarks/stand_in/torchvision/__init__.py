"""Stands in for torchvision, which the reference implementation imports and the benchmark never uses."""
