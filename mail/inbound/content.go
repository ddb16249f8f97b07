package inbound

import (
	"errors"
	"io"
)

// Content is what a part of a mail holds, decoded, in pieces: a large file is never copied as a
// whole.
type Content struct {
	pieces [][]byte
	size   int64
}

func (c *Content) add(piece []byte) {
	if len(piece) > 0 {
		c.pieces = append(c.pieces, piece)
		c.size += int64(len(piece))
	}
}

// Size is the number of its bytes.
func (c Content) Size() int64 { return c.size }

// Reader reads it from its beginning.
func (c Content) Reader() io.ReadSeeker { return io.NewSectionReader(c, 0, c.size) }

// ReadAt reads from a place on, as io.ReaderAt does.
func (c Content) ReadAt(p []byte, from int64) (n int, err error) {
	if from < 0 {
		return 0, errors.New("inbound: before the beginning")
	}
	for _, piece := range c.pieces {
		if size := int64(len(piece)); from >= size {
			from -= size
			continue
		}
		n += copy(p[n:], piece[from:])
		if n == len(p) {
			return n, nil
		}
		from = 0
	}
	return n, io.EOF
}
