"""The thinking: results, targets and verdicts. Pure; only `store` touches files."""
