"""Speed as ratios between libraries, measured side by side in one run."""
