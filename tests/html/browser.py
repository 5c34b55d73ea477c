#!/usr/bin/env python3
"""Opens the page of `--output html` in headless Chromium and uses it as a person would.

Searches, filters, sorts, opens a row, scrolls to the end and goes through it with the keyboard;
fails on anything that the browser complains of on its console, which is also where a breach of the
page's policy shows. Speaks to ChromeDriver by its own protocol, so that Python alone is enough:

    SEALFORM_TEST_PAGES=DIR cargo test --lib pages_for_a_browser -- --ignored
    python3 tests/html/browser.py DIR

ChromeDriver and Chromium are looked for on the path, or where CHROMEDRIVER and CHROMIUM say.
Screenshots are left in DIR.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def found(variable, *names):
    """The path of a program."""
    for name in [os.environ.get(variable), *names]:
        if name and shutil.which(name):
            return shutil.which(name)
    sys.exit(f"none of {', '.join(names)} is on the path; name one by {variable}")


class Browser:
    """A browser without a window."""

    def __init__(self, scheme="light", script=True):
        self.profile = tempfile.mkdtemp(prefix="sealform-browser-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.driver = subprocess.Popen(
            [found("CHROMEDRIVER", "chromedriver"), f"--port={port}", "--log-level=SEVERE"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{port}"
        self.session = ""
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-dev-shm-usage", f"--user-data-dir={self.profile}",
                 "--window-size=1300,900"]
        if scheme == "dark":
            flags.append("--blink-settings=preferredColorScheme=0")
        options = {
            "binary": found("CHROMIUM", "chromium", "chromium-browser", "google-chrome"),
            "args": flags,
        }
        if not script:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        wanted = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options,
                                  "goog:loggingPrefs": {"browser": "ALL"}}}
        for attempt in range(100):
            try:
                answer = self.call("POST", "/session", {"capabilities": wanted})
                break
            except OSError as error:
                if isinstance(error, urllib.error.HTTPError) or attempt == 99:
                    self.close()
                    raise
                time.sleep(0.1)
        self.session = f"/session/{answer['sessionId']}"

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode()[:2000]}") from error

    def open(self, path):
        self.call("POST", self.session + "/url", {"url": path.resolve().as_uri()})

    def run(self, script, *arguments):
        return self.call("POST", self.session + "/execute/sync",
                         {"script": script, "args": list(arguments)})

    def element(self, selector):
        body = {"using": "css selector", "value": selector}
        return self.call("POST", self.session + "/element", body)[ELEMENT]

    def click(self, selector):
        self.call("POST", f"{self.session}/element/{self.element(selector)}/click", {})

    def type(self, selector, text):
        body = {"text": text}
        self.call("POST", f"{self.session}/element/{self.element(selector)}/value", body)

    def press(self, *keys):
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", self.session + "/actions",
                  {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def wait(self, what, script, *arguments):
        """Until a script gives something true; gives that."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            result = self.run(script, *arguments)
            if result:
                return result
            time.sleep(0.05)
        raise AssertionError(f"never: {what}; the count is {self.count()!r}")

    def count(self):
        return self.run("return document.getElementById('count').textContent")

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("GET", self.session + "/screenshot")))

    def complaints(self):
        return self.call("POST", self.session + "/se/log", {"type": "browser"})

    def close(self):
        try:
            if self.session:
                self.call("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(timeout=30)
            shutil.rmtree(self.profile, ignore_errors=True)


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r}, not {expected!r}")


FIRST = ("return [...document.querySelectorAll('#buckets tbody tr.row')].slice(0, arguments[0])"
         ".map((row) => row.children[arguments[1]].textContent)")
SORTED = "return document.querySelector(`#buckets th[data-key=${arguments[0]}]`).ariaSort"
ROWS = "return document.querySelectorAll('#buckets tbody tr.row').length"


def counted(browser, text):
    browser.wait(f"the count {text!r}",
                 "return document.getElementById('count').textContent === arguments[0]", text)


