"""The world of a call: sent when it is new, known when it comes again."""

from __future__ import annotations

import logging
import warnings

from treadle_runtime.api.worlds import Worlds
from treadle_runtime.wire import messages as m
from treadle_runtime.worker.manners import Manners
from treadle_runtime.worker.world import World


def test_a_world_is_sent_once_and_named_again_when_it_comes_back() -> None:
    sent: list[m.World] = []
    worlds = Worlds(sent.append)
    first = worlds.current()
    assert [each.world for each in sent] == [first]
    for _ in range(3):
        assert worlds.current() == first
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            second = worlds.current()
        assert second != first
    assert [each.world for each in sent] == [first, second]


def test_levels_and_figures_are_part_of_it() -> None:
    sent: list[m.World] = []
    worlds = Worlds(sent.append)
    worlds.current()
    logger = logging.getLogger("lib.of.this.test")
    logger.setLevel(logging.DEBUG)
    try:
        worlds.current()
    finally:
        logger.setLevel(logging.NOTSET)
    worlds.listener.figures = {"formats": ["svg"]}
    worlds.current()
    import msgspec

    manners = [msgspec.msgpack.decode(World.decode(each.data).manners, type=Manners) for each in sent]
    assert [each.levels.get("lib.of.this.test") for each in manners] == [None, logging.DEBUG, None]
    assert [each.figures for each in manners] == [{}, {}, {"formats": ["svg"]}]
