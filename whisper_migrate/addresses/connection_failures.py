"""Explain in one sentence why a database could not be reached."""

import re
import shlex

from sqlalchemy import URL

from whisper_migrate.addresses.secret_parameters import scrubbed, secrets
from whisper_migrate.errors import Failure

CHECK = "Check DATABASE_URL or POSTGRES_*"
SERVER = "PostgreSQL at {where}"

# Messages of libpq (in English, since no locale is set here) and of servers; the most specific ones come first.
MEANINGS: tuple[tuple[str, str, str], ...] = (
    (
        r"invalid response to SSL negotiation|expected authentication request from server",
        "What answers at {where} is not PostgreSQL.",
        f"{CHECK}: is it the right host and port?",
    ),
    (
        r"password authentication failed|no password supplied",
        f"{SERVER} refused the user {{user}}: the password is wrong or missing.",
        f"{CHECK}; in a URL, percent-encode the password (@ is %40, % is %25).",
    ),
    (
        r"(?:peer|ident|gssapi|ldap|pam|certificate|cert) authentication failed",
        f"{SERVER} refused the user {{user}} by its rules of authentication.",
        f"{CHECK}, or the server's pg_hba.conf.",
    ),
    (
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        f"{SERVER} lets nobody in from here as {{user}} to the database {{database}}: no line of its pg_hba.conf does.",
        "Let the server's administrator add one, or try sslmode=require in the URL.",
    ),
    (r'role "[^"]*" does not exist', f"{SERVER} has no user {{user}}.", f"{CHECK}."),
    (
        r'database "[^"]*" does not exist',
        f"{SERVER} has no database {{database}}.",
        f"{CHECK}, or create it: {{createdb}}",
    ),
    (r"permission denied for database", f"{SERVER} keeps {{user}} out of the database {{database}}.", f"{CHECK}."),
    (
        r"could not translate host name|name or service not known|nodename nor servname",
        "The host {where} is unknown.",
        f"{CHECK}: is the host's name spelled right?",
    ),
    (
        r"timeout expired|timed out|no route to host|network is unreachable",
        "Nothing answered at {where} in time.",
        f"{CHECK}, and that no firewall is in the way.",
    ),
    (
        r"connection refused",
        "Nothing listens at {where}.",
        f"{CHECK}: is it the right port, and does the server run?",
    ),
    (
        r"no such file or directory.*accepting connections on that socket",
        "No PostgreSQL listens on a socket in {where}.",
        f"{CHECK}: is it the right folder, and does the server run?",
    ),
    (
        r"too many (?:clients|connections)|remaining connection slots",
        f"{SERVER} has no connection left.",
        "Try again when others have disconnected, or raise its max_connections.",
    ),
    (
        r"query_wait_timeout",
        "The pooler at {where} has no connection left.",
        "Give it a pool of 10 connections or more, or let DATABASE_URL lead to PostgreSQL's own port.",
    ),
    (
        r"unsupported startup parameter(?: in options)?: (?P<option>\w+)",
        "The pooler at {where} refuses the parameter {option}.",
        "Take it out of DATABASE_URL, or name it in PgBouncer's ignore_startup_parameters.",
    ),
    (
        r"the database system is (?:starting up|shutting down|in recovery|not yet accepting)",
        f"{SERVER} is starting or stopping.",
        "Try again in a moment.",
    ),
    (
        r"server does not support SSL",
        f"{SERVER} does not speak SSL, but sslmode asks for it.",
        "Take sslmode out of DATABASE_URL, or switch SSL on at the server.",
    ),
    (
        r"certificate verify failed|root certificate file|server certificate for",
        f"The certificate of {SERVER} cannot be verified.",
        "Check sslmode and sslrootcert in DATABASE_URL.",
    ),
    (
        r"invalid (?:connection option|URI query parameter:?) \"(?P<option>\w+)\"",
        "DATABASE_URL has a parameter that PostgreSQL's client does not know: {option}.",
        "Take it out (options of other drivers do not count here).",
    ),
    (
        r"invalid (?P<option>sslmode|channel_binding|target_session_attrs|gssencmode) value",
        "DATABASE_URL has a value for {option} that PostgreSQL's client does not know.",
        "Correct it, or take it out.",
    ),
    (
        r"server closed the connection unexpectedly|EOF detected|connection reset by peer",
        "What listens at {where} closed the connection at once: it is not PostgreSQL, or it is stopping.",
        f"{CHECK}: is it the right host and port?",
    ),
)


def connection_failure(url: URL, error: BaseException) -> Failure:
    """Return the Failure that explains a connection error of psycopg2's or SQLAlchemy's, without any password."""
    text = str(getattr(error, "orig", None) or error)
    values = {
        "createdb": _createdb(url),
        "where": _where(url),
        "user": url.username or "(none)",
        "database": url.database or "(none)",
    }
    for pattern, what, remedy in MEANINGS:
        if found := re.search(pattern, text, re.IGNORECASE | re.DOTALL):
            named = values | found.groupdict()
            return Failure(what.format(**named), remedy.format(**named))
    for secret in secrets(url).values():
        text = text.replace(secret, "***")
    first = " ".join(scrubbed(text).strip().split("\n", 1)[0].split())
    return Failure(f"No connection to {values['where']}: {first}", f"{CHECK}, and that the server runs.")


def sourced(failure: Failure, source: str) -> Failure:
    """Return a copy of a failure that names the `source` of its URL, such as SHADOW_URL, instead of DATABASE_URL."""

    def named(text: str) -> str:
        return text.replace(CHECK, f"Check {source}").replace("DATABASE_URL", source)

    return Failure(named(failure.what), failure.remedy and named(failure.remedy))


def _createdb(url: URL) -> str:
    """Return the command that creates the URL's database."""
    port = url.port or url.query.get("port")
    named = {"-h": url.query.get("host") or url.host, "-p": port and str(port), "-U": url.username}
    options = [word for option, value in named.items() if isinstance(value, str) and value for word in (option, value)]
    return shlex.join(["createdb", *options, url.database or ""])


def _where(url: URL) -> str:
    host = url.query.get("host") or url.host or "the default socket"
    named = host if isinstance(host, str) else ", ".join(host)
    port = url.port or url.query.get("port")
    return f"{named}:{port}" if port and not named.startswith("/") else named
