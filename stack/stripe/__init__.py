"""A stateful Stripe on this machine: subscriptions end to end, without an account.

It answers the real SDK (16.1) at the shapes of API version 2026-10-28:

    StripeClient("sk_test_local", base_addresses={"api": "http://127.0.0.1:12111"})

Run it with ONE worker (say so: WEB_CONCURRENCY would else decide); its state is that
process's memory:

    gunicorn --worker-class asgi --workers 1 --no-control-socket --bind 127.0.0.1:12111 \\
        stack.stripe.server:app

Environment
    STRIPE_SECRET_KEY               the one key it takes; empty: any `sk_test_...`
    STRIPE_WEBHOOK_URL, _SECRET     an endpoint that gets every event (both, or none)
    STRIPE_PUBLIC_URL               the address browsers reach it at, for links to its pages;
                                    empty: the one the API was called at
    STRIPE_STATE_FILE               where the state is kept over restarts; empty: nowhere
    STRIPE_WEBHOOK_ATTEMPTS         deliveries tried before giving up (8)
    STRIPE_WEBHOOK_BACKOFF_SECONDS  wait after the first failure, doubling (1)
    STRIPE_WEBHOOK_TIMEOUT_SECONDS  for one delivery (5)

Webhooks go over http to loopback or to a bare service name, never elsewhere. They are
signed with the real time, also when the event happened on a test clock.

Pages for people: `/pay/{checkout session}` (test cards are listed there) and
`/portal/{portal session}` (cancel, resume, switch plan, change the card, pay an invoice).

Control routes (bodies are JSON, sent as application/json)
    GET  /_local/health       the time it lives in, what it holds
    POST /_local/advance      {"seconds"}: everyone's time moves on; renewals happen
    POST /_local/reset        {}: forget everything
    POST /_local/behaviour    {"delay_s", "status", "count"}: slow or failing API; {} heals
    POST /_local/hold         {"held": true|false}: keep webhooks back, let them go
    GET  /_local/deliveries   ?event= &type= &state=: what became of each event
    POST /_local/deliver      {"events", "repeat", "order", "forge", "endpoint"}: send again;
                              order given|reversed|shuffled,
                              forge secret|tampered|stale|unsigned

Time is real (plus what was advanced) unless the customer hangs on a test clock. A renewal's
invoice is a draft for an hour before it is charged, a refused charge is tried again after
3, 5 and 7 days, then the subscription is cancelled; a first payment that never comes ends it
after 23 hours. Money is integer cents; proration is by the second, credits refer to what was
really billed (billing mode `flexible`).

Not here, and refused rather than ignored: taxes, tiers, metered prices, invoices sent by
mail, checkout modes other than `subscription`, Connect, 3-D Secure, search, API version 2.

`fixtures/` holds the resting shape of every object, with the fields of Stripe's published
examples (repository stripe/openapi, MIT licence) that the SDK knows.
"""
