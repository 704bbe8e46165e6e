"""`treadle tour`: the demo notebooks and their data, out of the installed package into a folder.

Law: copies files and never overwrites what a person may have changed.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from ..errors import DataError

_PACKAGE = Path(__file__).resolve().parents[1]


def unpack(folder: str) -> int:
    """Copy notebooks and data to `folder`; files that are there stay as they are. Return the exit code.

    Raises
    ------
    DataError
        The notebooks are not part of this installation, or the folder cannot be written.
    """
    source, target = _source(), Path(folder)
    wanted = sorted([*source.glob("0*.ipynb"), source / "heat.py", *(source / "data").iterdir()])
    kept = 0
    try:
        for path in (path for path in wanted if path.is_file()):
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            if copy.exists():
                kept += 1
            else:
                shutil.copyfile(path, copy)
    except OSError as error:
        raise DataError(f"{target} cannot be written: {error}. Name another folder.") from error
    if kept:
        print(f"{kept} of the files were there already and stay as they are", file=sys.stderr)
    print(f"The tour is in {target}. It needs: pip install 'treadle[demo]'. Begin with: jupyter lab {target / '01-tour.ipynb'}")
    return 0


def _source() -> Path:
    """Where the notebooks are: beside the installed package, or in the checkout it is imported from."""
    for place in (_PACKAGE.parent / "treadle" / "tour", _PACKAGE.parents[1] / "notebooks"):
        if (place / "01-tour.ipynb").is_file():
            return place
    raise DataError("The demo notebooks are not part of this installation: install treadle from its wheel or its repository.")
