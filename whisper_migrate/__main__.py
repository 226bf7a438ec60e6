"""`python -m whisper_migrate`: every command, on the project that the current folder lies in."""

from whisper_migrate.start import main

if __name__ == "__main__":  # processes that this one starts import this file as well
    main()
