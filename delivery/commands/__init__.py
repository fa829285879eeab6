"""The commands of ``caas``, a module for each group. Each reads arguments and prints; what happens is elsewhere."""
