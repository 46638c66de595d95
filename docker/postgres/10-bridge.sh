#!/bin/bash
# Run once by the image of PostgreSQL when the database is made: the bridge's role, with its password from a secret.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --no-psqlrc -q -U "${POSTGRES_USER:-postgres}" -d "$POSTGRES_DB" -v password="$(cat /run/secrets/journal-password)" <<'SQL'
CREATE ROLE pairing LOGIN PASSWORD :'password';
REVOKE ALL ON DATABASE pairing FROM PUBLIC;
GRANT CONNECT ON DATABASE pairing TO pairing;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO pairing;
SQL
