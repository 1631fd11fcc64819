"""Start the command line by `python -m clew.cli`, where the program `clew` is not installed."""

import sys

from clew.cli import main

sys.exit(main())
