-- Makes the journal's database and the role that the bridges log in with. Run once, as a superuser, with psql:
--
--   psql -v ON_ERROR_STOP=1 -v password_file=the-password-file -f grants.sql
--
-- -v role=... and -v database=... give other names; -v password=... instead of the file can be read by everyone who may list this
-- machine's processes. Running it again changes the password and nothing else.
--
-- The role owns one schema, "pairing", and nothing else: bridges bring its tables up to date themselves when they start. It cannot
-- make databases, roles or extensions, read other schemas, or switch the log off.
--
-- Whoever wants to keep schema changes from the running bridges gives -v rows_role=bridge_rows -v rows_password_file=another-file: a role that may
-- read and change rows and nothing else, for pairing.journal.username. The first bridge, and a new version, is then started once as the owner.
\if :{?role} \else \set role pairing_bridge \endif
\if :{?database} \else \set database pairing \endif
\if :{?password} \else \set password `cat :'password_file'` \endif
\if :{?rows_role} \set rows_password `cat :'rows_password_file'` \else \set rows_password - \endif
-- A file that cannot be read is an empty password to psql, and an empty password takes the role's away: no bridge could log in any more.
SELECT '' IN (:'password', :'rows_password') AS no_password \gset
\if :no_password
DO $$ BEGIN RAISE EXCEPTION 'a password is empty, nothing was changed: give -v password_file=<file>, and with rows_role -v rows_password_file=<file>, that can be read and holds one'; END $$;
\quit
\endif

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" PASSWORD :'password';
-- Each bridge holds one connection for writing and up to four for reading, and two more while it starts.
ALTER ROLE :"role" CONNECTION LIMIT 90;

SELECT format('CREATE DATABASE %I ENCODING ''UTF8'' TEMPLATE template0', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"role";
ALTER ROLE :"role" IN DATABASE :"database" SET search_path = pairing;
-- The bridge refuses to start with less; here, so that a server that is set otherwise for others does not matter.
ALTER ROLE :"role" IN DATABASE :"database" SET synchronous_commit = on;

\connect :"database"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SELECT format('CREATE SCHEMA pairing AUTHORIZATION %I', :'role')
WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'pairing') \gexec

\if :{?rows_role}
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', :'rows_role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'rows_role') \gexec
ALTER ROLE :"rows_role" PASSWORD :'rows_password';
ALTER ROLE :"rows_role" CONNECTION LIMIT 90;
ALTER ROLE :"rows_role" IN DATABASE :"database" SET search_path = pairing;
ALTER ROLE :"rows_role" IN DATABASE :"database" SET synchronous_commit = on;
GRANT CONNECT ON DATABASE :"database" TO :"rows_role";
GRANT USAGE ON SCHEMA pairing TO :"rows_role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pairing TO :"rows_role";
ALTER DEFAULT PRIVILEGES FOR ROLE :"role" IN SCHEMA pairing GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"rows_role";
\endif
