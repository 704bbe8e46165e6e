"""The source of the cells, told to the runtime: it shows failures with their lines while the kernel is blocked, or gone.

Law: knows how IPython names the code of cells; tells each once, when the first task of a cell is on its way. Cheap: text
that is there already, one message.
"""

from __future__ import annotations

import linecache
from typing import Any, Final

from treadle_runtime.wire import messages as m

CELLS: Final = 200
"""The newest cells are told, if there are many that have not been."""
CHARS: Final = 64 * 1024


class Sources:
    """What has been told to which runtime."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._link: Any = None
        self._told: set[str] = set()

    def follow(self, session: Any) -> None:
        """Tell it to the runtime of this session from now on."""
        self._link, self._told = session.client.link, set()

    def tell(self) -> None:
        """Tell what is new. Never waits."""
        names = getattr(getattr(self._shell, "compile", None), "_filename_map", None)
        if self._link is None or not isinstance(names, dict):
            return
        new = [name for name in reversed(names) if name not in self._told][:CELLS]
        if not new:
            return
        self._told.update(names)
        files = {name: [f"Cell In[{names[name]}]", "".join(linecache.getlines(name))[:CHARS]] for name in new}
        self._link.send(m.Ask(0, "sources", {"files": files}))  # nobody awaits the answer
