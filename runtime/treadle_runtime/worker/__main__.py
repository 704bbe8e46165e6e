"""`python -m treadle_runtime.worker FOLDER N LINE`: started by the runtime, never by people."""

from __future__ import annotations

import sys

from .process import main

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
