"""llama-server's flags and variables that Corral knows but does not honour yet.

Using one ends the start with a sentence, so that nobody takes it for a typo or believes it has an effect.
When one is honoured, its flags leave this list and a row enters the table.
"""

from __future__ import annotations

from corral.core.errors import SettingsError

_FLAGS = """
--verbose-prompt -p --prompt -f --file -bf --binary-file -e --escape --no-escape --perf --no-perf
-r --reverse-prompt --completion-bash -ld --logdir --log-prompts-dir
--check-tensors --override-kv -dr --docker-repo --offline -cl --cache-list
-C --cpu-mask -Cr --cpu-range --cpu-strict --prio --poll --numa
-Cb --cpu-mask-batch -Crb --cpu-range-batch --cpu-strict-batch --prio-batch --poll-batch
-sm --split-mode -ts --tensor-split -mg --main-gpu -dev --device --list-devices -ot --override-tensor
-cmoe --cpu-moe -ncmoe --n-cpu-moe -ncffn --n-cpu-ffn --rpc
-fit --fit -fitt --fit-target -fitc --fit-ctx -lm --load-mode -lzm --lazy-mode
-kvo --kv-offload -nkvo --no-kv-offload -ctk --cache-type-k -ctv --cache-type-v
-dt --defrag-thold -dkvc --dump-kv-cache --kv-unified-per-slot
--repack -nr --no-repack --no-host --op-offload --no-op-offload
--rope-scaling --rope-scale --rope-freq-base --rope-freq-scale
--yarn-orig-ctx --yarn-ext-factor --yarn-attn-factor --yarn-beta-slow --yarn-beta-fast
-gan --grp-attn-n -gaw --grp-attn-w
--cache-idle-slots --no-cache-idle-slots --cache-prompt --no-cache-prompt --cache-reuse
-ctxcp --ctx-checkpoints --swa-checkpoints -cms --checkpoint-min-step
--slot-save-path -spf --system-prompt-file --spm-infill --pooling --embd-normalize
--penalize-nl --tfs --adaptive-target --adaptive-decay -bs --backend-sampling
--grammar --grammar-file -j --json-schema -jf --json-schema-file
--lora --lora-scaled --lora-init-without-apply
--control-vector --control-vector-scaled --control-vector-layer-range
--chat-template-kwargs --skip-chat-parsing --no-skip-chat-parsing
--prefill-assistant --no-prefill-assistant --reasoning-format -rea --reasoning --reasoning-budget
--reasoning-budget-message --reasoning-effort --reasoning-preserve --no-reasoning-preserve
-mm --mmproj -mmu --mmproj-url --mmproj-auto --no-mmproj --no-mmproj-auto --mmproj-offload
--no-mmproj-offload --image-min-tokens --image-max-tokens --media-path
-md --model-draft -ngld -hfd -lcs --lookup-cache-static -lcd --lookup-cache-dynamic
--draft --draft-n --draft-max --draft-min --draft-n-min
--spec-type --spec-default --spec-draft-model --spec-draft-n-max --spec-draft-n-min --spec-draft-p-min
--spec-draft-p-split --spec-draft-ngl --spec-draft-hf
--spec-ngram-size-n --spec-ngram-size-m --spec-ngram-min-hits
--path --embedding --embeddings --reranking --rerank --ssl-key-file --ssl-cert-file --threads-http
--models-dir --models-max --models-preset --models-autoload --no-models-autoload
--sleep-idle-seconds --tags --ui-config --ui-config-file --ui-mcp-proxy --no-ui-mcp-proxy --api-prefix
--cors-origins --cors-methods --cors-headers --cors-credentials --no-cors-credentials
--tools --tools-runtime --mcp-servers-config --mcp-servers-json -ag --agent --no-agent
--reuse-port --sse-ping-interval
"""
_FAMILIES = ("--spec-",)
# Variables that are not LLAMA_ARG_ and the long flag.
_VARIABLES = ("LLAMA_ARG_STATIC_PATH", "LLAMA_ARG_ROPE_SCALING_TYPE", "LLAMA_ARG_THINK")

REFUSED_FLAGS = frozenset(_FLAGS.split())
REFUSED_VARIABLES = frozenset(_VARIABLES) | {
    "LLAMA_ARG_" + flag.removeprefix("--").replace("-", "_").upper()
    for flag in REFUSED_FLAGS
    if flag.startswith("--")
}


def refuse_flag(flag: str) -> None:
    """Raise `SettingsError` if the flag is one of those."""
    if flag in REFUSED_FLAGS or flag.startswith(_FAMILIES):
        raise SettingsError(f"error: {flag} is a llama-server flag that Corral does not honour yet")


def refuse_variable(name: str) -> None:
    """Raise `SettingsError` if the environment variable is one of those."""
    if name in REFUSED_VARIABLES:
        raise SettingsError(f"error: {name} is a llama-server variable that Corral does not honour yet")
