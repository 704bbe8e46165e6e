"""The names Treadle puts into a notebook, and how it takes back what is still its own.

Law: knows IPython's namespace and what hides a name from `%who`; never writes over a name of the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_MARK: Final = "__treadle__"  # in the shell's list of hidden names, which %reset empties


class Names:
    """Names given to one shell."""

    def __init__(self, shell: Any, offered: Mapping[str, Any]) -> None:
        self._shell = shell
        self._offered = dict(offered)
        self._given: dict[str, Any] = {}

    def give(self) -> list[str]:
        """Put the names into the namespace; return those left out because the user has them."""
        space, hidden = self._shell.user_ns, self._shell.user_ns_hidden
        hidden[_MARK] = True
        self._given = {name: thing for name, thing in self._offered.items() if name not in space}
        space.update(self._given)
        hidden.update(self._given)
        return [name for name, thing in self._offered.items() if space[name] is not thing]

    def restore(self) -> None:
        """Put the names back after `%reset`; a name that the user deleted stays away."""
        if _MARK not in self._shell.user_ns_hidden:
            self.give()

    def take_back(self) -> None:
        """Remove what is still ours."""
        space, hidden = self._shell.user_ns, self._shell.user_ns_hidden
        hidden.pop(_MARK, None)
        for name, thing in self._given.items():
            if space.get(name) is thing:
                del space[name]
            if hidden.get(name) is thing:
                del hidden[name]
        self._given = {}
