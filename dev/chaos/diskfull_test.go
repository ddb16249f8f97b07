//go:build long

package chaos

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDisk_IsFullUntilItIsNot(t *testing.T) {
	disk, err := NewDisk()
	if errors.Is(err, syscall.EPERM) {
		t.Skip("SKIPPED: only root may mount a small disk")
	}
	require.NoError(t, err)
	file := filepath.Join(disk.Dir, "file")
	write := func() error { return os.WriteFile(file, make([]byte, 1<<20), 0o600) }
	require.NoError(t, write())
	require.NoError(t, os.Remove(file))

	ctx, end := context.WithCancel(t.Context())
	filled := make(chan error, 1)
	go func() { filled <- disk.Fill(ctx) }()
	require.Eventually(t, func() bool { return errors.Is(write(), syscall.ENOSPC) }, time.Minute, 10*time.Millisecond)
	end()
	require.NoError(t, <-filled)
	require.NoError(t, write())
	require.NoError(t, disk.Close())
	require.NoDirExists(t, disk.Dir)
}
