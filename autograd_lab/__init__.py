"""autograd-lab: symbols, numbers and pictures of gradients in deep feedforward networks."""
