"""`python -m whisper_migrate`: every command, on the project that contains the current folder."""

from whisper_migrate.start import main

if __name__ == "__main__":  # child processes import this file too
    main()
