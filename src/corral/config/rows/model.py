"""Options about which model, and where it comes from."""

from __future__ import annotations

from corral.config.chat_kinds import Labels
from corral.config.kinds import Text
from corral.config.option import Option

CACHE_LIST = Option(
    flags="-cl --cache-list",
    fills=None,
    help="List the models that were downloaded, and exit.",
    differs="It acts once the whole line was read without error.",
)

ROWS = (
    CACHE_LIST,
    Option(
        flags="-m --model",
        env="LLAMA_ARG_MODEL",
        fills="model.path",
        kind=Text("FNAME"),
        default_text="the small model that comes with Corral",
        help="The GGUF file of the model; with --model-url, where the download is kept.",
        differs=(
            "Without a model the one that comes with Corral is served, so that a first try needs no file."
        ),
    ),
    Option(
        flags="-a --alias",
        env="LLAMA_ARG_ALIAS",
        fills="model.aliases",
        kind=Labels("NAME[,NAME...]"),
        default_text="the model as it was named",
        help="The name of the model in the API; of several, the first by the alphabet, the others beside it.",
    ),
    Option(
        flags="-mu --model-url",
        env="LLAMA_ARG_MODEL_URL",
        fills="model.url",
        kind=Text("URL"),
        help="Download the model from this address, unless it is there already.",
    ),
    Option(
        flags="--model-cache",
        env="LLAMA_CACHE CORRAL_MODEL_CACHE",
        fills="model.cache_dir",
        kind=Text("DIR"),
        default_text="llama.cpp in the user's cache directory",
        help="Where models from --model-url are kept.",
        is_own=True,
    ),
    Option(
        flags="-hf -hfr --hf-repo",
        env="LLAMA_ARG_HF_REPO",
        fills="model.hf_repo",
        kind=Text("OWNER/NAME[:QUANT]"),
        help="Take the model from this Hugging Face repository; QUANT picks a file, Q4_K_M if there is one.",
        differs="--hf-file may be left out, as in the newest server; the file is chosen by QUANT.",
    ),
    Option(
        flags="-hff --hf-file",
        env="LLAMA_ARG_HF_FILE",
        fills="model.hf_file",
        kind=Text("FILE"),
        default_text="chosen by QUANT",
        help="The file in the repository.",
    ),
    Option(
        flags="-hft --hf-token",
        env="HF_TOKEN",
        fills="model.hf_token",
        kind=Text("TOKEN"),
        default_text="the one that the huggingface_hub library finds",
        help="The key for repositories that are not public. It is never logged.",
    ),
    Option(
        flags="-dr --docker-repo",
        env="LLAMA_ARG_DOCKER_REPO",
        fills="model.docker_repo",
        kind=Text("[OWNER/]NAME[:TAG]"),
        help="Take the model from this repository of Docker Hub; the owner is ai unless it is named.",
    ),
    Option(
        flags="--offline",
        env="LLAMA_ARG_OFFLINE",
        fills="model.is_offline",
        help="Use only models that are on this machine; nothing is looked up in the network.",
    ),
    Option(
        flags="--tags",
        env="LLAMA_ARG_TAGS",
        fills="model.tags",
        kind=Labels(),
        default_text="none",
        help="Tags that /v1/models tells of the model.",
    ),
    Option(
        flags="--chat-template",
        env="LLAMA_ARG_CHAT_TEMPLATE",
        fills="chat.template",
        kind=Text("JINJA"),
        default_text="the model's own",
        help="How a chat becomes a prompt: the text of a Jinja template, or the name of a known one.",
        differs="Any Jinja text is taken, in a sandbox, where the server of 2024 knew a list.",
    ),
    Option(
        flags="--chat-template-file",
        env="LLAMA_ARG_CHAT_TEMPLATE_FILE",
        fills="chat.template",
        kind=Text("FNAME"),
        is_file=True,
        default_text="the model's own",
        help="The same, from a file.",
    ),
)
