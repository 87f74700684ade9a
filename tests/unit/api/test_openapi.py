"""The API's description: complete, consistent, and readable without a network."""

import re

import pytest

from corral.api import anthropic, docs, llamacpp, openai
from corral.api.openapi import describe
from corral.api.server import dialects


@pytest.fixture(scope="module")
def endpoints():
    return dialects()


@pytest.fixture(scope="module")
def document(endpoints):
    return describe(endpoints, version="1")


def references(part):
    if isinstance(part, dict):
        found = [part["$ref"]] if "$ref" in part else []
        return found + [name for value in part.values() for name in references(value)]
    return [name for value in part for name in references(value)] if isinstance(part, list) else []


def test_every_route_has_a_summary(document, endpoints):
    operations = [operation for path in document["paths"].values() for operation in path.values()]

    assert len(operations) == sum(len(endpoint.paths) for endpoint in endpoints)
    assert all(operation["summary"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def test_every_reference_leads_somewhere(document):
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert set(references(document)) <= schemas


def test_null_is_left_out(document):
    assert "null" not in str(document["components"]["schemas"])


def test_bodies_show_their_fields(document):
    fields = document["components"]["schemas"]["CompletionBody"]["properties"]

    assert {"prompt", "temperature", "n_predict", "stop", "stream"} <= set(fields)
    assert fields["temperature"]["type"] == "number"


def test_path_parameters_are_declared(document):
    (parameter,) = document["paths"]["/v1/models/{model}"]["get"]["parameters"]

    assert (parameter["name"], parameter["in"]) == ("model", "path")


def test_the_page_names_no_other_host():
    assert not re.search(r"https?:|//", docs._PAGE.replace("<!doctype html>", ""))


def test_the_dialects_are_documented():
    assert llamacpp.__doc__
    assert openai.__doc__
    assert anthropic.__doc__


@pytest.mark.parametrize("name", docs._ASSETS)
def test_the_pages_parts_are_in_the_installed_package(name):
    assert len(docs._read(name)) > 100
