"""A browser for tests: headless Chromium through chromedriver, spoken to as W3C WebDriver says.

JavaScript is off in the pages, because the pages must work without it.
"""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that WebDriver gives element ids
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--window-size=900,700",
]


class WebDriverError(Exception):
    def __init__(self, value):
        super().__init__(f"{value['error']}: {value['message']}")
        self.code = value["error"]


class Browser:
    def __init__(self, port):
        self.profile = tempfile.mkdtemp(prefix="yett-browser-")
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{port}"
        self.session = None
        self._wait_until_ready()
        options = {
            "args": ARGUMENTS + [f"--user-data-dir={self.profile}"],
            "prefs": {"profile.managed_default_content_settings.javascript": 2},
        }
        answer = self._call("POST", "/session", {
            "capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self.session = answer["sessionId"]

    def _wait_until_ready(self):
        for _ in range(100):
            try:
                self._call("GET", "/status")
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise RuntimeError("chromedriver does not answer")

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise WebDriverError(json.load(error)["value"]) from None

    def _in_session(self, method, path, body=None):
        return self._call(method, f"/session/{self.session}{path}", body)

    def go(self, url):
        self._in_session("POST", "/url", {"url": url})

    @property
    def url(self):
        return self._in_session("GET", "/url")

    @property
    def title(self):
        return self._in_session("GET", "/title")

    def find(self, selector):
        return self._in_session(
            "POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def text(self, selector):
        return self._in_session("GET", f"/element/{self.find(selector)}/text")

    def value(self, selector):
        return self.property(selector, "value")

    def property(self, selector, name):
        return self._in_session("GET", f"/element/{self.find(selector)}/property/{name}")

    def attribute(self, selector, name):
        return self._in_session("GET", f"/element/{self.find(selector)}/attribute/{name}")

    def style(self, selector, name):
        return self._in_session("GET", f"/element/{self.find(selector)}/css/{name}")

    def has_focus(self, selector):
        return self._in_session("GET", "/element/active")[ELEMENT] == self.find(selector)

    def show(self, width=900, height=700, scheme="light", media="screen"):
        """What the page is shown on, from now on."""
        self._command("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        self._command("Emulation.setEmulatedMedia", {
            "media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def _command(self, name, parameters):
        """Of Chromium's own protocol."""
        self._in_session("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._in_session("GET", "/screenshot")))

    def fill(self, selector, text):
        element = self.find(selector)
        self._in_session("POST", f"/element/{element}/clear", {})
        self._in_session("POST", f"/element/{element}/value", {"text": text})

    def submit(self, selector):
        """Clicks on what leads to another page, and returns when that one is there: chromedriver
        does not wait for an answer that takes a while to come."""
        page = self.find("html")
        self._in_session("POST", f"/element/{self.find(selector)}/click", {})
        for _ in range(300):
            if self._is_gone(page):
                return
            time.sleep(0.1)
        raise RuntimeError(f"{selector} leads nowhere")

    def _is_gone(self, element):
        try:
            self._in_session("GET", f"/element/{element}/name")
        except WebDriverError as error:
            # In the moment of the change chromedriver finds a document without its element.
            if "does not belong to the document" in str(error):
                return False
            if error.code != "stale element reference":
                raise
            return True
        return False

    def cookies(self):
        return {c["name"]: c for c in self._in_session("GET", "/cookie")}

    def forget(self, name):
        self._in_session("DELETE", f"/cookie/{name}")

    def close(self):
        try:
            if self.session:
                self._call("DELETE", f"/session/{self.session}")
        finally:
            self.driver.terminate()
            self.driver.wait(30)
            self._remove_profile()

    def _remove_profile(self):
        """Chromium's last processes may still write there for a moment."""
        for _ in range(50):
            shutil.rmtree(self.profile, ignore_errors=True)
            time.sleep(0.1)
            if not os.path.exists(self.profile):
                break
