#!/usr/bin/python3
"""Reads the messages of a directory as a mail reader does: Python's email package, strictly.

usage: read_messages.py DIRECTORY

For each N.json there, what a message was made of, N.eml is the message. Prints a line for each that
does not say the same or has a defect, then "N messages"; the exit status is 1 when any was bad.
"""
import email
import email.policy
import json
import pathlib
import sys
from email.errors import NonASCIILocalPartDefect
from email.header import decode_header, make_header

POLICY = email.policy.SMTPUTF8.clone(raise_on_defect=True)
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted",
           "X-Auto-Response-Suppress", "Content-Type"]


def same(what, found, given):
    if found != given:
        raise ValueError(f"{what} is {found!r}, was {given!r}")


def check_defects(part, international=False):
    if part.defects:
        raise ValueError(f"defects of a part: {part.defects}")
    for name, value in part.items():
        # To RFC 5322 alone it is one; RFC 6532 allows it.
        allowed = NonASCIILocalPartDefect if international and name == "To" else ()
        defects = [defect for defect in value.defects if not isinstance(defect, allowed)]
        if defects:
            raise ValueError(f"defects of {name}: {defects}")


def check_address(what, header, address):
    same(f"count of {what}", len(header.addresses), 1)
    found = header.addresses[0]
    same(what, f"{found.username}@{found.domain}", address)


def check_name(message, given):
    raw = dict(message.raw_items())["From"]
    found = message["From"].addresses[0].display_name
    if "=?" in raw:
        # The parser of addresses leaves spaces between encoded words, which are none of the name
        # (RFC 2047 section 6.2); the decoder does not.
        found = str(make_header(decode_header(raw[:raw.rindex("<")]))).rstrip()
    same("name", found, given)


def check_part(part, kind, body):
    check_defects(part)
    same("headers of a part", part.keys(), ["Content-Type", "Content-Transfer-Encoding"])
    same("type", part.get_content_type(), kind)
    same("charset", part.get_content_charset(), "utf-8")
    # get_content() decodes line ends as text files have them; those of mail are CRLF.
    found = part.get_payload(decode=True).decode()
    same("body", found.replace("\r\n", "\n"), body)


def check(data, given):
    if b"\r" in data.replace(b"\r\n", b"") or b"\n" in data.replace(b"\r\n", b""):
        raise ValueError("a line end that is not CRLF")
    if not data.isascii() and given["to"].isascii():
        raise ValueError("eight bits")
    international = not given["to"].isascii()
    # From bytes it reads no header that is UTF-8.
    message = (email.message_from_string(data.decode(), policy=POLICY) if international
               else email.message_from_bytes(data, policy=POLICY))
    check_defects(message, international)
    same("headers", message.keys(), HEADERS)
    same("type", message.get_content_type(), "multipart/alternative")
    check_address("From", message["From"], given["from"])
    check_name(message, given["name"])
    check_address("To", message["To"], given["to"])
    same("Subject", message["Subject"], given["subject"])
    same("Date", message["Date"].datetime.timestamp(), given["written_at"])
    same("Message-ID", message["Message-ID"].strip(), f"<{given['id']}@example.org>")
    if message.preamble or message.epilogue:
        raise ValueError("text around the parts")
    parts = message.get_payload()
    same("count of parts", len(parts), 2)
    check_part(parts[0], "text/plain", given["text"])
    check_part(parts[1], "text/html", given["html"])


def main(directory):
    bad = 0
    names = sorted(pathlib.Path(directory).glob("*.json"))
    for name in names:
        try:
            check(name.with_suffix(".eml").read_bytes(), json.loads(name.read_text("utf-8")))
        except Exception as fault:  # whatever the reader says of it
            print(f"{name.name}: {type(fault).__name__}: {fault}")
            bad += 1
    print(f"{len(names)} messages")
    return bad > 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
