"""How sure are the types? Controls that no SAE learned, examples drawn evenly, and judgements by hand."""

__all__ = ["judgements", "type_controls", "type_examples"]
