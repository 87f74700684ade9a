"""llama-server's flags and variables that Corral knows and does not take.

Using one ends the start with a sentence that says why and what to do, so that nobody takes it for a typo or
believes it has an effect. When one is honoured, its flags leave this table and a row enters the options.
What has one value that Corral can take is a row too: `rows/absent.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from corral.core.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Flags and variables that are refused for one reason.

    `flags` and `variables` are lists separated by blanks. Every long flag also has the variable LLAMA_ARG_
    and its name. A family is the beginning that all its flags have in common.
    """

    flags: str
    reason: str
    variables: str = ""
    families: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every flag and variable, without those that only a family covers."""
        flags = self.flags.split()
        derived = (
            "LLAMA_ARG_" + flag[2:].replace("-", "_").upper() for flag in flags if flag.startswith("--")
        )
        return frozenset({*flags, *derived, *self.variables.split()})


REMOVED = Refusal(
    flags="--spec-ngram-size-n --spec-ngram-size-m --spec-ngram-min-hits",
    reason="llama-server itself has removed this in favour of the --spec-ngram-* flags of each type; "
    "leave it out: Corral takes the longest place that the text has in common with itself",
)
DRAFTS = Refusal(
    flags="""
    --draft-p-split --spec-default -hfd -hfrd --hf-repo-draft
    -Cd --cpu-mask-draft -Crd --cpu-range-draft --cpu-strict-draft --prio-draft --poll-draft
    -Cbd --cpu-mask-batch-draft -Crbd --cpu-range-batch-draft --cpu-strict-batch-draft
    --prio-batch-draft --poll-batch-draft -otd --override-tensor-draft
    -cmoed --cpu-moe-draft -ncmoed --n-cpu-moe-draft
    -lcs --lookup-cache-static -lcd --lookup-cache-dynamic
    --fim-qwen-7b-spec --fim-qwen-14b-spec --no-spec-draft-backend-sampling
    """,
    families=("--spec-", "LLAMA_ARG_SPEC_"),
    reason="of drafts (speculative decoding) Corral serves --spec-type none, ngram-simple and draft-simple, "
    "with the file of --model-draft, and measures how many pay; leave it out: the text is the same",
)
BACKEND_SAMPLING = Refusal(
    flags="-bs --backend-sampling",
    reason="Corral samples on the processor, where every sampler and grammar works; leave it out: the text "
    "is drawn from the same probabilities",
)
PAGE_CONFIG = Refusal(
    flags="--ui-config --webui-config --ui-config-file --webui-config-file",
    reason="Corral's page has no settings that a file could preset; leave it out, and set the defaults "
    "of requests with flags like --temp, or bring a page of your own with --path",
)
TOOLS = Refusal(
    flags="--mcp-servers-config --mcp-servers-json --tools --tools-runtime",
    reason="Corral runs no tools and no MCP servers on the machine that serves; leave it out, and let "
    "the client run them: it gets the model's tool calls from /v1/chat/completions",
)
VIDEO = Refusal(
    flags="--video-fps --video-timestamp-interval --video-ffmpeg-dir",
    reason="Corral reads no videos; leave it out, and let the client send single images",
)
PROJECTOR = Refusal(
    flags="-mmdev --mmproj-device --mtmd-batch-max-tokens",
    reason="a projector runs on the device of its model, an image at a time; leave it out",
)
PRESETS = Refusal(
    flags="""
    --embd-gemma-default --fim-qwen-1.5b-default --fim-qwen-3b-default --fim-qwen-7b-default
    --fim-qwen-30b-default --gpt-oss-20b-default --gpt-oss-120b-default
    --vision-gemma-4b-default --vision-gemma-12b-default
    """,
    reason="Corral has no presets of models; name the model with --hf-repo, and its settings with flags",
)
REFUSALS = (
    REMOVED,
    DRAFTS,
    BACKEND_SAMPLING,
    PAGE_CONFIG,
    TOOLS,
    VIDEO,
    PROJECTOR,
    PRESETS,
)
_BY_NAME = {name: refusal for refusal in REFUSALS for name in refusal.names}
_BY_FAMILY = {family: refusal for refusal in REFUSALS for family in refusal.families}

REFUSED_FLAGS = frozenset(name for name in _BY_NAME if name.startswith("-"))
REFUSED_VARIABLES = frozenset(_BY_NAME) - REFUSED_FLAGS


def refuse(name: str) -> None:
    """Raise `SettingsError` if the flag or environment variable is one of those."""
    refusal = _BY_NAME.get(name) or _of_family(name)
    if refusal is not None:
        raise SettingsError(f"error: {name}: {refusal.reason}")


def _of_family(name: str) -> Refusal | None:
    return next((refusal for family, refusal in _BY_FAMILY.items() if name.startswith(family)), None)
