"""Generated data: a Bahamian job board of any size, the same for the same seed.

`python -m reference_app.seed load | status | export`.
"""
