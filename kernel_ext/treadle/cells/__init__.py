"""Cells as tasks: read, made into a function, run, waited for."""
