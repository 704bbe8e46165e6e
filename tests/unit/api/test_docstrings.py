"""The examples in the docstrings of what people call run as they stand."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import treadle_runtime.api

MODULES = [module.name for module in pkgutil.iter_modules(treadle_runtime.api.__path__, "treadle_runtime.api.")]


@pytest.mark.parametrize("name", MODULES)
def test_its_examples_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", sorted(set(treadle_runtime.api.__all__) - {"IN", "OUT", "INOUT"}))
def test_what_people_call_is_explained(name):
    assert getattr(treadle_runtime.api, name).__doc__.strip()
