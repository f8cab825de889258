#!/usr/bin/env python3
"""Run a management command of this deployment."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.starting import in_one_line

    with in_one_line():
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
