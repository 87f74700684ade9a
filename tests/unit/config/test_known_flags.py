"""No flag of llama-server is a typo to Corral: each is an option, or refused with a reason."""

from __future__ import annotations

import pytest

from corral.config.options import FLAGS
from corral.config.reference import reference
from corral.config.refused import REFUSALS, REFUSED_FLAGS, REFUSED_VARIABLES
from corral.core.errors import SettingsError

# llama-server's README of October 2024, all three of its tables.
OF_2024 = """
-h --help --usage --version --verbose-prompt -p --prompt -f --file -bf --binary-file -e --escape --no-escape
--no-perf -m --model -mu --model-url -hfr --hf-repo -hff --hf-file -hft --hf-token --check-tensors
--override-kv -t --threads -tb --threads-batch -C --cpu-mask -Cr --cpu-range --cpu-strict --prio --poll
-Cb --cpu-mask-batch -Crb --cpu-range-batch --cpu-strict-batch --prio-batch --poll-batch --numa
-ngl --gpu-layers --n-gpu-layers -sm --split-mode -ts --tensor-split -mg --main-gpu -fa --flash-attn
--mlock --no-mmap -nkvo --no-kv-offload -ctk --cache-type-k -ctv --cache-type-v -dt --defrag-thold
-dkvc --dump-kv-cache -c --ctx-size -n --predict --n-predict --keep --no-context-shift
--rope-scaling --rope-scale --rope-freq-base --rope-freq-scale --yarn-orig-ctx --yarn-ext-factor
--yarn-attn-factor --yarn-beta-slow --yarn-beta-fast -gan --grp-attn-n -gaw --grp-attn-w
-b --batch-size -ub --ubatch-size -np --parallel -cb --cont-batching -nocb --no-cont-batching
-sps --slot-prompt-similarity --slot-save-path -spf --system-prompt-file -sp --special --spm-infill --pooling
--samplers --sampling-seq -s --seed --ignore-eos --penalize-nl --temp --top-k --top-p --min-p --tfs --typical
--repeat-last-n --repeat-penalty --presence-penalty --frequency-penalty --dynatemp-range --dynatemp-exp
--mirostat --mirostat-lr --mirostat-ent -l --logit-bias --grammar --grammar-file -j --json-schema
--lora --lora-scaled --lora-init-without-apply --control-vector --control-vector-scaled
--control-vector-layer-range --chat-template -a --alias --host --port --path --embedding --embeddings
--reranking --rerank --api-key --api-key-file --ssl-key-file --ssl-cert-file -to --timeout --threads-http
--metrics --slots --no-slots --props -ld --logdir --log-disable --log-file --log-colors
-v --verbose --log-verbose -lv --verbosity --log-verbosity --log-prefix --log-timestamps
"""
# What came until llama.cpp's commit in llama-cpp-python 0.3.36.
LATER = """
--jinja --no-jinja --chat-template-file --chat-template-kwargs --skip-chat-parsing --no-skip-chat-parsing
--prefill-assistant --no-prefill-assistant --reasoning-format -rea --reasoning --reasoning-budget
--reasoning-budget-message --reasoning-effort --reasoning-preserve --no-reasoning-preserve
-kvu --kv-unified -no-kvu --no-kv-unified --kv-unified-per-slot -cram --cache-ram
--cache-idle-slots --no-cache-idle-slots --cache-prompt --no-cache-prompt --cache-reuse
-ctxcp --ctx-checkpoints --swa-checkpoints -cms --checkpoint-min-step --context-shift --swa-full
-lm --load-mode -lzm --lazy-mode -fit --fit -fitt --fit-target -fitc --fit-ctx -dev --device --list-devices
-ot --override-tensor -cmoe --cpu-moe -ncmoe --n-cpu-moe -ncffn --n-cpu-ffn --rpc
-kvo --kv-offload --repack -nr --no-repack --no-host --op-offload --no-op-offload --perf --warmup --no-warmup
-mm --mmproj -mmu --mmproj-url --mmproj-auto --no-mmproj --no-mmproj-auto --mmproj-offload --no-mmproj-offload
--image-min-tokens --image-max-tokens --media-path -mmdev --mmproj-device --mtmd-batch-max-tokens
--video-fps --video-timestamp-interval --video-ffmpeg-dir
--models-dir --models-max --models-preset --models-autoload --no-models-autoload --sleep-idle-seconds --tags
--ui --webui --no-ui --no-webui --ui-config --webui-config --ui-config-file --webui-config-file
--ui-mcp-proxy --webui-mcp-proxy --no-ui-mcp-proxy --no-webui-mcp-proxy --api-prefix
--cors-origins --cors-methods --cors-headers --cors-credentials --no-cors-credentials
--tools --tools-runtime --mcp-servers-config --mcp-servers-json -ag --agent -no-ag --no-agent
--reuse-port --sse-ping-interval -hf -dr --docker-repo --offline -cl --cache-list
-md --model-draft --spec-draft-model --spec-type --spec-draft-n-max --spec-draft-n-min --spec-draft-p-min
--spec-draft-p-split --spec-draft-ngl -ngld --spec-draft-hf -hfd --spec-default
--spec-synth-len --spec-synth-rates --spec-draft-threads -td --threads-draft --spec-draft-device -devd
--spec-ngram-mod-n-min --spec-ngram-mod-n-max --spec-ngram-mod-n-match --spec-ngram-simple-size-n
--spec-ngram-map-k-size-n --spec-ngram-map-k4v-min-hits --draft-p-min --draft-p-split
--draft --draft-n --draft-max --draft-min --draft-n-min
--spec-ngram-size-n --spec-ngram-size-m --spec-ngram-min-hits
--temperature --typical-p --sampler-seq --top-nsigma --top-n-sigma --xtc-probability --xtc-threshold
--dry-multiplier --dry-base --dry-allowed-length --dry-penalty-last-n --dry-sequence-breaker
--adaptive-target --adaptive-decay -jf --json-schema-file -bs --backend-sampling
-r --reverse-prompt --embd-normalize -lcs --lookup-cache-static -lcd --lookup-cache-dynamic
--log-jsonl --no-log-jsonl --no-log-prefix --no-log-timestamps --log-prompts-dir --completion-bash
--embd-gemma-default --fim-qwen-1.5b-default --fim-qwen-7b-spec --gpt-oss-20b-default
--vision-gemma-4b-default
"""
# Those whose reason tells what to do instead; where none is named, leaving it out is what to do.
ADVICE = {
    "--spec-ngram-size-n": "leave it out",
    "-hfd": "--model-draft",
    "--spec-default": "leave it out: the text is the same",
    "--ui-config": "--path",
    "--tools": "let the client run them",
    "--gpt-oss-20b-default": "--hf-repo",
    "--spec-ngram-a-kind-to-come": "drafts",
}


