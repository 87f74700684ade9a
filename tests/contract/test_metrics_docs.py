"""What is written about metrics and keys is so."""

import re
from pathlib import Path

import yaml

from corral.config.definitions.yaml_keys import read
from corral.core.settings import ServerSettings

DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(r"^\| `(\w+)`( \*)? \| (counter|gauge) \| (\S.*) \|$", re.MULTILINE)


def test_every_metric_is_described_and_every_described_one_is_there(make_client):
    client = make_client(server=ServerSettings(is_metrics=True))

    served = re.findall(r"# TYPE llamacpp:(\w+) (\w+)", client.get("/metrics").text)
    described = [
        (name, kind) for name, _, kind, _ in ROW.findall((DOCS / "reference/metrics.md").read_text())
    ]

    assert len(set(described)) == len(described)
    assert sorted(described) == sorted(served)


def test_the_example_of_keys_can_be_read():
    (example,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "how-to/keys.md").read_text(), re.DOTALL)

    keys = read(example, lambda path: {"team.key": "sk-team"}[path])

    assert [key.name for key in keys] == [entry["name"] for entry in yaml.safe_load(example)["keys"]]
