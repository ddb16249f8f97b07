package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const aboutDisks = "disks"

// The file of the audit's heads grows by kilobytes a day: what is left has to last for more than
// a night, whatever else fills the disk.
const (
	littleRoom = 1 << 30
	noRoom     = 100 << 20
)

// disks looks at where something is kept: the database, with the files that people attach, and
// the file of the audit's heads.
func (r *report) disks(ctx context.Context, o Options, readable bool) {
	if readable {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := o.DB.Ready(ctx); err != nil {
			r.fail(aboutDisks, "The database takes nothing that is written ("+said(err)+
				"): its disk is full, or it is a standby.",
				"Make room on PostgreSQL's disk, or name the primary in ROOMCOVER_DATABASE_URL.")
		}
	}

	heads := o.Config.AuditHeads
	if heads == "" {
		return
	}
	folder := filepath.Dir(heads)
	if file, err := os.OpenFile(heads, os.O_WRONLY|os.O_APPEND, 0); err == nil {
		file.Close()
	} else if _, gone := os.Stat(folder); gone != nil || !os.IsNotExist(err) {
		r.fail(aboutDisks, "The file that ROOMCOVER_AUDIT_HEADS_FILE names cannot be written here.",
			"Look here as the worker runs that has the setting; then at who may write the file.")
		return
	}

	free := o.Free
	if free == nil {
		free = freeOn
	}
	left, err := free(folder)
	what := fmt.Sprintf("%d MiB are left where ROOMCOVER_AUDIT_HEADS_FILE is.", left>>20)
	const remedy = "Make room on that disk."
	switch {
	case err != nil:
		r.warn(aboutDisks, "Nobody says how much is left where ROOMCOVER_AUDIT_HEADS_FILE is.",
			remedy)
	case left < noRoom:
		r.fail(aboutDisks, what, remedy)
	case left < littleRoom:
		r.warn(aboutDisks, what, remedy)
	}
}

// freeOn is how many bytes a process that is not root may still write.
func freeOn(folder string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
