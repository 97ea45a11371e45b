"""The one error that users see: a sentence that says what arrived, what was expected and what to do."""


class UserError(ValueError):
    """Bad input, explained in one sentence; the command line and the app show it without a traceback."""
