"""`python -m treadle_runtime.cli` is the command `treadle`."""

import sys

from .main import main

if __name__ == "__main__":
    sys.exit(main())
