"""The columns of the evaluation's tables, and the names of its outputs."""

from __future__ import annotations

GROUP_COLUMNS = ["coverage", "low", "high", "mean_width", "n_pixels", "n_blocks"]
COLUMNS: dict[str, list[str]] = {
    "coverage": [
        *("channel", "nominal", "coverage", "low", "high", "coverage_without_atoms", "coverage_of_atoms", "atoms"),
        *("mean_width", "zero_width", "below", "above", "joint_coverage", "joint_low", "joint_high"),
        *("n_pixels", "n_blocks", "target"),
        *("resampled", "coverage_of_truth", "lower_bound_coverage", "upper_bound_coverage"),
    ],
    "signal": [
        *("channel", "nominal", "mean_width", "coverage_of_truth", "error_ratio", "error_low", "error_high"),
        *("lower_bound_coverage", "upper_bound_coverage", "n_pixels", "n_blocks"),
    ],
    "by_intensity": ["channel", "nominal", "decile", *GROUP_COLUMNS, "median_from", "median_to"],
    "by_token": ["channel", "nominal", "token", *GROUP_COLUMNS],
    "by_border": ["channel", "nominal", "distance", *GROUP_COLUMNS],
    "by_block": ["channel", "nominal", "scan", "y", "x", "coverage", "mean_width", "n_pixels"],
    "modes": [
        *("number", "mode", "unit", "chosen", "channel", "nominal", "coverage", "joint_coverage", "mean_width"),
        *("relative_width", "winkler", "relative_winkler", "worst_slab", "decile_low"),
        *("decile_high", "decile_gap", "token_low", "token_high", "border_low", "border_high", "block_low"),
        *("block_high", "scan_low", "scan_high", "scans"),
    ],
    "ensemble_size": [
        *("channel", "members", "correlation", "rmse", "correlation_q25", "correlation_q75", "rmse_q25", "rmse_q75"),
        "subsets",
    ],
    "errors": [
        *("channel", "scan", "rmse", "rmse_noise_removed", "bias", "bias_of_mean", "target_mean", "correlation"),
        *("psnr", "mse", "mse_noise_removed"),
        *("target_noise", "gaussian_sigma", "gaussian_mse", "gaussian_mse_noise_removed", "gaussian_psnr"),
        *("ratio_to_gaussian", "ratio_to_gaussian_low", "ratio_to_gaussian_high"),
        *("flat_mse", "flat_mse_noise_removed", "structured", "n_pixels"),
    ],
    "decisions": [
        *("name", "channel", "threshold", "confidence", "side", "precision", "low", "high", "declared", "n_pixels"),
        *("n_blocks", "of", "against", "expected", "bound_coverage"),
    ],
}
OUTPUTS = (*COLUMNS, "summary")
