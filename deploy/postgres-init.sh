#!/bin/sh
# Runs once, when the data directory is new: one database with three roles for the service
# (see postgres-roles.sql), one role and two databases for Temporal. None of them is a
# superuser, because row-level security does not hold for superusers.
set -eu

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
	-v roomcover_password="$ROOMCOVER_DB_PASSWORD" -v temporal_password="$TEMPORAL_DB_PASSWORD" <<'SQL'
CREATE ROLE roomcover LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'roomcover_password';
CREATE DATABASE roomcover OWNER roomcover;
REVOKE ALL ON DATABASE roomcover FROM PUBLIC;

CREATE ROLE temporal LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'temporal_password';
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE ALL ON DATABASE temporal, temporal_visibility FROM PUBLIC;
SQL

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname roomcover \
	--file "${ROOMCOVER_ROLES:-/roomcover/postgres-roles.sql}"

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
	-v service_password="$ROOMCOVER_SERVICE_DB_PASSWORD" <<'SQL'
ALTER ROLE roomcover_service PASSWORD :'service_password';
SQL
