"""Starts the provider where an executable of sh cannot, as on Windows."""

import runpy

runpy.run_module("language_cmk.provider", run_name="__main__", alter_sys=True)
