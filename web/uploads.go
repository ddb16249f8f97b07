package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/rules"
)

// Upload is a file that came with a form.
type Upload struct {
	Name    string // as whoever sends it calls it
	Content []byte // nil where something is wrong with it
	Wrong   FileWrong
}

// FileWrong says why a file is not taken; empty: it is.
type FileWrong string

// What can be wrong with a file of a form.
const (
	FileEmpty     FileWrong = "empty"
	FileKind      FileWrong = "kind"    // it is of no kind that is taken
	FileTooLarge  FileWrong = "file"    // larger than one file may be
	MessageFull   FileWrong = "message" // with it the message would have too much
	TicketFull    FileWrong = "ticket"  // with it the ticket would have too much
	FilesTooOften FileWrong = "often"   // too many were sent within the hour
	FileCutOff    FileWrong = "cut"     // the form was larger than what is read at all
)

const (
	// MaxFormBody is how many octets of a form with files are read: more than a message may
	// have, so that somebody whose files are too large is told which they are.
	MaxFormBody = 64 << 20
	// maxFieldText is how many octets all fields of such a form have together.
	maxFieldText = 256 << 10
)

// ErrBadUpload says that a form with files cannot be read.
var ErrBadUpload = errors.New("the form with files cannot be read")

// HasFiles reports whether a request's form is of the kind that carries files.
func HasFiles(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// ReadUploads reads a form with files: its fields, and its files, each judged by its content and
// against the limits of a message (S43). The body is bounded before, by MaxFormBody: what does
// not fit is a file that is cut off, and the fields in front of it are there; of a body that
// says itself that it is longer, no file is read at all. A file that is refused by its first
// octets is read on without being kept: a browser hears no answer before it has sent its form,
// and the fields behind the file are wanted. Where take is false, no file is kept in memory.
func ReadUploads(r *http.Request, take bool) (url.Values, []Upload, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, nil, ErrBadUpload
	}

	fields := url.Values{}
	var files []Upload
	text, total := 0, 0
	for {
		part, err := parts.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return fields, files, nil
		case cutOff(err):
			return fields, append(files, Upload{Wrong: FileCutOff}), nil
		case err != nil:
			return nil, nil, ErrBadUpload
		}

		if part.FileName() == "" {
			value, err := io.ReadAll(io.LimitReader(part, maxFieldText+1))
			if text += len(value); err != nil || text > maxFieldText {
				return nil, nil, ErrBadUpload
			}
			_, chosen, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
			if _, file := chosen["filename"]; !file { // an empty field of files is none
				fields.Add(part.FormName(), string(value))
			}
			continue
		}
		if r.ContentLength > MaxFormBody {
			tooLong := Upload{Name: attachment.CleanName(part.FileName()), Wrong: FileCutOff}
			return fields, append(files, tooLong), nil
		}

		u, err := readUpload(part, part.FileName(), take && len(files) < attachment.MaxMessageFiles,
			attachment.MaxMessage-total)
		total += len(u.Content)
		files = append(files, u)
		switch {
		case cutOff(err):
			return fields, files, nil
		case err != nil:
			return nil, nil, ErrBadUpload
		}
	}
}

// cutOff reports whether a body was longer than what is read of it.
func cutOff(err error) bool {
	var large *http.MaxBytesError
	return errors.As(err, &large)
}

// readUpload reads a file to its end, and judges it: by its first octets before the rest of it is
// kept. room is how much of the message is left.
func readUpload(file io.Reader, name string, take bool, room int) (Upload, error) {
	u := Upload{Name: attachment.CleanName(name)}
	skip := func(wrong FileWrong) (Upload, error) {
		u.Wrong = wrong
		_, err := io.Copy(io.Discard, file)
		return u, err
	}
	if !take {
		return skip(MessageFull)
	}

	head := make([]byte, attachment.HeadSize)
	n, err := io.ReadFull(file, head)
	head = head[:n]
	switch {
	case cutOff(err):
		u.Wrong = FileCutOff
		return u, err
	case errors.Is(err, io.EOF):
		u.Wrong = FileEmpty
		return u, nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return u, err
	}
	if _, _, refused := attachment.Check(name, head); refused != nil {
		return skip(FileKind)
	}

	var content bytes.Buffer
	content.Write(head)
	most := min(attachment.MaxFile, room)
	_, err = io.Copy(&content, io.LimitReader(file, int64(most+1-n)))
	switch {
	case cutOff(err):
		u.Wrong = FileCutOff
		return u, err
	case err != nil:
		return u, err
	case content.Len() > attachment.MaxFile:
		return skip(FileTooLarge)
	case content.Len() > room:
		return skip(MessageFull)
	}
	u.Content = content.Bytes()
	return u, nil
}

// BlameUpload says of the upload to which a refusal points why it was not taken, and reports
// whether there is one. pointer is how a refusal names a file by its place.
func BlameUpload(uploads []Upload, refused error, pointer func(place int) string) bool {
	code := rules.CodeOf(refused)
	if code != attachment.Refused && code != attachment.TooLarge {
		return false
	}

	var refusal *rules.Error
	errors.As(refused, &refusal)
	for _, f := range refusal.Fields {
		for i := range uploads {
			if f.Pointer != pointer(i) {
				continue
			}
			uploads[i].Wrong = TicketFull
			if code == attachment.Refused {
				uploads[i].Wrong = FileKind
			}
			return true
		}
	}
	return false
}
