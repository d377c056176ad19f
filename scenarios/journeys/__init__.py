"""What virtual users do: each journey decides on requests and judges the answers.

Pure: no client, no clock. A journey is asked for its next `Call`, someone else
sends it, and the call's own check judges the answer and remembers what later
requests need.
"""
