"""The load: Locust journeys, the recorder and the runner."""
