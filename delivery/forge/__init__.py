"""The system that keeps the sources and their merge requests (GitLab, GitHub): what a pipeline writes there, and who
approved what."""
