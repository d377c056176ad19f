"""What goes wrong in a load test, each as one line for a person."""

from capacity.errors import HmbError, UsageError


class ScenarioError(HmbError):
    """The load test cannot run, or could not be finished."""


class UnknownScenarioError(ScenarioError, UsageError):
    """No built-in scenario has that name."""
