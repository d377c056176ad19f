"""An example of each command, shown at the end of its help."""

EXAMPLES = {
    "doctor": "hmb doctor",
    "up": "hmb up --pods 3 --replicas 2 --profile monitoring",
    "down": "hmb down --purge",
    "status": "hmb status --json",
    "seed": "hmb seed --scale small",
    "loadtest": "hmb loadtest mixed --users 50 --duration 60s",
    "sweep": "hmb sweep mixed",
    "calibrate": "hmb calibrate",
    "drill": "hmb drill --list",
    "probe": "hmb probe db-qps",
    "scenarios": "hmb scenarios",
    "compare": "hmb compare BASE CHANGED",
    "gate": "hmb gate --base main --head HEAD",
    "import": "hmb import results_stats.csv",
    "audit": "hmb audit --strict",
    "plan": "hmb plan --users 1000000",
    "preflight": "hmb preflight --env-file .env --url http://127.0.0.1:8080",
    "documents": "hmb documents",
    "report": "hmb report latest --format markdown",
    "runs": "hmb runs",
}
