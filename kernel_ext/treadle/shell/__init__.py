"""The shell a person works in: its cells, names, options, Stop button, identity and restarts."""