def choose(browser, name, value):
    browser.run("const it = document.getElementById(arguments[0]); it.value = arguments[1];"
                "it.dispatchEvent(new Event('change'))", name, value)


def fleet(browser, directory, size):
    """A page of `size` buckets, of which each hundred has the same nine that are not as declared."""
    each = f"{size:,}"
    begun = time.perf_counter()
    browser.open(directory / f"fleet-{size}.html")
    counted(browser, f"{each} of {each} buckets")
    opened = time.perf_counter() - begun

    # It is the script that shows the table, and few of its rows are there.
    equal(browser.run("return [document.getElementById('app').hidden,"
                      "document.getElementById('plain').hidden]"), [False, True], "sections")
    if browser.run(ROWS) > 500:
        raise AssertionError(f"{browser.run(ROWS)} rows are drawn at once")
    equal(browser.run("return document.getElementById('buckets').ariaRowCount"), str(size + 1),
          "rows that are said to be there")
    # The worst are first.
    equal(browser.run(SORTED, "state"), "descending", "the order at first")
    equal(set(browser.run(FIRST, 20, 3)), {"high"}, "severities at first")
    if size == 10_000:
        browser.screenshot(directory / "fleet.png")

    # Searching.
    browser.type("#search", "b[4242]")
    counted(browser, f"1 of {each} buckets")
    equal(browser.run(FIRST, 2, 0), ["b[4242]"], "what was looked for")
    browser.run("document.getElementById('search').value = ''")
    browser.type("#search", "us-east-1 acme-00")
    names = [f"acme-{n * 7919 % size:05}" for n in range(1, size, 3)]
    hits = sum(name.startswith("acme-00") for name in names)
    counted(browser, f"{hits:,} of {each} buckets")
    equal(set(browser.run(FIRST, 50, 6)), {"us-east-1"}, "Regions of what was looked for")
    browser.type("#search", " nowhere")
    counted(browser, f"0 of {each} buckets")
    equal(browser.run("return document.querySelector('#buckets tbody').textContent"),
          "No bucket matches.", "an empty table")
    browser.click("#reset")
    counted(browser, f"{each} of {each} buckets")

    # Filters, alone and together.
    for name, value, share in [("state", "error", 1), ("state", "suppressed", 1),
                               ("state", "pending", 3), ("severity", "high", 3),
                               ("action", "update", 8)]:
        choose(browser, name, value)
        counted(browser, f"{size * share // 100:,} of {each} buckets")
        choose(browser, name, "")
    choose(browser, "severity", "high")
    choose(browser, "state", "both")
    counted(browser, f"{size // 100:,} of {each} buckets")
    browser.click("#reset")
    counted(browser, f"{each} of {each} buckets")

    # Sorting.
    for key, column, forwards in [("bucket", 1, True), ("bucket", 1, False)]:
        begun = time.perf_counter()
        browser.click(f"#buckets th[data-key={key}] button")
        browser.wait("the order", "return document.querySelector("
                     "'#buckets th[data-key=bucket]').ariaSort === arguments[0]",
                     "ascending" if forwards else "descending")
        sorting = time.perf_counter() - begun
        names = browser.run(FIRST, 60, column)
        equal(names, sorted(names, reverse=not forwards), f"buckets, sorted by {key}")
        equal(names[0], "acme-00000" if forwards else f"acme-{size - 1:05}", "the first bucket")
    equal(browser.run(SORTED, "state"), "none", "the order by state")

    # A row opens, and closes, by a click and by the keyboard.
    choose(browser, "state", "drift")
    browser.click("#buckets tr.row button")
    detail = browser.run("return document.querySelector('#buckets tr.detail').innerText")
    for part in ["_configuration.b[", "sse_algorithm", "main.seal.hcl:12", "\"aws:kms\"", "changed outside"]:
        if part not in detail:
            raise AssertionError(f"{part} is not in what opens: {detail}")
    equal(browser.run("return document.querySelector('#buckets tr.row button').ariaExpanded"),
          "true", "what an open row says of itself")
    if size == 10_000:
        browser.screenshot(directory / "open.png")
    browser.press("\ue007")
    equal(browser.run("return document.querySelectorAll('#buckets tr.detail').length"), 0,
          "open rows after Enter")
    browser.press("\ue007")
    browser.press("/", "e", "u", "-")
    equal(browser.run("return document.getElementById('search').value"), "eu-", "what / leads to")
    browser.click("#reset")
    counted(browser, f"{each} of {each} buckets")

    # What was opened stays open while it is far away; the end comes when it is scrolled to.
    browser.click("#buckets th[data-key=address] button")
    browser.click("#buckets tr.row button")
    browser.run("document.activeElement.blur(); window.scrollTo(0, document.body.scrollHeight)")
    browser.wait("the last row", "window.scrollTo(0, document.body.scrollHeight);"
                 "return document.getElementById('buckets').innerText.includes(arguments[0])",
                 f"b[{size - 1}]")
    browser.wait("rows that are far away are gone", ROWS.replace("length", "length < 500"))
    browser.run("window.scrollTo(0, 0)")
    browser.wait("the first row is open again", "return document.querySelector("
                 "'#buckets tr.row.open + tr.detail') !== null")

    # Printing.
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    equal(browser.run(ROWS), 2000, "rows to print")
    equal(browser.run("return document.getElementById('unprinted').innerText"),
          f"{size - 2000:,} more are not printed. Choose fewer by the filters.", "what is said")
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    browser.wait("rows as before", ROWS.replace("length", "length < 500"))
    print(f"fleet of {each}: opened in {opened:.2f} s, sorted in {sorting:.2f} s")


