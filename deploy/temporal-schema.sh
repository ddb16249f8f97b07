#!/bin/sh
# Brings the schema of Temporal's two databases up to date; deploy/postgres-init.sh made
# them. It runs before each start of the server, ends, and changes nothing the second
# time. The tool reads SQL_HOST, SQL_USER and SQL_PASSWORD from the environment.
set -eu

for database in temporal temporal_visibility; do
	schema=${database#temporal_}
	temporal-sql-tool --database "$database" setup-schema --version 0.0
	temporal-sql-tool --database "$database" update-schema \
		--schema-name "postgresql/v12/$schema"
done
