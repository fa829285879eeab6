"""Tests of the platform `aws-ecs`."""
