"""``python -m colorlab.teaching NOTEBOOK…``."""

import sys

from colorlab.teaching.tidy import main

main(sys.argv[1:])
