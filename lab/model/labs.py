"""What a lab can be called, and the commands that a person is told to type for one."""

DEFAULT = "lab"
# A regular expression.
NAME = r"[a-z][a-z0-9-]{0,15}"


def typed(words: str, lab: str) -> str:
    """`lab WORDS` as it is typed for this lab: without its name it would be done to the default one."""
    return f"`lab {words}`" if lab == DEFAULT else f"`lab {words} --name {lab}`"
