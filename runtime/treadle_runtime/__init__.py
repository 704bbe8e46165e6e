"""The machine of Treadle: core, wire, store, workers, host, client and api.

Law: knows nothing of IPython, Jupyter or widgets. People import `treadle`, which is built on this package.
"""

__version__ = "0.1.0"
