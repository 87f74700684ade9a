from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from corral.config.parse import Parsed, parse


def _parse(
    *argv: str, environ: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> Parsed:
    contents = files or {}

    def read_file(path: str) -> str:
        if path not in contents:
            raise FileNotFoundError(path)
        return contents[path]

    return parse(argv, {"HOME": "/home/someone", **(environ or {})}, read_file)


@pytest.fixture(name="parse")
def parse_without_a_process() -> Callable[..., Parsed]:
    return _parse
