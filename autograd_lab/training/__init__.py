"""Training: from a model, a loss and data to one recorded step, run over and over."""
