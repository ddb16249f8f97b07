package inbound

import (
	"bufio"
	"bytes"
	"io"
)

// splitter reads a body line by line and ends each part at the boundary of any multipart that
// it is in. enmime does this too, but where many multiparts are nested and none is closed its
// time doubles with each: so it is given one part at a time.
type splitter struct {
	in         *bufio.Reader
	boundaries []string // of the multiparts that the reader is in, the outermost first

	at     int  // which boundary ended the last part
	ended  bool // a boundary was met, and nobody has dealt with it
	closes bool // it closes its multipart
	eof    bool
	err    error // of the reader, other than its end

	within bool // the middle of a line that is longer than the buffer
}

func newSplitter(body io.Reader) *splitter {
	return &splitter{in: bufio.NewReaderSize(body, 64<<10)}
}

// line returns the next line, or as much of it as the buffer holds, until the next call; nil at
// a boundary and at the end.
func (s *splitter) line() []byte {
	if s.ended || s.eof {
		return nil
	}
	line, err := s.in.ReadSlice('\n')
	begins := !s.within
	s.within = err == bufio.ErrBufferFull
	switch {
	case err != nil && err != io.EOF && err != bufio.ErrBufferFull:
		s.err, s.eof = err, true
		return nil
	case len(line) == 0:
		s.eof = true
		return nil
	}
	if begins && s.boundary(line) {
		return nil
	}
	return line
}

// boundary reports whether a line ends a part, and notes which multipart it belongs to.
func (s *splitter) boundary(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("--")) {
		return false
	}
	text := string(bytes.TrimRight(line[2:], " \t\r\n"))
	for i := len(s.boundaries) - 1; i >= 0; i-- {
		if text == s.boundaries[i] || text == s.boundaries[i]+"--" {
			s.at, s.closes, s.ended = i, text != s.boundaries[i], true
			return true
		}
	}
	return false
}

// skip reads up to the next boundary, or to the end.
func (s *splitter) skip() {
	for s.line() != nil {
	}
}

// part reads one part. The line end in front of a boundary belongs to the boundary.
type part struct {
	from    *splitter
	buffer  []byte
	pending []byte // what of the buffer is still to be read
	lineEnd []byte
}

func (p *part) Read(into []byte) (int, error) {
	for len(p.pending) == 0 {
		line := p.from.line()
		if line == nil {
			if p.from.err != nil {
				return 0, p.from.err
			}
			return 0, io.EOF
		}
		content := bytes.TrimRight(line, "\r\n")
		p.buffer = append(append(p.buffer[:0], p.lineEnd...), content...)
		p.pending = p.buffer
		p.lineEnd = append(p.lineEnd[:0], line[len(content):]...)
	}
	n := copy(into, p.pending)
	p.pending = p.pending[n:]
	return n, nil
}
