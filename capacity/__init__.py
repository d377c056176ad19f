"""The thinking: results, targets and verdicts. Pure; only `store` and `history` touch files."""
