"""The whole way of a person with a browser and no JavaScript: register, sign in, reach the
members' page, sign out, be sent to the sign-in and back.

Starts `make run` on a free port with a state directory of its own, and ends it.
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


class SignIn(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory(prefix="yett-site-")
        cls.state = os.path.join(cls.directory.name, "state")
        port = free_port()
        cls.site = f"http://127.0.0.1:{port}"
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

    def operate(self, *words):
        subprocess.run([f"{BUILD}/bin/yettctl", "--state", self.state, *words], check=True,
                       stdout=subprocess.DEVNULL)

    def register(self, email):
        browser = self.browser
        browser.go(self.site + "/auth/register")
        browser.fill("input[name=email]", email)
        browser.fill("input[name=password]", PASSWORD)
        browser.submit("button")
        self.assertIn("Registration", browser.title)
        self.operate("user", "verify", email)

    def sign_in(self, email, password=PASSWORD):
        self.browser.fill("input[name=username]", email)
        self.browser.fill("input[name=password]", password)
        self.browser.submit("button")

    def setUp(self):
        self.email = f"browser-{time.time_ns()}@example.org"
        self.register(self.email)

    def tearDown(self):
        for name in ("yett", "yett_refresh", "yett_csrf"):
            self.browser.forget(name)

    def test_weak_password_shows_the_form_again(self):
        browser = self.browser
        browser.go(self.site + "/auth/register")
        browser.fill("input[name=email]", "weak@example.org")
        browser.fill("input[name=password]", "password1234")
        browser.submit("button")
        self.assertIn("common", browser.text("[role=alert]"))
        self.assertEqual(browser.value("input[name=email]"), "weak@example.org")
        self.assertEqual(browser.value("input[name=password]"), "")

    def test_members_page_sends_to_sign_in_and_back(self):
        browser = self.browser
        browser.go(self.site + "/members/?page=2")
        self.assertTrue(browser.url.startswith(self.site + "/auth/web/login?next="))
        self.sign_in(self.email)
        self.assertEqual(browser.url, self.site + "/members/?page=2")

    def test_wrong_password_keeps_the_address(self):
        browser = self.browser
        browser.go(self.site + "/auth/web/login")
        self.sign_in(self.email, "not-the-password")
        self.assertTrue(browser.text("[role=alert]"))
        self.assertEqual(browser.value("input[name=username]"), self.email)
        self.assertEqual(browser.value("input[name=password]"), "")

    def test_sign_out_closes_the_members_page(self):
        browser = self.browser
        browser.go(self.site + "/auth/web/login?next=/members/")
        self.sign_in(self.email)
        self.assertEqual(browser.url, self.site + "/members/")
        browser.go(self.site + "/auth/web/logout")
        browser.submit("button")
        browser.go(self.site + "/members/")
        self.assertIn("/auth/web/login?next=", browser.url)

    def test_session_goes_on_without_the_access_cookie(self):
        browser = self.browser
        browser.go(self.site + "/auth/web/login?next=/members/")
        self.sign_in(self.email)
        before = browser.cookies()["yett_refresh"]["value"]
        browser.forget("yett")
        browser.go(self.site + "/members/")
        self.assertEqual(browser.url, self.site + "/members/")
        self.assertNotEqual(browser.cookies()["yett_refresh"]["value"], before)

    def test_member_is_no_superuser(self):
        browser = self.browser
        browser.go(self.site + "/auth/web/login?next=/admin/")
        self.sign_in(self.email)
        self.assertNotIn("Administration", browser.title)
        self.operate("role", "assign", "superuser", self.email)
        browser.go(self.site + "/admin/")
        self.assertIn("Administration", browser.title)


if __name__ == "__main__":
    # Ended before its time, it ends what it started too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        program = unittest.main(exit=False, verbosity=0)
    finally:
        SignIn.doClassCleanups()
    ran = program.result.testsRun
    failed = len(program.result.failures) + len(program.result.errors)
    print(f"{max(ran - failed, 0)} passed, {failed} failed, 0 skipped")
    sys.exit(failed != 0)
