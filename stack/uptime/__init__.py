"""Whether the board answers, asked from outside the pods: through nginx, whenever Prometheus asks.

UPTIME_URL: the page to ask for; any answer but 200 is none. It takes no part in serving.
"""
