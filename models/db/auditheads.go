package db

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// AuditHeads is what a file of heads says: how far each chain had come at some instants,
// and the hash that it ended with. The file is kept where the database's role cannot
// write, and shows what was cut off, made anew or emptied since.
//
// It consists of blocks that are only ever added. A block lists the chains that moved on
// since the blocks before, and ends with its signature:
//
//	heads 1 2026-11-29T03:00:00Z KEY PREVIOUS
//	acc_01kb… 12 HASH
//	end 1 SIGNATURE
//
// PREVIOUS is the signature of an earlier block (none: "-"): one that is taken out is
// missed.
type AuditHeads struct {
	Blocks int
	Last   time.Time // of the last block; real time

	found     map[auditMark]string
	ends      map[string]int64
	signature string
}

// auditMark is a place in a chain.
type auditMark struct {
	chain string
	seq   int64
}

// headsPause is how long (real time) a file of heads waits for its next block.
const headsPause = 24 * time.Hour

// The words of a file of heads.
const (
	headsBegin = "heads"
	headsEnd   = "end"
	headsForm  = "1"
	headsNone  = "-"
)

// ErrHeads says that a file of heads is not what was written.
var ErrHeads = errors.New("models: the file of audit heads was changed")

// marks returns a copy of what the file says.
func (h *AuditHeads) marks() map[auditMark]string {
	out := map[auditMark]string{}
	if h == nil {
		return out
	}
	for mark, hash := range h.found {
		out[mark] = hash
	}
	return out
}

// compareFile finds what the file says and the audit no longer has.
func (w *auditWalk) compareFile() {
	lost := map[string]int64{}
	for mark := range w.told {
		if first, known := lost[mark.chain]; !known || mark.seq < first {
			lost[mark.chain] = mark.seq
		}
	}

	for _, chain := range KeysOf(lost) {
		text := "the file of heads has this event, the audit has another one"
		if w.ends[chain] < lost[chain] {
			text = "the file of heads has this event, the chain ends before it"
		}
		w.fault(AuditEvent{ChainID: chain, Seq: lost[chain]}, text)
	}
}

// ReadAuditHeads reads a file of heads and checks its signatures, with the present key or
// one of those before. A block without its end, of a process that died, is passed over.
// A file that was changed answers ErrHeads.
func (d *DB) ReadAuditHeads(path string) (*AuditHeads, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}

	heads := newAuditHeads()
	signatures := map[string]bool{headsNone: true}
	var block *headsBlock

	lines := bufio.NewScanner(bytes.NewReader(content))
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		var wrong string
		switch {
		case len(fields) == 0:
			continue
		case len(fields) == 5 && fields[0] == headsBegin:
			block, wrong = d.beginBlock(fields, signatures)
		case block == nil: // of a process that died before it had begun a block
			block = &headsBlock{mistaken: true}
		case len(fields) == 3 && fields[0] == headsEnd:
			wrong = block.finish(fields, heads)
			signatures[fields[2]] = true
			block = nil
		default:
			block.add(fields)
		}
		if wrong != "" {
			return nil, fmt.Errorf("%w: line %d: %s", ErrHeads, n, wrong)
		}
		if block != nil {
			block.text.WriteString(lines.Text() + "\n")
		}
	}

	if heads.Blocks == 0 && len(content) > 0 {
		return nil, fmt.Errorf("%w: it holds no heads", ErrHeads)
	}
	return heads, lines.Err()
}

func newAuditHeads() *AuditHeads {
	return &AuditHeads{
		found:     map[auditMark]string{},
		ends:      map[string]int64{},
		signature: headsNone,
	}
}

// headsBlock is a block that is being read. One that cannot be read has no end, or is not
// the one that was signed.
type headsBlock struct {
	key      auditKey
	at       time.Time
	text     bytes.Buffer
	marks    []auditMark
	hash     []string
	mistaken bool
}

