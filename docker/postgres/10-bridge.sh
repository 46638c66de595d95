#!/bin/bash
# Run once by the image of PostgreSQL when the database is made: grants.sql, with the password from a secret. It goes in on
# standard input, for arguments are shown to every process.
# Before it, logins without TLS are taken off the list of who may connect.
set -euo pipefail
sed -i -E 's/^host[[:space:]]/hostssl /' "$PGDATA/pg_hba.conf"
psql -v ON_ERROR_STOP=1 --no-psqlrc -q -U "${POSTGRES_USER:-postgres}" -d postgres <<'PSQL'
\set password `cat /run/secrets/journal-password`
\i /pairing/grants.sql
PSQL
