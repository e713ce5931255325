"""The one exception that means "the input was wrong", as opposed to "the program is wrong"."""


class InputError(ValueError):
    """Something a person gave us cannot be used.

    The message is one line that says what was wrong, what was received and what to do. The
    command line prints it without a traceback and exits with status 2.
    """
