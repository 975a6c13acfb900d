"""The whole way of a person with a browser and no JavaScript: register, sign in, reach the
members' page, sign out, be sent to the sign-in and back.
"""
import time

from fixture import SiteTest, main


class SignIn(SiteTest):
    def setUp(self):
        self.email = f"browser-{time.time_ns()}@example.org"
        self.register(self.email)
        self.operate("user", "verify", self.email)

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
    main(SignIn)
