"""Policy as code: what may not be declared. Rules are pure functions over resource properties."""
