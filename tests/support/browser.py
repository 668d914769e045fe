"""A real Chromium without a window, one for all tests of the session: Debian's `chromium` and `chromium-driver`."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.wait import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Size of the window in pixels, unless a test wants another.
WIDTH, HEIGHT = 1280, 800
#: The longest wait for a page, in seconds: a bound, not a measure.
PATIENCE_S = 60


class Browser:
    """A window of Chromium that remembers what its pages asked the network for, and what they complained of."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, address: str | Path, width: int = WIDTH, height: int = HEIGHT) -> None:
        """Open a page, a file or an address, and forget what was asked for before."""
        # The view has this size, and the window around it what it needs.
        view = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", view)
        self.driver.get("about:blank")
        self.requests(), self.complaints()
        self.driver.get(address if isinstance(address, str) else address.as_uri())

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript, `return` gives its value back; `arguments` are its `arguments`."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, expression: str, *arguments: Any) -> Any:
        """Wait until a JavaScript expression is true, and return its value."""
        return WebDriverWait(self.driver, PATIENCE_S, 0.05).until(
            lambda driver: driver.execute_script(f"return {expression}", *arguments), expression
        )

    def press(self, *keys: str) -> None:
        """Press keys after another, wherever the focus is: characters, or `selenium.webdriver.Keys`."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def prefer(self, **features: str) -> None:
        """Set the reader's wishes: `prefer(prefers_color_scheme="dark")`; none resets them."""
        wishes = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wishes})

    def picture(self, path: Path) -> Path:
        """Store a picture of the view as PNG."""
        self.driver.save_screenshot(str(path))
        return path

    def requests(self) -> list[str]:
        """Return the addresses that were asked for since the last call, `data:` and the browser's own left out."""
        messages = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if not url.startswith(("data:", "blob:", "about:", "chrome"))]

    def complaints(self) -> list[str]:
        """Return the warnings and errors of the console since the last call: exceptions, refusals of the policy."""
        return [entry["message"] for entry in self._log("browser") if entry["level"] != "INFO"]

    def _log(self, name: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.driver.get_log(name)  # type: ignore[no-untyped-call]
        return entries


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """Yield a Chromium until the end of the block; skips the test where it is not installed."""
    program, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("needs Chromium: Debian's packages chromium and chromium-driver")
    options = ChromeOptions()
    options.binary_location = program
    # Containers let no sandbox be made, and have a small /dev/shm.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    with Chrome(options, ChromeService(driver)) as started:
        started.set_page_load_timeout(PATIENCE_S)
        started.set_script_timeout(PATIENCE_S)
        yield Browser(started)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, started once for all tests."""
    with open_chromium() as started:
        yield started


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The shared Chromium with an empty page, and without wishes of the test before."""
    chromium.prefer()
    yield chromium
    chromium.driver.get("about:blank")
    chromium.driver.delete_all_cookies()
