package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

func TestDemoNeedsADevelopmentProcess(t *testing.T) {
	s := service(t, storetest.SQLite(t))
	data := t.TempDir()
	require.Equal(t, exitUsage, s.run("demo", "--data", data))
	require.Contains(t, s.err.String(), "start make dev")
	require.NoError(t, os.WriteFile(filepath.Join(data, "access.json"),
		[]byte(`{"tokens":[{"name":"reseller","secret":"a"}]}`), 0o600))
	require.Equal(t, exitUsage, s.run("demo", "--data", data))
	require.Contains(t, s.err.String(), "lacks the token")
	require.NoError(t, os.WriteFile(filepath.Join(data, "access.json"),
		[]byte(`{"tokens":[{"name":"reseller","secret":"a"},{"name":"operator","secret":"b"}]}`), 0o600))
	require.Equal(t, exitUsage, s.run("demo", "--data", data))
	require.Contains(t, s.err.String(), "the carrier's key")
}

// What differs ends with code 4, and names the chapter and the fields.
func TestDemoEndsWithCode4WhenSomethingDiffers(t *testing.T) {
	s := service(t, storetest.SQLite(t))
	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, "access.json"),
		[]byte(`{"tokens":[{"name":"reseller","secret":"a"},{"name":"operator","secret":"b"}]}`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(data, "carrier.key"), []byte("00"), 0o600))
	require.Equal(t, exitFound, s.run("demo", "--data", data, "--url", os.Getenv("ROOMCOVER_URL")))
	require.Contains(t, s.out.String(), "1 of 11")
	require.Contains(t, s.err.String(), `chapter 1, "A reseller orders fifty licenses": The token is missing`)
}
