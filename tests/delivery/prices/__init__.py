"""Tests of ``delivery/prices``."""