def hostile(browser, directory):
    """Names that would break out of a page are text, and nothing that they name is done."""
    browser.open(directory / "hostile.html")
    browser.wait("the table", "return document.getElementById('count').textContent !== ''")
    for row in range(browser.run(ROWS)):
        browser.run("document.querySelectorAll('#buckets tr.row button')[arguments[0]].click()", row)
    equal(browser.run("return document.querySelectorAll("
                      "'img, iframe, a, svg, object, [onerror], [onmouseover]').length"), 0,
          "elements that names would have made")
    equal(browser.run("return document.scripts.length"), 2, "scripts")
    text = browser.run("return document.getElementById('buckets').innerText")
    for part in ["</script><script>alert(1)</script>", "\\u202etxt.exe", "{{data}} {{script}}"]:
        if part not in text:
            raise AssertionError(f"{part} is not shown as it is")


def unscripted(browser, directory):
    """Without the script the numbers and the worst findings are there."""
    browser.open(directory / "fleet-10000.html")
    text = browser.call("GET", f"{browser.session}/element/{browser.element('body')}/text")
    for part in ["10,000 of", "No bucket matches"]:
        if part in text:
            raise AssertionError(f"{part}: the script has run")
    for part in ["Findings", "drift-weakening", "400 more are not written out here", "Summary"]:
        if part not in text:
            raise AssertionError(f"{part} is not there without the script: {text[:500]}")


def main():
    directory = Path(sys.argv[1])
    passed = 0
    cases = [
        ({}, lambda browser: fleet(browser, directory, 10_000)),
        ({"scheme": "dark"}, lambda browser: fleet(browser, directory, 100_000)),
        ({}, lambda browser: hostile(browser, directory)),
        ({"script": False}, lambda browser: unscripted(browser, directory)),
    ]
    for options, case in cases:
        browser = Browser(**options)
        try:
            case(browser)
            if options.get("scheme") == "dark":
                equal(browser.run("return matchMedia('(prefers-color-scheme: dark)').matches"),
                      True, "the dark scheme")
                browser.run("window.scrollTo(0, 0)")
                browser.screenshot(directory / "dark.png")
            equal(browser.complaints(), [], "complaints of the browser")
            passed += 1
        except AssertionError:
            browser.screenshot(directory / "failed.png")
            raise
        finally:
            browser.close()
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    main()
