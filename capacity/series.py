"""Names and units of the timeline's series.

`timeline.csv` has the columns `second,series,value`, one row per second since
the run's start and series. `{...}` stands for an instance: a service name as in
the compose file (`nginx`, `backend-1`, `pgbouncer`, `primary`, `replica-1`, `redis`).
Readings of kind counter stand here as their increase per second.
"""

SERIES: dict[str, tuple[str, str]] = {
    # the load, as the generator saw it
    "load.users": ("users", "virtual users alive; of an open load, those waiting for an answer"),
    "load.offered": ("requests/s", "arrivals the load model called for"),
    "load.requests": ("requests/s", "requests finished"),
    "load.failures": ("requests/s", "requests failed"),
    "load.gets": ("requests/s", "GETs finished"),
    "load.get_failures": ("requests/s", "GETs failed"),
    "load.writes": ("requests/s", "requests other than GETs finished"),
    "load.write_failures": ("requests/s", "requests other than GETs failed"),
    "load.refusals": ("requests/s", "requests refused by a rate limit (429)"),
    "load.dropped": ("requests/s", "arrivals that could not be sent"),
    "load.p50": ("ms", "median latency, as sent"),
    "load.p95": ("ms", "95th percentile latency, as sent"),
    "load.p99": ("ms", "99th percentile latency, as sent"),
    "load.p95_corrected": ("ms", "95th percentile latency from the intended start"),
    "generator.cpu": ("cores", "CPU of the busiest generator process"),
    "generator.cpu_total": ("cores", "CPU of all generator processes"),
    "generator.memory": ("bytes", "memory of all generator processes"),
    "generator.lateness": ("ms", "how late the worst timer or request of a process was"),
    # the machine
    "machine.cpu": ("cores", "CPU busy on the whole machine"),
    "machine.steal": ("cores", "CPU the hypervisor took away"),
    "machine.yielding": ("cores", "CPU of programs that give way to the stack, by niceness"),
    # every service
    "service.{service}.cpu": ("cores", "CPU of the service's processes"),
    "service.{service}.memory": ("bytes", "proportional set size of the service's processes"),
    "service.{service}.shared_memory": ("bytes", "the part of it that lies in shared segments"),
    "service.{service}.file_memory": ("bytes", "the part of it that is pages of files"),
    # nginx
    "nginx.connections": ("connections", "client connections open"),
    "nginx.requests": ("requests/s", "requests nginx answered or passed on"),
    # pods
    "pod.{pod}.requests": ("requests/s", "requests the pod answered, probes apart"),
    "pod.{pod}.served_l1": ("requests/s", "requests answered from the worker's memory"),
    "pod.{pod}.served_l2": ("requests/s", "requests that needed Redis, not the database"),
    "pod.{pod}.served_db": ("requests/s", "requests that needed the database"),
    "pod.{pod}.served_app": ("requests/s", "requests that needed no data"),
    "pod.{pod}.cache_l1_hits": ("lookups/s", "cache lookups answered by the worker's memory"),
    "pod.{pod}.cache_l2_hits": ("lookups/s", "cache lookups answered by Redis"),
    "pod.{pod}.cache_misses": ("lookups/s", "cache lookups that loaded from the database"),
    "pod.{pod}.cache_renewals": ("loads/s", "cached values loaded anew before they had run out"),
    "pod.{pod}.reads_replica": ("sessions/s", "read sessions opened on a replica"),
    "pod.{pod}.reads_primary": ("sessions/s", "read sessions opened on the primary"),
    "pod.{pod}.writes": ("sessions/s", "write sessions opened"),
    "pod.{pod}.pool_in_use": ("connections", "database connections in use"),
    "pod.{pod}.sockets": ("sockets", "open WebSockets"),
    "pod.{pod}.pool_waiting": ("requests", "requests waiting for a database connection"),
    "pod.{pod}.pool_limit": ("connections", "most database connections the pod may open"),
    "pod.{pod}.event_loop_lag": ("s", "worst delay of a worker's event loop"),
    "pod.{pod}.rate_limited": ("requests/s", "requests refused by a rate limit"),
    # the pods together, by endpoint as the app names its routes
    "endpoint.{endpoint}.requests": ("requests/s", "requests of it that a pod answered"),
    "endpoint.{endpoint}.cpu": ("cores", "CPU of the workers in requests' own tasks, from some"),
    # PgBouncer
    "pgbouncer.clients_active": ("connections", "client connections with a server or idle"),
    "pgbouncer.clients_waiting": ("connections", "client connections waiting for a server"),
    "pgbouncer.servers_active": ("connections", "server connections in use"),
    "pgbouncer.servers_idle": ("connections", "server connections idle"),
    "pgbouncer.max_wait": ("s", "longest wait of a client now"),
    "pgbouncer.queries": ("queries/s", "queries passed"),
    # Postgres
    "postgres.{service}.connections": ("connections", "client backends"),
    "postgres.{service}.active": ("connections", "client backends running a statement"),
    "postgres.{service}.transactions": ("transactions/s", "committed and rolled back"),
    "postgres.{service}.queries": ("queries/s", "statements run (pg_stat_statements)"),
    "postgres.{service}.query_time": ("s/s", "elapsed time in statements (pg_stat_statements)"),
    "postgres.{service}.rows_written": ("rows/s", "rows inserted, updated and deleted"),
    "postgres.{service}.lag": ("s", "replication lag: how old the last replayed change is"),
    "postgres.{service}.lag_bytes": ("bytes", "write-ahead log not yet replayed"),
    # Redis
    "redis.commands": ("commands/s", "commands run"),
    "redis.clients": ("connections", "client connections"),
    "redis.memory": ("bytes", "memory of the data set"),
    "redis.hits": ("lookups/s", "key lookups that found a key"),
    "redis.misses": ("lookups/s", "key lookups that found none"),
}
"""Series name (or pattern) -> (unit, what it is)."""