func (d *DB) beginBlock(
	fields []string, signatures map[string]bool,
) (block *headsBlock, wrong string) {
	at, err := time.Parse(time.RFC3339, fields[2])
	key, known := d.audit.known[fields[3]]
	switch {
	case fields[1] != headsForm || err != nil:
		return nil, "the block's beginning cannot be read"
	case !known || key.bytes == nil:
		return nil, "the block names a key that is not known here; see ROOMCOVER_KEYS_BEFORE"
	case !signatures[fields[4]]:
		return nil, "a block before this one is missing"
	}

	return &headsBlock{key: key, at: at}, ""
}

func (b *headsBlock) add(fields []string) {
	var seq int64
	var err error
	if len(fields) == 3 {
		seq, err = strconv.ParseInt(fields[1], 10, 64)
	}
	if len(fields) != 3 || err != nil {
		b.mistaken = true
		return
	}

	b.marks = append(b.marks, auditMark{fields[0], seq})
	b.hash = append(b.hash, fields[2])
}

// finish checks the block's signature and takes its heads over.
func (b *headsBlock) finish(fields []string, heads *AuditHeads) (wrong string) {
	if b.mistaken || fields[1] != strconv.Itoa(len(b.marks)) ||
		!hmac.Equal([]byte(fields[2]), []byte(b.key.sign(b.text.String()))) {
		return "the block is not the one that was signed"
	}

	for i, mark := range b.marks {
		heads.found[mark] = b.hash[i]
		heads.ends[mark.chain] = max(heads.ends[mark.chain], mark.seq)
	}

	heads.Blocks++
	heads.Last = b.at
	heads.signature = fields[2]
	return ""
}

// WriteAuditHeads adds a block to a file of heads, or begins one. It returns how many
// chains had moved on since the block before; where none has, the block is empty and
// says so. A file that was changed answers ErrHeads and stays as it is.
func (d *DB) WriteAuditHeads(ctx context.Context, path string) (int, error) {
	heads, err := d.ReadAuditHeads(path)
	if errors.Is(err, fs.ErrNotExist) {
		heads, err = newAuditHeads(), nil
	}
	if err != nil {
		return 0, err
	}

	var block bytes.Buffer
	key := d.audit.present
	fmt.Fprintln(&block, headsBegin, headsForm, RealNow().Format(time.RFC3339), key.id,
		heads.signature)

	moved, err := d.auditEnds(ctx, heads.ends)
	if err != nil {
		return 0, err
	}
	for _, e := range moved {
		fmt.Fprintln(&block, e.ChainID, e.Seq, e.Hash)
	}

	signature := key.sign(block.String())
	fmt.Fprintln(&block, headsEnd, len(moved), signature)
	return len(moved), appendDurably(path, block.Bytes())
}

// auditEnds returns the last event of each chain that does not end where it is known to.
func (d *DB) auditEnds(ctx context.Context, known map[string]int64) ([]AuditEvent, error) {
	var moved []AuditEvent
	err := d.ReadSnapshot(ctx, func(tx *Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}

		var ends []AuditEvent
		err := tx.Raw(`
			SELECT e.chain_id, e.seq, e.hash
			FROM audit_heads h
			JOIN audit_events e ON e.chain_id = h.chain_id AND e.seq = h.seq
			ORDER BY e.chain_id`).Scan(&ends).Error

		moved = nil
		for _, e := range ends {
			if known[e.ChainID] != e.Seq {
				moved = append(moved, e)
			}
		}
		return err
	})

	return moved, err
}

// appendDurably adds lines to a file in one write, which is on the disk when it returns.
// Behind a line that a process could not finish it begins a new one.
func appendDurably(path string, lines []byte) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}

	last := []byte{'\n'}
	if info, err := file.Stat(); err == nil && info.Size() > 0 {
		_, _ = file.ReadAt(last, info.Size()-1)
	}
	if last[0] != '\n' {
		lines = append([]byte{'\n'}, lines...)
	}

	_, err = file.Write(lines)
	return errors.Join(err, file.Sync(), file.Close())
}

// AuditHeadsDue reports whether the last block of a file of heads is a day old, or there
// is none.
func (d *DB) AuditHeadsDue(path string) (bool, error) {
	heads, err := d.ReadAuditHeads(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return err == nil && RealNow().Sub(heads.Last) >= headsPause, err
}
