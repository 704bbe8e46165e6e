"""The command `treadle`: run, ps, stop, tour.

Law: words on a terminal and exit codes (0 done, 1 failed, 2 called wrongly, 130 interrupted). What it does, others do.
"""
