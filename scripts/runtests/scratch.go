package main

import (
	"errors"
	"os"
	"syscall"
)

// inMemory is a file system in memory: each test makes databases of its own, and would wait for
// the disk at each of their transactions.
const inMemory = "/dev/shm"

// scratch is where the files of the tests lie: in memory where there is room for all of them.
func scratch() string {
	const plenty = 4 << 30
	var fs syscall.Statfs_t
	if syscall.Statfs(inMemory, &fs) != nil || fs.Bavail*uint64(fs.Bsize) < plenty {
		return os.TempDir()
	}
	return inMemory
}

// keepFilesIn has tests make their files in a folder, where PostgreSQL finds its own as a user of
// its own; what the go command builds for them is large and stays where it is.
func keepFilesIn(dir string) error {
	builds := os.Getenv("GOTMPDIR")
	if builds == "" {
		builds = os.TempDir()
	}
	return errors.Join(
		os.Chmod(dir, 0o711),
		os.Setenv("GOTMPDIR", builds),
		os.Setenv("TMPDIR", dir),
	)
}
