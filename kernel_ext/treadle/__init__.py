"""Treadle: sequential code, parallel execution, live in the notebook."""
