package web

import (
	"bytes"
	"html/template"
	"sync"
)

// drafts are what pages are written into: each is as large as a page by the time it is used again,
// so that the next page needs no memory but its own.
var drafts = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Made is what the template of that name makes of the data; nothing where it fails on the way.
func Made(t *template.Template, name string, data any) ([]byte, error) {
	draft := drafts.Get().(*bytes.Buffer)
	defer drafts.Put(draft)
	draft.Reset()

	if err := t.ExecuteTemplate(draft, name, data); err != nil {
		return nil, err
	}
	return bytes.Clone(draft.Bytes()), nil
}
