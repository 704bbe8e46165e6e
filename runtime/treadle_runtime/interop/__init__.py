"""Treadle behind interfaces that others defined: the standard library's executor, joblib's backend.

Law: built on the api like anybody could; what belongs to another library is imported when that library is.
"""
