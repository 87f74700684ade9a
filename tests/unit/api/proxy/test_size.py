import pytest

from corral.api.proxy.size import text_of


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (rb'{"a": {"url": "data:image\/png;base64,ab\/+9Q=="}}', '{"a": {}}'),
        (b'{"a": {"image_url":"data:image/png;base64,abc"}}', '{"a": {}}'),
        (b'{"a": {"data" : "UklGRg=="}}', '{"a": {}}'),
        (b'{"url": "https://far.example/a.png"}', '{"url": "https://far.example/a.png"}'),
        (b'{"url": "data:text/plain;base64,two words"}', '{"url": "data:text/plain;base64,two words"}'),
        (b'{"data": "two words"}', '{"data": "two words"}'),
        (rb'{"text": "\"data\": \"abc\""}', r'{"text": "\"data\": \"abc\""}'),
        ('{"text": "Grüße"}'.encode(), '{"text": "Grüße"}'),
    ],
)
def test_base64_in_the_parts_of_pictures_and_sound_is_no_text(content, text):
    assert list(text_of(content)) == [text]
