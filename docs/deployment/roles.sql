-- Three roles, none of which may do more than it must. An administrator runs this once, connected to the database:
--   psql -v migrator_password=... -v app_password=... -f docs/deployment/roles.sql URL
-- psql 15 and later also take the passwords from MIGRATOR_PASSWORD and APP_PASSWORD of the environment, which other
-- users of the machine cannot read in its list of processes.
-- Tables that are there already: REASSIGN OWNED BY their_owner TO whisper_owner
\set ON_ERROR_STOP on
\if :{?migrator_password}
\else
\getenv migrator_password MIGRATOR_PASSWORD
\endif
\if :{?app_password}
\else
\getenv app_password APP_PASSWORD
\endif
SELECT current_database() AS database \gset
BEGIN;

-- It owns the schema; nobody logs in as it.
CREATE ROLE whisper_owner NOLOGIN;
ALTER DATABASE :"database" OWNER TO whisper_owner;

-- It runs revisions, as the owner: what it makes is the owner's, whoever makes it.
CREATE ROLE whisper_migrator LOGIN NOINHERIT PASSWORD :'migrator_password';
GRANT whisper_owner TO whisper_migrator;
ALTER ROLE whisper_migrator IN DATABASE :"database" SET role = whisper_owner;

-- It reads and writes rows, also those of tables to come.
CREATE ROLE whisper_app LOGIN PASSWORD :'app_password';
ALTER DEFAULT PRIVILEGES FOR ROLE whisper_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO whisper_app;
ALTER DEFAULT PRIVILEGES FOR ROLE whisper_owner IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO whisper_app;

-- Nobody else comes in.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO whisper_migrator, whisper_app;
COMMIT;
