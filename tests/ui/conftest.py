"""A headless Chromium, and servers with the page in processes of their own."""

import contextlib
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

DEADLINE_S = 30
HERE = Path(__file__).parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
HOW_TO_GET_IT = "needs Chromium and its driver: apt-get install chromium chromium-driver"
SWITCHES = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-dev-shm-usage",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "window-size=1100,800",
)
SERVE = """
import sys
from pathlib import Path
from corral.app.serving import serve
from corral.catalog.source import ModelSource
from corral.core.settings import ModelSettings, ServerSettings, Settings

cache = ModelSettings(cache_dir=f"{Path.cwd()}-cache")
settings = Settings(server=ServerSettings(port=0, is_slots=True), model=cache)
source = ModelSource(Path(sys.argv[1]), "the-fake", is_bundled=True)
sys.exit(serve(settings, runner="fake", find_model=lambda *_: source))
"""
SERVE_MANY = """
import shutil, sys
from pathlib import Path
from corral.app.serving import serve
from corral.catalog.bundled import bundled_model
from corral.catalog.source import ModelSource
from corral.core.settings import (
    CatalogSettings,
    ModelSettings,
    PlacementSettings,
    ServerSettings,
    Settings,
)

folder = Path("several")
folder.mkdir()
paths = dict(zip(sys.argv[1::2], sys.argv[2::2]))
for name in paths:
    shutil.copy(bundled_model(), folder / f"{name}.gguf")
settings = Settings(
    server=ServerSettings(port=0),
    model=ModelSettings(cache_dir=f"{Path.cwd()}-cache"),
    catalog=CatalogSettings(models_dir=str(folder)),
    placement=PlacementSettings(max_workers=1),
)

def find(model, _progress):
    name = Path(model.path).stem
    return ModelSource(Path(paths[name]), name)

sys.exit(serve(settings, runner="fake", find_model=find))
"""


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """One browser for all tests; it keeps a record of its network traffic."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip(HOW_TO_GET_IT)
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for switch in SWITCHES:
        options.add_argument(f"--{switch}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


class Tab:
    """The page in a tab of its own, in the words of someone who uses it."""

    def __init__(self, driver):
        self.driver = driver
        self._first = driver.current_window_handle
        driver.switch_to.new_window("tab")
        self._window = driver.current_window_handle

    def show(self):
        """Come back from another tab."""
        self.driver.switch_to.window(self._window)

    def open(self, address):
        self.driver.get(address)
        return self

    def open_with(self, address, key, value):
        """Open a page whose browser kept `value`; it is kept where no page recalls it at once."""
        self.open(f"{address}/health")
        self.driver.execute_script(f"localStorage.setItem('{key}', '{value}')")
        return self.open(address)

    def until(self, condition):
        """Return what `condition()` gives once that is true.

        An element that is missing, or was painted anew in between, is not yet.
        """
        wait = WebDriverWait(
            self.driver, DEADLINE_S, poll_frequency=0.05, ignored_exceptions=[StaleElementReferenceException]
        )
        return wait.until(lambda _: condition())

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        """Return the visible element that `selector` finds, waiting for it."""
        return self.until(lambda: self.visible(selector))

    def visible(self, selector):
        return next((found for found in self.all(selector) if found.is_displayed()), None)

    def text(self, selector):
        """Return the text of the visible element that `selector` finds, once it has some."""
        return self.until(lambda: (found := self.visible(selector)) and found.text)

    def type(self, selector, *keys):
        self.until(lambda: (found := self.visible(selector)) and (found.send_keys(*keys) or found))

    def write(self, *keys):
        self.type(".field textarea", *keys)

    def ask(self, text):
        """Send a message of one or more lines."""
        self.write(text.replace("\n", Keys.SHIFT + Keys.ENTER + Keys.NULL), Keys.ENTER)

    def press(self, label):
        selector = f"button[aria-label^='{label}'], a[aria-label^='{label}']"
        self.until(lambda: (found := self.visible(selector)) and (found.click() or found))

    def options(self):
        """Open the list of models; return its lines by the names."""
        self.one(".picker").click()
        self.until(lambda: (items := self.all(".models-menu .q-item")) and items[-1].text)
        return {item.text.split("\n")[0]: item for item in self.all(".models-menu .q-item")}

    def pick(self, name):
        """Choose a model from the list in the header."""
        self.options()[name].click()
        self.until(lambda: self.model() == name and not self._listed())

    def model(self):
        return self.text(".picker .q-field__native")

    def characters(self):
        """Open the list of characters; return what its lines say, by what they are called."""
        self.one(".cast .picker").click()
        self.until(lambda: (items := self._listed()) and items[-1].text)
        return self.until(lambda: {item.text.split("\n")[0]: item.text for item in self._listed()})

    def cast(self, title):
        """Choose a character from the list in the header."""
        place = list(self.characters()).index(title)
        self.until(lambda: self._listed()[place].click() or True)
        self.until(lambda: self.character() == title and not self._listed())  # no list is left open

    def _listed(self):
        return self.all(".models-menu .q-item")

    def character(self):
        return self.text(".cast .q-field__native")

    def answer(self, number=0):
        """Return the element of an answer that is complete."""
        return self.until(lambda: self.all(".exchange:has(.note:not(.hidden)) .markdown")[number:][:1])[0]

    def answer_text(self, number=0):
        return self.until(lambda: self.answer(number).text)

    def close(self):
        if len(self.driver.window_handles) > 1:
            self.driver.close()
        self.driver.switch_to.window(self._first)


@pytest.fixture
def new_tab(chromium):
    """Open tabs; none outlives the test."""
    with contextlib.ExitStack() as tabs:

        def open_tab(address):
            tab = Tab(chromium)
            tabs.callback(tab.close)
            return tab.open(address)

        yield open_tab


class Server:
    """A server in a process and a folder of its own, from the line with `until` on."""

    def __init__(self, *command, until, folder):
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, *command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._deadline = threading.Timer(4 * DEADLINE_S, self._process.kill)
        self._deadline.start()
        self.address = self._read_address(until)

    def _read_address(self, until):
        address = None
        for line in self._process.stdout:
            found = re.search(r"http://[\d.]+:\d+", line)
            address = found[0] if found else address
            if until in line:
                return address
        return pytest.fail(f"no {until!r}: {self._process.stderr.read()}")

    def end(self):
        """Ask it to stop; return its exit status and what it had to complain about."""
        self._process.terminate()
        _, errors = self._process.communicate(timeout=DEADLINE_S)
        return self._process.returncode, errors

    def close(self):
        self._deadline.cancel()
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="session")
def echo(tmp_path_factory):
    """The address of a page whose model says back what it is asked."""
    command = HERE / "page_server.py"
    with contextlib.closing(Server(command, until="http", folder=tmp_path_factory.mktemp("echo"))) as server:
        yield server.address


@pytest.fixture(scope="session")
def locked(tmp_path_factory):
    """The address of a page that asks for one of two keys."""
    command = [HERE / "page_server.py", "first key", "second key"]
    with contextlib.closing(Server(*command, until="http", folder=tmp_path_factory.mktemp("keys"))) as server:
        yield server.address


class ManyServer(Server):
    """The page over several models, which the test moves."""

    def __init__(self, *keys, folder):
        super().__init__(HERE / "many_server.py", *keys, until="http", folder=folder)

    def move(self, name, state, **details):
        body = {"name": name, "state": state, **details}
        httpx.post(f"{self.address}/fake/model", json=body).raise_for_status()

    def play(self, name, **persona):
        body = {"file": name.lower(), "name": name, **persona}
        httpx.post(f"{self.address}/fake/character", json=body).raise_for_status()

    def order(self, what, name=""):
        httpx.post(f"{self.address}/fake/order", json={what: name}).raise_for_status()

    def asked(self, what):
        return httpx.get(f"{self.address}/fake/asked").json()[what]


@pytest.fixture
def many(tmp_path):
    """A page over several models that say back what they are asked."""
    with contextlib.closing(ManyServer(folder=tmp_path)) as server:
        yield server


@pytest.fixture
def live(tmp_path):
    """Start whole servers, gateway and engine, on the fake runner."""
    with contextlib.ExitStack() as servers:

        def start(path):
            server = Server("-c", SERVE, path, until="is ready", folder=tmp_path)
            servers.callback(server.close)
            return server

        yield start


@pytest.fixture
def live_many(tmp_path):
    """Start whole servers of several models, given as name and path, of which one fits into memory."""
    with contextlib.ExitStack() as servers:

        def start(*models):
            server = Server("-c", SERVE_MANY, *models, until="Requests that name none", folder=tmp_path)
            servers.callback(server.close)
            return server

        yield start


@pytest.fixture
def bundled(tmp_path):
    """Start whole servers with the model that comes with Corral."""
    with contextlib.ExitStack() as servers:

        def start(*flags):
            command = ["-m", "corral", "serve", "--port", "0", *map(str, flags)]
            server = Server(*command, until="is ready", folder=tmp_path)
            servers.callback(server.close)
            return server

        yield start


@pytest.fixture
def many_locked(tmp_path):
    """The same with an API key."""
    with contextlib.closing(ManyServer("ordinary", folder=tmp_path)) as server:
        yield server
