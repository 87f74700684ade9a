"""Chat templates: the model's own, those by name, and what happens without."""

import pytest

from corral.core.errors import InvalidRequestError
from corral.core.messages import ModelFacts
from corral.prompt.builtin_templates import BUILTIN, CHATML, guess
from corral.prompt.messages import Message
from corral.prompt.templates import ChatTemplate, TemplateSourceError, for_model

SYSTEM = Message("system", "Be kind.")
USER = Message("user", "Hi")
CHAT = [SYSTEM, USER, Message("assistant", "Hello"), Message("user", "Bye")]


def rendered(source, messages=CHAT, **options):
    return ChatTemplate(source, bos_text="<s>", eos_text="</s>").render(messages, **options).text


def test_the_template_sees_messages_and_special_tokens():
    source = (
        "{{ bos_token }}{% for m in messages %}{{ m['role'] }}:{{ m.content }}{{ eos_token }}{% endfor %}"
    )

    assert rendered(source, [USER]) == "<s>user:Hi</s>"


def test_blocks_leave_no_blank_lines():
    assert rendered(
        "{% for m in messages %}\n  {% if true %}\n{{ m.content }}\n  {% endif %}\n{% endfor %}", [USER]
    ) == ("Hi\n")


def test_the_assistants_turn_is_opened_unless_unwanted():
    assert rendered(CHATML, [USER]).endswith("<|im_start|>assistant\n")
    assert rendered(CHATML, [USER], is_answer_wanted=False).endswith("<|im_end|>\n")


def test_variables_are_given_but_cannot_replace_the_chat():
    source = "{{ mood }}{{ messages[0].content }}"

    assert rendered(source, [USER], variables={"mood": "calm ", "messages": []}) == "calm Hi"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ {'a': '<é>', 'b': [1]} | tojson }}", '{"a": "<é>", "b": [1]}'),
        ("{{ {'a': 1} | tojson(indent=2) }}", '{\n  "a": 1\n}'),
        (
            "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ loop.index }}{% endfor %}",
            "234",
        ),
        (
            "{% set n = namespace(x=0) %}{% for m in messages %}{% set n.x = n.x + 1 %}{% endfor %}{{ n.x }}",
            "4",
        ),
        ("{{ messages[1:] | length }}{{ messages[0].content[:2] }}{{ 'a' ~ 1 }}", "3Bea1"),
        ("{{ messages | map(attribute='role') | join(',') }}", "system,user,assistant,user"),
        ("{{ loop is defined }}{{ messages[0].name is defined }}", "FalseFalse"),
        ("{{ 'a-b'.split('-') | last }}{{ ' x ' | trim }}{{ 'X'.lower() }}", "bxx"),
        ("{% macro say(x) %}<{{ x }}>{% endmacro %}{{ say('a') + say('b') }}", "<a><b>"),
        ("{{ strftime_now('%Y') | length }}", "4"),
        ("{{ date_string == strftime_now('%d %b %Y') }}", "True"),
        (
            "{% for m in messages[:1] %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
            "Be kind.",
        ),
    ],
)
def test_what_model_authors_expect_of_the_environment(source, text):
    assert rendered(source) == text


@pytest.mark.parametrize(
    ("source", "is_bos_wanted"), [("{{ bos_token }}x", False), ("x", True), ("x{{ bos_token }}", True)]
)
def test_bos_is_wanted_unless_the_text_begins_with_it(source, is_bos_wanted):
    assert ChatTemplate(source, bos_text="<s>").render([USER]).is_bos_wanted is is_bos_wanted


def test_without_a_bos_text_the_tokenizer_decides():
    assert ChatTemplate("{{ bos_token }}x").render([USER]).is_bos_wanted


def test_a_refused_system_role_moves_into_the_first_user_turn():
    source = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "[{{ m.content }}]{% endfor %}"
    )

    assert rendered(source, [SYSTEM, USER]) == "[Be kind.\n\nHi]"
    assert rendered(source, [SYSTEM]) == "[Be kind.]"


def test_a_refusal_carries_the_templates_words():
    with pytest.raises(InvalidRequestError, match="roles must alternate"):
        rendered("{{ raise_exception('roles must alternate') }}", [USER])


@pytest.mark.parametrize(
    "source",
    ["{{ 1 / 0 }}", "{{ nothing.here }}", "{{ messages.x() }}", "{{ 'a' + 1 }}", "{{ messages[9].role.x }}"],
)
def test_a_template_that_breaks_is_an_error_of_the_request(source):
    with pytest.raises(InvalidRequestError, match="the chat template says"):
        rendered(source)


@pytest.mark.parametrize(
    "source", ["{% for %}", "{{ ", "{% unknown %}", "{% if %}" * 3, "x" * 2_000_000, "{{ " + "(" * 5000]
)
def test_a_source_that_does_not_compile_says_so(source):
    with pytest.raises(TemplateSourceError):
        ChatTemplate(source)


