#!/bin/sh
# Runs once, when the primary's data directory is made, in the database POSTGRES_DB.
# Roles: hmb_app owns the schema, hmb_reader may only read, hmb_monitor sees the
# statistics, hmb_replicator streams the log. psql takes the passwords from the
# environment, so that no process list shows them.
set -eu

psql -v ON_ERROR_STOP=1 --no-password --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv database POSTGRES_DB
\getenv app APP_DB_PASSWORD
\getenv reader READER_DB_PASSWORD
\getenv monitor MONITOR_DB_PASSWORD
\getenv replication REPLICATION_DB_PASSWORD
CREATE ROLE hmb_app LOGIN PASSWORD :'app';
CREATE ROLE hmb_reader LOGIN PASSWORD :'reader';
CREATE ROLE hmb_monitor LOGIN PASSWORD :'monitor' CONNECTION LIMIT 10;
CREATE ROLE hmb_replicator LOGIN REPLICATION PASSWORD :'replication';

-- The server itself refuses a reader's writes, on the primary too. The writer's role
-- gets no time limit here: it also migrates and loads data.
ALTER ROLE hmb_reader SET default_transaction_read_only = on;
ALTER ROLE hmb_reader SET statement_timeout = '10s';
GRANT pg_monitor TO hmb_monitor;

ALTER DATABASE :"database" OWNER TO hmb_app;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO hmb_app, hmb_reader, hmb_monitor;
ALTER SCHEMA public OWNER TO hmb_app;
GRANT USAGE ON SCHEMA public TO hmb_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE hmb_app IN SCHEMA public GRANT SELECT ON TABLES TO hmb_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE hmb_app IN SCHEMA public GRANT SELECT ON SEQUENCES TO hmb_reader;

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
SQL
