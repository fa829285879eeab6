"""Tests of ``delivery/seal``."""
