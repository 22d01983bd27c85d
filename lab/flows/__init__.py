"""What a verb does: gather, decide, apply. Flows report steps and print nothing."""
