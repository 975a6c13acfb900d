#!/usr/bin/python3
"""A mail server for tests: real SMTP on 127.0.0.1, answers as told.

Prints "ready PORT" once it listens, and runs until it is ended or its standard input is. Each message
it takes becomes N.eml in the directory, byte for byte, and N.json beside it: from, to (a list),
mail_options, rcpt_options, tls, user. N counts from 1; the .json is there before the .eml.
"""
import argparse
import asyncio
import json
import logging
import os
import pathlib
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path, help="where messages go")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    for stage in ("connect", "ehlo", "mail", "rcpt", "data", "message"):
        parser.add_argument(f"--{stage}", metavar="'CODE TEXT'",
                            help="the answer at that stage; \\n between lines")
    parser.add_argument("--drop", choices=["connect", "mail", "data", "message"],
                        help="close the connection there: data is in its middle, message before "
                             "it is answered")
    parser.add_argument("--hang", choices=["connect", "data", "message", "quit"],
                        help="say nothing there, or until there is a file \"go\" in the directory; "
                             "a file \"hangs\" tells that it has begun")
    parser.add_argument("--times", type=int, metavar="N",
                        help="answer, drop or hang so N times, then do as any server")
    parser.add_argument("--certificate", metavar="FILE", help="PEM, with --key")
    parser.add_argument("--key", metavar="FILE")
    parser.add_argument("--starttls", action="store_true", help="offer STARTTLS")
    parser.add_argument("--implicit-tls", action="store_true", help="speak TLS from the start")
    parser.add_argument("--user", metavar="NAME:PASSWORD", help="take this login")
    parser.add_argument("--must-sign-in", action="store_true", help="530 without it")
    parser.add_argument("--login-without-tls", action="store_true", help="offer AUTH without TLS")
    parser.add_argument("--refuse-login", metavar="'CODE TEXT'", help="the answer to any login")
    parser.add_argument("--no-smtputf8", action="store_true", help="without RFC 6531")
    return parser.parse_args()


class Told:
    """What was asked for on the command line, while it lasts."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.left = arguments.times

    def ask(self, option, value=None):
        found = getattr(self.arguments, option)
        if found is None or (value is not None and found != value) or self.left == 0:
            return None
        if self.left is not None:
            self.left -= 1
        return found

    async def hang(self, stage):
        if not self.ask("hang", stage):
            return
        (self.arguments.directory / "hangs").touch()
        while not (self.arguments.directory / "go").exists():
            await asyncio.sleep(0.02)


class Handler:
    def __init__(self, arguments, told):
        self.directory = arguments.directory
        self.told = told
        self.count = 0

    def keep(self, session, envelope):
        self.count += 1
        login = session.auth_data.login.decode() if session.auth_data else None
        facts = {"from": envelope.mail_from, "to": envelope.rcpt_tos,
                 "mail_options": envelope.mail_options, "rcpt_options": envelope.rcpt_options,
                 "tls": session.ssl is not None, "user": login}
        name = self.directory / f"{self.count}.json"
        name.write_text(json.dumps(facts, ensure_ascii=False), "utf-8")
        part = self.directory / f".{self.count}.eml"
        part.write_bytes(envelope.original_content)
        part.rename(self.directory / f"{self.count}.eml")

    async def handle_MAIL(self, server, session, envelope, address, options):
        answer = self.told.ask("mail")
        if answer is None:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 2.1.0 Ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.told.ask("rcpt")
        if answer is None:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer or "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        if self.told.ask("drop", "message"):
            server.transport.abort()
            return "421 gone"
        await self.told.hang("message")
        answer = self.told.ask("message")
        if answer is None:
            self.keep(session, envelope)
        return answer or f"250 2.0.0 Ok: taken as {self.count}"


class Server(SMTP):
    def __init__(self, told, handler, **options):
        super().__init__(handler, **options)
        self.told = told

    async def _handle_client(self):
        if self.told.ask("drop", "connect"):
            self.transport.abort()
            return
        await self.told.hang("connect")
        answer = self.told.ask("connect")
        if answer is not None:
            await self.push(answer.replace("\\n", "\r\n"))
            self.transport.close()
            return
        await super()._handle_client()

    async def push(self, status):
        if isinstance(status, str):
            status = status.replace("\\n", "\r\n")
        await super().push(status)

    async def smtp_EHLO(self, hostname):
        answer = self.told.ask("ehlo")
        if answer is None:
            await super().smtp_EHLO(hostname)
        else:
            await self.push(answer)

    async def smtp_HELO(self, hostname):
        answer = self.told.ask("ehlo")
        if answer is None:
            await super().smtp_HELO(hostname)
        else:
            await self.push(answer)

    async def smtp_MAIL(self, arg):
        if self.told.ask("drop", "mail"):
            self.transport.abort()
            return
        await super().smtp_MAIL(arg)

    async def smtp_DATA(self, arg):
        answer = self.told.ask("data")
        if answer is not None:
            await self.push(answer)
        elif self.told.ask("drop", "data"):
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            await self._reader.read(100)
            self.transport.abort()
        else:
            await self.told.hang("data")
            await super().smtp_DATA(arg)

    async def smtp_QUIT(self, arg):
        await self.told.hang("quit")
        await super().smtp_QUIT(arg)


def make_login(arguments):
    name, _, password = (arguments.user or "").partition(":")

    def check(server, session, envelope, mechanism, data):
        if arguments.refuse_login:
            return AuthResult(success=False, handled=False, message=arguments.refuse_login)
        good = isinstance(data, LoginPassword) and (
            data.login.decode(), data.password.decode()) == (name, password)
        return AuthResult(success=good, handled=False, auth_data=data)

    return check


async def serve(arguments):
    told = Told(arguments)
    handler = Handler(arguments, told)
    context = None
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)
    options = {"enable_SMTPUTF8": not arguments.no_smtputf8, "hostname": "mail.example.org",
               "tls_context": context if arguments.starttls else None,
               "auth_required": arguments.must_sign_in}
    if arguments.user or arguments.refuse_login:
        options["authenticator"] = make_login(arguments)
        options["auth_require_tls"] = not arguments.login_without_tls
    else:
        options["auth_exclude_mechanism"] = ["PLAIN", "LOGIN"]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Server(told, handler, loop=loop, **options), "127.0.0.1", arguments.port,
        ssl=context if arguments.implicit_tls else None)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    # Whoever started it may be gone without a word.
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    os._exit(0)


if __name__ == "__main__":
    # What it has to say about peers is none of a test's output.
    logging.disable()
    warnings.simplefilter("ignore")
    asyncio.run(serve(read_arguments()))
