"""What stands in for a team's Terraform: a root without a cloud, and a server that keeps its state."""
