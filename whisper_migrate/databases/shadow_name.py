"""What shadows are called: `whisper_shadow_`, who made it (host, process and a random number), and what for."""

import re

PREFIX = "whisper_shadow"
NAME = re.compile(rf"{PREFIX}_(?P<maker>[0-9a-f]{{8}}_\d+_[0-9a-f]{{12}})_\w+")
