"""Terraform beside this program: what a root of it is told of a stack, and how what it made comes into one.

Nothing here runs Terraform.
"""
