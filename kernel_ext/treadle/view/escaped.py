"""Text as HTML: what stands in names, results and failures is shown and never acts.

Law: pure; one function, used wherever HTML is made of text that is not ours.
"""

from __future__ import annotations

import html
import re
from typing import Final

CODE: Final = "font-family:var(--jp-code-font-family,monospace)"
"""The type of `<pre>`: a notebook that was exported as HTML would show it in that of prose."""
_ACTS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


def escape(text: str) -> str:
    r"""Return text for HTML; control characters, and what turns the text around it, are spelled out.

    Examples
    --------
    >>> escape("<b>\x1b[31m\u202e")
    '&lt;b&gt;\\x1b[31m\\u202e'
    """
    return html.escape(_ACTS.sub(lambda found: found[0].encode("unicode_escape").decode(), text))
