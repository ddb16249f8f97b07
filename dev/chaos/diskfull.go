package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// diskSize is the room on the disk of PostgreSQL where it is to become full: a seed writes about a
// third of it.
const diskSize = 384 << 20

// walSize bounds what PostgreSQL keeps of its log there.
const walSize = "64MB"

// diskPrefix begins the name of a folder with such a disk; the id of the process that made it
// follows.
const diskPrefix = "roomcover-disk-"

// Disk is a small file system in memory, which can be filled.
type Disk struct{ Dir string }

// NewDisk mounts one, which only root may: syscall.EPERM says that this machine does not let us.
func NewDisk() (*Disk, error) {
	removeDisks()
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", diskPrefix, os.Getpid()))
	if err != nil {
		return nil, err
	}

	options := fmt.Sprintf("size=%d,mode=0711", diskSize)
	if err := syscall.Mount("roomcover", dir, "tmpfs", 0, options); err != nil {
		return nil, errors.Join(fmt.Errorf("mount a small disk: %w", err), os.Remove(dir))
	}
	return &Disk{Dir: dir}, nil
}

// Close gives the disk back.
func (d *Disk) Close() error {
	return errors.Join(syscall.Unmount(d.Dir, syscall.MNT_DETACH), os.Remove(d.Dir))
}

// removeDisks gives back the disks of processes that were killed before they could.
func removeDisks() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), diskPrefix+"*-*"))
	for _, dir := range dirs {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), diskPrefix), "-")
		pid, err := strconv.Atoi(owner)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = (&Disk{Dir: dir}).Close()
		}
	}
}

// Fill takes all the room that is left and that becomes free, until the context ends; then it
// gives it back.
func (d *Disk) Fill(ctx context.Context) error {
	ballast, err := os.Create(filepath.Join(d.Dir, "ballast"))
	if err != nil {
		return err
	}
	defer os.Remove(ballast.Name())
	defer ballast.Close()

	for piece := make([]byte, 64<<10); ctx.Err() == nil; {
		_, err := ballast.Write(piece)
		if errors.Is(err, syscall.ENOSPC) {
			pause(ctx, 10*time.Millisecond)
			continue
		}
		if err != nil {
			return err
		}
	}

	return nil
}

// fillDisk has PostgreSQL's disk be full for a while. PostgreSQL refuses what needs room, and ends
// where it has none for its log; then it is started again when there is room, as an operator would.
func (p *Plan) fillDisk(ctx context.Context, kind Kind, lasts time.Duration) {
	p.killed(kind)
	full, cancel := context.WithTimeout(ctx, lasts)
	defer cancel()
	if err := p.Stack.Disk.Fill(full); err != nil {
		p.failed(err)
		return
	}

	answering, stop := context.WithTimeout(context.Background(), 5*time.Second)
	defer stop()
	if p.Stack.Domains.DB.Ping(answering) == nil {
		return
	}
	p.Log("PostgreSQL has ended, as its disk was full")
	p.Stack.Postgres.Kill()
	if err := p.Stack.Postgres.Start(true); err != nil {
		p.failed(fmt.Errorf("PostgreSQL did not start again on a disk that was full: %w", err))
	}
}
