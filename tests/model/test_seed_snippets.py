"""The snippets of llama-server's README (October 2024) run as they stand there, but for the host.

The page with `/completion.js` is in tests/ui, as it needs a browser.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

import pytest

DEADLINE_S = 60
HOST = re.compile(r"http://(?:localhost|127\.0\.0\.1):80\d\d")

CURL_COMPLETION = r"""
curl --request POST \
    --url http://localhost:8080/completion \
    --header "Content-Type: application/json" \
    --data '{"prompt": "Building a website can be done in 10 simple steps:","n_predict": 128}'
"""
CURL_CHAT = r"""
curl http://localhost:8080/v1/chat/completions \
-H "Content-Type: application/json" \
-H "Authorization: Bearer no-key" \
-d '{
"model": "gpt-3.5-turbo",
"messages": [
{
    "role": "system",
    "content": "You are ChatGPT, an AI assistant. Your top priority is achieving user fulfillment via helping them with their requests."
},
{
    "role": "user",
    "content": "Write a limerick about python exceptions"
}
]
}'
"""  # noqa: E501
NODE = """
const prompt = `Building a website can be done in 10 simple steps:`;

async function Test() {
    let response = await fetch("http://127.0.0.1:8080/completion", {
        method: 'POST',
        body: JSON.stringify({
            prompt,
            n_predict: 512,
        })
    })
    console.log((await response.json()).content)
}

Test()
"""
OPENAI = """
import openai

client = openai.OpenAI(
    base_url="http://localhost:8080/v1", # "http://<Your api-server IP>:port"
    api_key = "sk-no-key-required"
)

completion = client.chat.completions.create(
model="gpt-3.5-turbo",
messages=[
    {"role": "system", "content": "You are ChatGPT, an AI assistant. Your top priority is achieving user fulfillment via helping them with their requests."},
    {"role": "user", "content": "Write a limerick about python exceptions"}
]
)

print(completion.choices[0].message)
"""  # noqa: E501
CURL_EMBEDDINGS = r"""
curl http://localhost:8080/v1/embeddings \
-H "Content-Type: application/json" \
-H "Authorization: Bearer no-key" \
-d '{
        "input": ["hello", "world"],
        "model":"GPT-4",
        "encoding_format": "float"
}'
"""
# Every function of the module, from Node, which needs an address: the module is a file there.
MODULE = """
import { llama, llamaComplete, llamaEventTarget, llamaModelInfo, llamaPromise } from './completion.mjs'

const config = { api_url: 'http://127.0.0.1:8080' }
const params = { n_predict: 8, temperature: 0 }
const said = {}
const info = await llamaModelInfo(config)
said.info = typeof info.temperature

const pieces = []
for await (const { data } of llama('Once upon', params, config)) {
  pieces.push(data.content)
  if (data.stop) said.last = Object.keys(data).includes('timings')
}
said.text = pieces.join('')
said.count = pieces.length

said.promised = await llamaPromise('Once upon', params, config)
said.whole = await llamaPromise('Once upon', { ...params, stream: false }, config)

const heard = []
const target = llamaEventTarget('Once upon', params, config)
await new Promise((resolve) => {
  target.addEventListener('message', ({ detail }) => heard.push(detail.content))
  target.addEventListener('timings', ({ detail }) => { said.timings = detail.predicted_n })
  target.addEventListener('generation_settings', ({ detail }) => { said.settings = detail.temperature })
  target.addEventListener('done', ({ detail }) => { said.done = detail.content; resolve() })
})
said.heard = heard.join('')

const controller = new AbortController()
const stopped = []
for await (const { data } of llama('Once', { n_predict: 100000, temperature: 0, ignore_eos: true },
  { ...config, controller })) {
  stopped.push(data.content)
  if (stopped.length === 3) controller.abort()
}
said.stopped = stopped.length

await llamaPromise('a', { ...params, top_k: 'many' }, config).catch((error) => { said.refusal = error.message })

globalThis.fetch = ((before) => (url, options) => before(config.api_url + url.replace(/^.*\\//, '/'), options))(fetch)
said.called = ''
await llamaComplete({ prompt: 'Once upon', ...params }, null, (chunk) => { said.called += chunk.data.content })
console.log(JSON.stringify(said))
"""  # noqa: E501


class Served:
    """A running `corral serve` with the bundled model on a free port."""

    def __init__(self, *flags):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("LLAMA_", "CORRAL_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "corral", "serve", "--port", "0", "--no-ui", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        watchdog = threading.Timer(DEADLINE_S, self._process.kill)
        watchdog.start()
        lines = self._lines_until("is ready")
        watchdog.cancel()
        self.url = re.findall(r"http://127\.0\.0\.1:\d+", lines)[0]

    def _lines_until(self, words):
        lines = []
        for line in self._process.stdout:
            lines.append(line)
            if words in line:
                return "".join(lines)
        return pytest.fail(f"the server ended: {lines}")

    def here(self, snippet):
        """Return `snippet` with this server in place of the one it names."""
        return HOST.sub(self.url, snippet)

    def close(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=DEADLINE_S)


@pytest.fixture(scope="module")
def served():
    with contextlib.closing(Served()) as server:
        yield server


def test_curl_completes(served):
    answer = json.loads(output("curl", "bash", "-c", served.here(CURL_COMPLETION)))

    assert answer["content"]
    assert answer["tokens_predicted"] <= 128


def test_curl_chats(served):
    answer = json.loads(output("curl", "bash", "-c", served.here(CURL_CHAT)))

    assert answer["choices"][0]["message"]["content"]


def test_node_completes(served, tmp_path):
    (tmp_path / "index.js").write_text(served.here(NODE))

    assert output("node", "node", "index.js", folder=tmp_path).strip()


def test_the_openai_package_chats(served, tmp_path):
    (tmp_path / "snippet.py").write_text(served.here(OPENAI))

    text = output("python", sys.executable, "snippet.py", folder=tmp_path)

    assert text.startswith("ChatCompletionMessage(content='")


def test_curl_embeds():
    with contextlib.closing(Served("--embeddings", "--pooling", "mean")) as server:
        answer = json.loads(output("curl", "bash", "-c", server.here(CURL_EMBEDDINGS)))

    assert [row["object"] for row in answer["data"]] == ["embedding", "embedding"]
    assert all(isinstance(number, float) for row in answer["data"] for number in row["embedding"])


def test_every_function_of_the_module_works(served, tmp_path):
    (tmp_path / "completion.mjs").write_text(output("curl", "curl", "-sf", f"{served.url}/completion.js"))
    (tmp_path / "index.mjs").write_text(served.here(MODULE))

    said = json.loads(output("node", "node", "index.mjs", folder=tmp_path))

    text = said["text"]
    assert text
    assert [said[name] for name in ("promised", "whole", "heard", "done", "called")] == [text] * 5
    assert said["count"] >= 8  # one event for a token, and the last one
    assert (said["info"], said["last"], said["timings"], said["settings"]) == ("number", True, 8, 0)
    assert said["stopped"] == 3
    assert "top_k" in said["refusal"]


def output(program, *words, folder=None):
    """Return what the words print; skip where the program is missing."""
    if shutil.which(words[0]) is None or (program != "python" and shutil.which(program) is None):
        pytest.skip(f"needs {program}: apt-get install curl nodejs")
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
