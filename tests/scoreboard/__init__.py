"""`make scoreboard`: the changes of tests/objects, as this engine and other tools see, name and repair them.

Each tool runs in a virtual environment of its own. All are judged by one rule, which knows none of them: `judge`.
"""
