"""A site with its browser, for tests: `make run` on a free port with a state directory of its own,
ended with the test.
"""
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from webdriver import Browser

BUILD = os.environ.get("YETT_BUILD", "build")
PASSWORD = "vocal-ibis-crater-lumen-oxide"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class SiteTest(unittest.TestCase):
    settings = {"protect /members.require": "verified", "protect /admin.require": "superuser",
                "mail.transport": "directory"}

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="yett-site-")
        cls.state = os.path.join(cls.directory.name, "state")
        port = free_port()
        cls.site = f"http://127.0.0.1:{port}"
        subprocess.run([f"{BUILD}/bin/yettctl", "init", cls.state, "--url", cls.site], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for key, value in cls.settings.items():
            cls.operate("set", key, value)
        cls.server = subprocess.Popen(
            ["tools/run", BUILD, str(port), cls.state, "yes", "lighttpd"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(cls.stop)
        cls.wait()
        cls.browser = Browser(free_port())
        cls.addClassCleanup(cls.browser.close)

    @classmethod
    def stop(cls):
        cls.server.send_signal(signal.SIGTERM)
        cls.server.wait(30)
        cls.directory.cleanup()

    @classmethod
    def wait(cls):
        for _ in range(200):
            try:
                urllib.request.urlopen(cls.site + "/auth/health", timeout=5)
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the site does not answer")

    @classmethod
    def operate(cls, *words):
        subprocess.run([f"{BUILD}/bin/yettctl", "--state", cls.state, *words], check=True,
                       stdout=subprocess.DEVNULL)

    def register(self, email):
        browser = self.browser
        browser.go(self.site + "/auth/register")
        browser.fill("input[name=email]", email)
        browser.fill("input[name=password]", PASSWORD)
        browser.submit("button")
        self.assertIn("Registration", browser.title)

    def sign_in(self, email, password=PASSWORD):
        self.browser.fill("input[name=username]", email)
        self.browser.fill("input[name=password]", password)
        self.browser.submit("button")

    def tearDown(self):
        for name in ("yett", "yett_refresh", "yett_csrf", "yett_pending"):
            self.browser.forget(name)


def main(test):
    """Runs the tests of that class; the last line says how it went."""
    # Ended before its time, it ends what it started too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        program = unittest.main(exit=False, verbosity=0)
    finally:
        test.doClassCleanups()
    ran = program.result.testsRun
    failed = len(program.result.failures) + len(program.result.errors)
    print(f"{max(ran - failed, 0)} passed, {failed} failed, 0 skipped")
    sys.exit(failed != 0)
