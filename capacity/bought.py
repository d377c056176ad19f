"""What providers bill for: the quantities a plan buys in one month.

A plan makes them, an invoice prices them. A month is 730 hours.
"""

from pydantic import BaseModel, ConfigDict, Field

HOURS_PER_MONTH = 730.0


class Bought(BaseModel):
    """One month's quantities. Rates are means over the month unless they say peak."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    users: float = Field(gt=0, description="registered")
    active_users: float = Field(ge=0, description="active in the month")
    requests: float = Field(ge=0, description="requests to the application")
    edge_requests: float = Field(ge=0, description="requests for pages and assets at the edge")
    edge_gb: float = Field(ge=0)
    pod_hours: float = Field(ge=0, description="hours of all pods, autoscaled")
    pods_peak: int = Field(ge=1)
    pod_vcpu: float = Field(gt=0)
    pod_gb: float = Field(gt=0)
    backend_egress_gb: float = Field(ge=0, description="answers and WebSocket bytes")
    database_cores: float = Field(gt=0, description="primary's cores at the peak")
    replica_cores: float = Field(ge=0, description="all replicas' cores at the peak")
    database_mean_cores: float = Field(ge=0, description="primary's busy cores, mean")
    replica_mean_cores: float = Field(ge=0)
    database_connections: int = Field(ge=0, description="server connections at the peak")
    database_gb: float = Field(ge=0, description="stored")
    redis_gb: float = Field(ge=0, description="memory held")
    redis_commands: float = Field(ge=0)
    redis_commands_per_s_peak: float = Field(ge=0)
    redis_connections: int = Field(ge=0)
    objects_gb: float = Field(ge=0, description="files stored")
    object_writes: float = Field(ge=0)
    object_reads: float = Field(ge=0)
    errors: float = Field(ge=0, description="events sent to error tracking")
    log_gb: float = Field(ge=0)
    series: float = Field(ge=0, description="active metric series")
    staff_seats: int = Field(ge=1, description="people with a seat at the providers")
    database_hot_gb: float = Field(default=0, ge=0, description="of it, kept in memory")
    replicas: int = Field(default=0, ge=0, description="read replicas at the peak")
    redis_shards: int = Field(default=1, ge=1, description="Redis processes, a core each")
    hosts: float = Field(default=0, ge=0, description="machines that are watched, mean")
    card_charges: float = Field(default=0, ge=0, description="payments by card")
    card_usd: float = Field(default=0, ge=0, description="what they come to")
    card_usd_abroad: float = Field(default=0, ge=0, description="of it, by cards from abroad")
    card_usd_converted: float = Field(default=0, ge=0, description="of it, in another currency")
    disputes: float = Field(default=0, ge=0, description="payments taken back by the bank")
