"""The components, declared against a monitor that records what it is told."""
