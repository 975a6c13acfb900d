"""What a person does with the links in mails, with a browser and no JavaScript: confirm an address,
set a forgotten password, come too late.
"""
import email
import email.policy
import glob
import re
import time

from fixture import PASSWORD, SiteTest, main

NEXT = "quilted-harbor-vector-77-moss"


class Mail(SiteTest):
    def setUp(self):
        self.email = f"mail-{time.time_ns()}@example.org"
        self.register(self.email)

    def mails(self):
        found = []
        for name in glob.glob(f"{self.state}/mail/*.eml"):
            with open(name, "rb") as file:
                message = email.message_from_binary_file(file, policy=email.policy.default)
            if message["To"] == self.email:
                found.append((message["Date"].datetime, name, message))
        return [message for _, _, message in sorted(found, key=lambda row: row[:2])]

    def link(self, page):
        """Of the newest mail that leads to that page."""
        for _ in range(100):
            for message in reversed(self.mails()):
                text = message.get_body(("plain",)).get_content()
                found = re.search(rf"^({re.escape(self.site)}/auth/{page}\?token=\S+)$", text, re.M)
                if found:
                    html = message.get_body(("html",)).get_content()
                    self.assertIn(f'href="{found[1]}"', html)
                    return found[1]
            time.sleep(0.1)
        self.fail(f"no mail with a link to {page}")

    def forgot(self):
        browser = self.browser
        browser.go(self.site + "/auth/web/login")
        browser.submit("a[href='/auth/forgot-password']")
        browser.fill("input[name=email]", self.email)
        browser.submit("button")
        return self.link("reset-password")

    def set_password(self, password):
        self.browser.fill("input[name=password]", password)
        self.browser.submit("button")

    def can_sign_in(self, password):
        self.browser.go(self.site + "/auth/web/login?next=/members/")
        self.sign_in(self.email, password)
        return self.browser.url == self.site + "/members/"

    def test_link_confirms_the_address_by_its_button(self):
        browser = self.browser
        link = self.link("verify")
        self.assertFalse(self.can_sign_in(PASSWORD))
        browser.go(link)
        browser.go(link)  # looking twice uses nothing up
        browser.submit("button")
        self.assertTrue(self.can_sign_in(PASSWORD))

    def test_used_link_says_how_to_get_another(self):
        browser = self.browser
        link = self.link("verify")
        browser.go(link)
        browser.submit("button")
        browser.go(link)
        browser.submit("button")
        self.assertTrue(browser.find("a[href='/auth/request-verify-token']"))

    def test_forgotten_password_is_set_by_its_link(self):
        browser = self.browser
        browser.go(self.link("verify"))
        browser.submit("button")
        browser.go(self.forgot())
        self.set_password("password1234")
        self.assertIn("common", browser.text("[role=alert]"))
        self.assertEqual(browser.value("input[name=password]"), "")
        self.set_password(NEXT)  # the refused one did not use the link up
        self.assertFalse(self.can_sign_in(PASSWORD))
        self.assertTrue(self.can_sign_in(NEXT))

    def test_unconfirmed_account_is_confirmed_by_a_reset(self):
        self.browser.go(self.forgot())
        self.set_password(NEXT)
        self.assertTrue(self.can_sign_in(NEXT))


if __name__ == "__main__":
    main(Mail)