@pytest.mark.parametrize("flag", sorted({*OF_2024.split(), *LATER.split()}))
def test_every_flag_is_an_option_or_refused_with_a_reason(parse, flag):
    if flag in FLAGS:
        return

    with pytest.raises(SettingsError) as caught:
        parse(flag, "x")

    assert caught.value.message.startswith(f"error: {flag}: ")


@pytest.mark.parametrize("flag", sorted(REFUSED_FLAGS))
def test_a_refusal_ends_the_start_on_the_command_line_and_in_the_file(parse, flag):
    with pytest.raises(SettingsError) as on_the_line:
        parse(flag, "x")
    if flag.startswith("--"):
        with pytest.raises(SettingsError) as in_the_file:
            parse("--config", "corral.yaml", files={"corral.yaml": f"{flag[2:]}: x"})
        assert in_the_file.value.message == on_the_line.value.message

    assert on_the_line.value.message.startswith(f"error: {flag}: ")


@pytest.mark.parametrize("name", sorted({*REFUSED_VARIABLES, "LLAMA_ARG_SPEC_SYNTH_LEN"}))
def test_a_refused_variable_is_named(parse, name):
    with pytest.raises(SettingsError) as caught:
        parse(environ={name: "x"})

    assert caught.value.message.startswith(f"error: {name}: ")


@pytest.mark.parametrize(("flag", "advice"), ADVICE.items())
def test_a_refusal_says_what_to_do(parse, flag, advice):
    with pytest.raises(SettingsError) as caught:
        parse(flag, "x")

    assert advice in caught.value.message


@pytest.mark.parametrize(
    "words",
    [
        ["--spec-type", "none"],
        ["--sleep-idle-seconds", "-1"],
        ["--no-agent"],
        ["-no-ag"],
        ["--no-ui-mcp-proxy"],
    ],
)
def test_asking_for_nothing_is_accepted(parse, words):
    assert parse(*words).warnings == ()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--spec-type", "ngram-mod"], "this kind of drafts is not served"),
        (["--agent"], "Corral runs no tools"),
        (["--ui-mcp-proxy"], "Corral runs no tools"),
    ],
)
def test_asking_for_more_is_refused_with_a_reason(parse, words, reason):
    with pytest.raises(SettingsError, match=rf'^error while handling argument "{words[0]}": .*') as caught:
        parse(*words)

    assert reason in caught.value.message


def test_no_flag_is_refused_for_two_reasons():
    names = [name for refusal in REFUSALS for name in refusal.names]

    assert len(names) == len(set(names))


def test_the_reference_page_gives_every_reason():
    page = reference()

    assert all(refusal.reason in page for refusal in REFUSALS)
