// Package deploy holds what a deployment needs beside the image: the script
// that makes the database's roles. Its tests hold docker-compose.yml, the
// Dockerfile and docs/operations.md against the settings of package config.
package deploy
