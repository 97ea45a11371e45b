"""The one error that a user may see: a sentence that says what arrived, what was expected and what to do."""


class UserError(ValueError):
    """Bad input, told in one sentence; the command line and the app show it without a traceback."""
