"""Roles for the tests. A role belongs to the whole server, which several processes use, so it is never dropped."""

ROLES = "".join(
    f"DO $$BEGIN CREATE ROLE {role} {how}; EXCEPTION WHEN duplicate_object OR unique_violation THEN END$$;"
    for role, how in (
        ("reader", "LOGIN"),
        ("writer", "LOGIN"),
        ('"Straße 7"', ""),
        ("keeper", "LOGIN"),
    )
)
