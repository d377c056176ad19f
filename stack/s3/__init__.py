"""An S3 store on this machine: people can upload without an account anywhere.

It is moto's, in one process and with its bucket made, and before it a doorkeeper
that refuses what a real store refuses and moto does not: see `doorkeeper`. What it
holds is gone when it ends.

    S3_ACCESS_KEY_ID=local S3_SECRET_ACCESS_KEY=... S3_BUCKET=hiremebahamas \\
        gunicorn --worker-class gthread --workers 1 --threads 4 --no-control-socket \\
        --bind 127.0.0.1:12112 stack.s3.server:app

`GET /_local/health` says that it serves.
"""
