"""Benchmarks: `make bench`. They measure and print; they judge nothing."""