@pytest.mark.parametrize("name", BUILTIN)
def test_each_builtin_holds_the_whole_chat_in_order(name):
    text = rendered(BUILTIN[name])

    places = [text.index(part) for part in ("Be kind.", "Hi", "Hello", "Bye")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("chatml", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"),
        ("llama2", "[INST] Hi [/INST]"),
        ("mistral", "[INST] Hi [/INST]"),
        ("gemma", "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n"),
        ("phi3", "<|user|>\nHi<|end|>\n<|assistant|>\n"),
        ("zephyr", "<|user|>\nHi</s>\n<|assistant|>\n"),
        ("vicuna", "USER: Hi\nASSISTANT:"),
        ("chatglm3", "[gMASK]sop<|user|>\n Hi<|assistant|>"),
        ("chatglm4", "[gMASK]<sop><|user|>\nHi<|assistant|>\n"),
        ("deepseek2", "User: Hi\n\nAssistant:"),
        ("exaone3", "[|user|]Hi\n[|assistant|]"),
        ("minicpm", "<用户>Hi<AI>"),
        ("monarch", "user\nHi</s>\n<s>assistant\n"),
        ("openchat", "GPT4 Correct User: Hi<|end_of_turn|>GPT4 Correct Assistant:"),
        ("orion", "Human: Hi\n\nAssistant: </s>"),
        (
            "llama3",
            (
                "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                "<|start_header_id|>assistant<|end_header_id|>\n\n"
            ),
        ),
    ],
)
def test_a_builtins_first_turn_to_the_letter(name, text):
    assert rendered(BUILTIN[name], [USER]) == text


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("{{ '<|im_start|>' }}", "chatml"),
        ("[INST] <<SYS>>", "llama2"),
        ("[INST]", "mistral"),
        ("<|assistant|> <|end|>", "phi3"),
        ("<|user|>", "zephyr"),
        ("<start_of_turn>", "gemma"),
        ("<|start_header_id|>", "llama3"),
        ("USER: ASSISTANT: ", "vicuna"),
        ("### Instruction: <|EOT|>", "deepseek"),
        ("<|START_OF_TURN_TOKEN|>", "command-r"),
        ("[gMASK]<sop><|user|>", "chatglm4"),
        ("[gMASK]sop", "chatglm3"),
        ("GPT4 Correct User", "openchat"),
        ("<用户>", "minicpm"),
        ("[|system|][|assistant|][|endofturn|]", "exaone3"),
        ("{{ bos_token + message['role'] }}", "monarch"),
        ("{{ '\\n\\nAssistant: ' + eos_token }}", "orion"),
        ("{{ 'Assistant: ' + message['content'] + eos_token }}", "deepseek2"),
    ],
)
def test_a_family_is_recognized_by_its_marks(source, name):
    assert guess(source) == name


def test_nothing_is_guessed_from_nothing():
    assert guess("{{ messages }}") is None


def facts(template):
    return ModelFacts(name="m", chat_template=template, bos_text="<s>")


def test_a_model_without_a_template_gets_chatml():
    assert for_model(facts(None)).source == CHATML


def test_a_dialect_may_name_another_builtin_for_a_model_without_a_template():
    assert for_model(facts(None), missing="llama2").source == BUILTIN["llama2"]
    assert for_model(facts(None), missing="llama2", is_jinja=False).source == BUILTIN["llama2"]
    assert for_model(facts("own"), missing="llama2").source == "own"
    assert for_model(facts("{% bad %}"), missing="llama2").source == CHATML
    assert for_model(facts(None), "gemma", missing="llama2").source == BUILTIN["gemma"]


def test_a_model_that_has_no_name_of_its_own_is_logged_by_its_file(caplog):
    for_model(ModelFacts(name="", path="models/a.gguf"))

    assert [record.fields["model"] for record in caplog.records] == ["models/a.gguf"]


def test_a_models_own_template_is_used():
    assert for_model(facts("own")).render([USER]).text == "own"


def test_a_template_that_does_not_compile_falls_back_to_its_likeness():
    assert for_model(facts("{% bad %}[INST]")).source == BUILTIN["mistral"]
    assert for_model(facts("{% bad %}")).source == CHATML


def test_without_jinja_a_source_only_shows_its_family():
    assert for_model(facts("{{ 1 }}<|im_start|>"), is_jinja=False).source == CHATML
    assert for_model(facts("own"), "x [INST] y", is_jinja=False).source == BUILTIN["mistral"]
    assert for_model(facts("own"), "gemma", is_jinja=False).source == BUILTIN["gemma"]
    assert for_model(facts("own"), is_jinja=False).source == CHATML


def test_an_orion_chat_carries_its_system_text_in_the_first_turn():
    assert (
        rendered(BUILTIN["orion"])
        == "Human: Be kind.\n\nHi\n\nAssistant: </s>Hello</s>Human: Bye\n\nAssistant: </s>"
    )


def test_a_choice_is_a_name_or_jinja():
    assert for_model(facts("own"), "zephyr").source == BUILTIN["zephyr"]
    assert for_model(facts("own"), "{{ 1 }}").render([USER]).text == "1"
