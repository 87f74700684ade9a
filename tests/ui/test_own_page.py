"""A page of one's own in a folder, which imports `/completion.js` (the example of llama-server's README)."""

import pytest

PAGE = """
<html>
  <body>
    <pre>
      <script type="module">
        import { llama } from '/completion.js'

        const prompt = `### Instruction:
Write dad jokes, each one paragraph.
You can use html formatting if needed.

### Response:`

        for await (const chunk of llama(prompt)) {
          document.write(chunk.data.content)
        }
      </script>
    </pre>
  </body>
</html>
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "your-directory"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE)
    return folder


def test_the_page_of_the_folder_writes_what_the_model_says(new_tab, bundled, folder):
    server = bundled("--path", folder)

    tab = new_tab(server.address)

    tab.until(lambda: len(said(tab)) > 20)
    assert not tab.all(".field textarea")


def test_under_a_prefix_both_pages_work(new_tab, bundled, folder):
    (folder / "index.html").rename(folder / "jokes.html")
    (folder / "jokes.html").write_text(PAGE.replace("'/completion.js'", "'./completion.js'"))
    server = bundled("--path", folder, "--api-prefix", "/deep/down")

    tab = new_tab(f"{server.address}/deep/down/jokes.html")
    tab.until(lambda: len(said(tab)) > 20)

    tab.open(f"{server.address}/deep/down")
    tab.ask("hi")
    assert tab.answer_text()


def said(tab):
    """Return the text of the page without its script."""
    return tab.driver.execute_script("return document.body ? document.body.innerText : ''").strip()
