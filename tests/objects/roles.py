"""Roles belong to the whole server, which the tests' processes share: each is made once, and stays."""

ROLES = "".join(
    f"DO $$BEGIN CREATE ROLE {role} {how}; EXCEPTION WHEN duplicate_object OR unique_violation THEN END$$;"
    for role, how in (
        ("reader", "LOGIN"),
        ("writer", "LOGIN"),
        ('"Straße 7"', ""),
        ("keeper", "LOGIN"),
    )
)
