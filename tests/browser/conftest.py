"""A real browser, as the distribution has it. A missing one fails these tests."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail("these tests need a browser: install the Debian package chromium")
    with sync_playwright() as play:
        # Root, who runs these tests on a bare machine, has no use for the browser's sandbox, which refuses root.
        browser = play.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
