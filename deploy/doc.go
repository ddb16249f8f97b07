// Package deploy holds what a deployment needs beside the image: what makes the database's
// roles. Its tests hold docker-compose.yml, the Dockerfile and docs/operations.md against
// the settings of package config.
package deploy

import _ "embed"

// PostgresRoles makes the roles in one database, as its superuser.
//
//go:embed postgres-roles.sql
var PostgresRoles string
