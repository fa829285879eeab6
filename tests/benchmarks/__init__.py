"""Benchmarks: each module ``bench_<name>.py`` offers ``run() -> list[Row]``; see ``__main__.py``."""
