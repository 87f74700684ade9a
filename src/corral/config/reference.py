"""The reference page of the options, from the table."""

from __future__ import annotations

from corral.config.option import Option
from corral.config.options import TABLE
from corral.config.refused import REFUSALS, Refusal
from corral.config.usage import default_text, metavar

_HEAD = """\
# Options of `corral serve`

This page is written by `corral docs options` from the table in `corral/config/options.py`.

Each option can stand in four places. The strongest wins: the command line, the environment, the file named by
`--config`, the default. Switches take on, enabled, true, 1, off, disabled, false or 0 in the environment and
the file. A wrong value anywhere ends the start with a sentence and exit code 1.

In the file a key is a long flag without its dashes, alone or under the heading of its group below:

```yaml
model: models/story.gguf
ctx-size: 8192
parallel: 4
api-key: [first, second]
sampling:
  temp: 0.7
  top-k: 20
```

The file may declare models too, each with the options that it needs, and presets that they inherit. What is
nearer wins, lists as a whole: the model, the last preset that it names, what that one inherits, then what the
server was told, command line included. Options of the server itself (host, keys, log, where models are found,
how many are in memory) cannot stand there. A model without a source is looked for by its name.

```yaml
presets:
  small: {ctx-size: 4096, parallel: 2}
  exact: {inherit: small, temp: 0}
models:
  story:
    model: story.gguf
    inherit: exact
    aliases: [gpt-4, tale]
    preload: true
  coder:
    hf-repo: owner/name:Q4_K_M
    ttl: 600
  elsewhere:
    proxy-url: http://127.0.0.1:9000/v1
    proxy-model: large
```
"""
_COLUMNS = "| Flag | Environment | Value | Default | Meaning |\n| --- | --- | --- | --- | --- |\n"
_REFUSED = """
## Known and refused

These flags of llama-server are not honoured. Corral says so and does not start, rather than ignore them;
so it does with their variables.

"""


def reference() -> str:
    """Return the page as Markdown."""
    groups = "".join(_group(title, options) for title, options in TABLE.items())
    return _HEAD + groups + _REFUSED + "".join(map(_refusal, REFUSALS))


def _group(title: str, options: tuple[Option, ...]) -> str:
    return f"\n## {title}\n\n{_COLUMNS}" + "".join(map(_row, options))


def _refusal(refusal: Refusal) -> str:
    families = [family for family in refusal.families if family.startswith("-")]
    names = [*refusal.flags.split(), *(f"{family}*" for family in families)]
    return f"- {', '.join(map(_code, names))}: {refusal.reason}.\n"


def _row(option: Option) -> str:
    flags = ", ".join(map(_code, option.spellings))
    placeholder = f" {_code(metavar(option))}" if option.kind.metavar else ""
    variables = ", ".join(map(_code, option.variables))
    domain = f"file with {option.kind.domain}" if option.is_file else option.kind.domain
    value = ", ".join(part for part in (domain, option.unit) if part)
    default = default_text(option) if option.fills or option.default_text else ""
    cells = (flags + placeholder, variables, value, default, option.help)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _code(text: str) -> str:
    return f"`{text}`"
