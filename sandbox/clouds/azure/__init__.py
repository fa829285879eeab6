"""A simulated Azure: what an environment on Container Instances is made of."""
