"""Tests of ``delivery/preview``."""
