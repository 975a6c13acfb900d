"""The second factor of a person with a browser and no JavaScript: set it up with the picture that is
on the screen, sign in with a code and with a recovery code, switch it off.
"""
import os
import subprocess
import time
import urllib.parse

from fixture import PASSWORD, SiteTest, main

DRIFT = 4  # steps: as many codes in a row are good at any time
STEP = 30  # seconds
PHONE = 320  # pixels: the smallest
CODE = "input[name=code]"
PICTURE = "img.picture"


class TwoFactor(SiteTest):
    settings = {**SiteTest.settings, "totp.drift": str(DRIFT)}

    def setUp(self):
        self.email = f"factor-{time.time_ns()}@example.org"
        self.used = 0
        self.register(self.email)
        self.operate("user", "verify", self.email)

    def tearDown(self):
        self.browser.show()
        super().tearDown()

    def open(self, path):
        self.browser.go(self.site + path)

    def begin(self):
        """To the page with the picture, as the focus in the field below it leaves it."""
        self.open("/auth/web/login")
        self.sign_in(self.email)
        self.open("/auth/web/2fa/enable?next=/members/")
        self.enter("input[name=password]", PASSWORD)
        self.check_code_field()

    def enter(self, field, text):
        self.browser.fill(field, text)
        self.browser.submit("button")

    def sign_out(self):
        self.open("/auth/web/logout")
        self.browser.submit("button")

    def read_picture(self):
        """The address in the QR code, as a camera in front of the screen finds it."""
        path = os.path.join(self.directory.name, "screen.png")
        self.browser.screenshot(path)
        found = subprocess.run(
            ["zbarimg", "--nodbus", "--raw", "-q", "--set", "*.enable=0", "--set",
             "qrcode.enable=1", path], stdout=subprocess.PIPE, text=True, check=True)
        return found.stdout.strip()

    def scan(self, uri):
        """What the app keeps."""
        parts = urllib.parse.urlsplit(uri)
        self.app = dict(urllib.parse.parse_qsl(parts.query))
        self.assertEqual((parts.scheme, parts.netloc), ("otpauth", "totp"))
        self.assertEqual(urllib.parse.unquote(parts.path), f"/Yett:{self.email}")
        self.assertEqual(self.app["issuer"], "Yett")

    def code(self):
        """Of a later step than all before: each step has one that is taken once."""
        self.assertLess(self.used, 2 * DRIFT)
        moment = int(time.time()) + (1 - DRIFT + self.used) * STEP
        self.used += 1
        made = subprocess.run(
            ["oathtool", "--totp=" + self.app.get("algorithm", "SHA1").lower(),
             "--digits=" + self.app.get("digits", "6"),
             f"--time-step-size={self.app.get('period', STEP)}s", f"--now=@{moment}",
             "--base32", "-"], input=self.app["secret"], stdout=subprocess.PIPE, text=True,
            check=True)
        return made.stdout.strip()

    def check_code_field(self):
        browser = self.browser
        self.assertEqual(browser.attribute(CODE, "autocomplete"), "one-time-code")
        self.assertEqual(browser.attribute(CODE, "inputmode"), "numeric")
        self.assertEqual(browser.value(CODE), "")
        self.assertTrue(browser.text("label[for=code]"))
        for _ in range(50):  # it gets the focus a moment after it is there
            if browser.has_focus(CODE):
                return
            time.sleep(0.1)
        self.fail("the field does not have the focus")

    def test_set_up_used_and_switched_off(self):
        browser = self.browser
        self.begin()
        self.scan(self.read_picture())
        self.assertEqual(browser.text(".secret").replace(" ", ""), self.app["secret"])
        self.assertTrue(browser.attribute(PICTURE, "alt"))
        self.enter(CODE, "000000")
        self.assertTrue(browser.text("[role=alert]"))
        self.check_code_field()
        self.scan(self.read_picture())  # once more
        self.enter(CODE, self.code())
        self.assertEqual(browser.text(".account"), self.email)
        codes = browser.text(".codes").splitlines()
        self.assertEqual(len(set(codes)), 10)
        browser.submit("a.button")
        self.assertEqual(browser.url, self.site + "/members/")

        self.sign_out()
        self.open("/members/?page=2")
        self.sign_in(self.email)
        self.assertIn("/auth/web/2fa/verify?next=", browser.url)
        self.check_code_field()
        self.enter(CODE, self.code())
        self.assertEqual(browser.url, self.site + "/members/?page=2")

        self.sign_out()
        self.open("/auth/web/login?next=/members/")
        self.sign_in(self.email)
        self.enter(CODE, codes[7])
        self.assertEqual(browser.url, self.site + "/members/")

        self.open("/auth/web/2fa/disable")
        self.check_code_field()
        self.enter(CODE, self.code())
        self.assertIn("is off", browser.title)
        browser.submit(".other a")  # the session goes on
        self.assertEqual(browser.url, self.site + "/auth/web/2fa/enable")
        self.sign_out()
        self.open("/auth/web/login?next=/members/")
        self.sign_in(self.email)
        self.assertEqual(browser.url, self.site + "/members/")

    def test_new_recovery_codes(self):
        browser = self.browser
        self.begin()
        self.scan(self.read_picture())
        self.enter(CODE, self.code())
        before = browser.text(".codes").splitlines()
        self.open("/auth/web/2fa/enable")
        self.assertIn("is on", browser.title)
        browser.submit("a.button")
        browser.fill("input[name=current_password]", PASSWORD)
        browser.submit("button")  # within minutes of the last code
        after = browser.text(".codes").splitlines()
        self.assertEqual(len(set(after) - set(before)), 10)
        self.sign_out()
        self.open("/auth/web/login?next=/members/")
        self.sign_in(self.email)
        self.enter(CODE, before[0])
        self.assertTrue(browser.text("[role=alert]"))
        self.enter(CODE, after[0])
        self.assertEqual(browser.url, self.site + "/members/")
        self.open("/auth/web/2fa/enable")
        browser.submit(".other a")
        self.assertIn("2fa/disable", browser.url)
        browser.submit(".other a")  # leave it on
        self.assertIn("is on", browser.title)

    def test_code_and_recovery_code_are_taken_once(self):
        browser = self.browser
        self.begin()
        self.scan(self.read_picture())
        used = self.code()
        self.enter(CODE, used)
        recovery = browser.text(".codes").splitlines()[0]
        self.sign_out()
        self.open("/auth/web/login?next=/members/")
        self.sign_in(self.email)
        self.enter(CODE, used)
        self.assertTrue(browser.text("[role=alert]"))
        self.check_code_field()
        self.enter(CODE, recovery)
        self.assertEqual(browser.url, self.site + "/members/")
        self.sign_out()
        self.open("/auth/web/login?next=/members/")
        self.sign_in(self.email)
        self.enter(CODE, recovery)
        self.assertTrue(browser.text("[role=alert]"))
        self.enter(CODE, self.code())
        self.assertEqual(browser.url, self.site + "/members/")

    def test_picture_is_read_on_every_screen(self):
        self.begin()
        uri = self.read_picture()
        for width in (900, PHONE):
            for scheme in ("light", "dark"):
                with self.subTest(width=width, scheme=scheme):
                    self.browser.show(width=width, height=1000, scheme=scheme)
                    self.assertEqual(self.read_picture(), uri)
                    self.assertEqual(
                        self.browser.style(PICTURE, "background-color"), "rgba(255, 255, 255, 1)")

    def check_width(self):
        for selector in ("html", "main"):
            self.assertLessEqual(self.browser.property(selector, "scrollWidth"),
                                 self.browser.property(selector, "clientWidth"), selector)
        self.assertLessEqual(self.browser.property("html", "scrollWidth"), PHONE)

    def test_nothing_is_wider_than_a_phone(self):
        browser = self.browser
        browser.show(width=PHONE, height=1000)
        self.open("/auth/web/login")
        self.sign_in(self.email)
        self.open("/auth/web/2fa/enable")
        self.check_width()
        self.enter("input[name=password]", "wrong")
        self.check_width()
        self.enter("input[name=password]", PASSWORD)
        self.check_width()
        self.scan(self.read_picture())
        self.enter(CODE, "000000")
        self.check_width()
        self.enter(CODE, self.code())
        self.check_width()
        self.check_width()
        self.assertEqual(
            browser.property(".codes", "scrollWidth"), browser.property(".codes", "clientWidth"))
        for page in ("enable", "recovery-codes/regenerate"):
            self.open("/auth/web/2fa/" + page)
            self.check_width()
        self.sign_out()
        self.sign_in(self.email)
        self.check_width()
        self.enter(CODE, "000000")
        self.check_width()
        self.enter(CODE, self.code())
        self.open("/auth/web/2fa/disable")
        self.check_width()
        self.enter(CODE, "000000")
        self.check_width()
        self.enter(CODE, self.code())
        self.check_width()

    def test_recovery_codes_are_printed_and_copied(self):
        browser = self.browser
        self.begin()
        self.scan(self.read_picture())
        self.enter(CODE, self.code())
        self.assertEqual(browser.style(".codes", "user-select"), "all")
        self.assertEqual(browser.style("a.button", "display"), "block")
        browser.show(scheme="dark", media="print")
        self.assertEqual(browser.style("a.button", "display"), "none")
        self.assertEqual(browser.style(".codes", "color"), "rgba(0, 0, 0, 1)")
        self.assertEqual(browser.style("main", "background-color"), "rgba(255, 255, 255, 1)")


if __name__ == "__main__":
    main(TwoFactor)
