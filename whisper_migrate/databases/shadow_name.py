"""The names of shadows: `whisper_shadow_`, the run that made it (host, process, random number), and its purpose."""

import re

PREFIX = "whisper_shadow"
NAME = re.compile(rf"{PREFIX}_(?P<maker>[0-9a-f]{{8}}_\d+_[0-9a-f]{{12}})_\w+")
