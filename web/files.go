package web

import (
	"io"
	"net/http"
	"strconv"

	"roomcover.dev/roomcover/attachment"
)

// File is a file of somebody's, which may hold anything.
type File struct {
	Name      string // as it is shown
	MediaType string // by content, of those that are taken
	Size      int64
	Content   io.Reader
}

// sandboxed are the headers of what somebody sent (S43): a browser keeps it, and does not open
// it, whatever is in it. Only whoever asked for it keeps it in a cache.
func sandboxed(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, max-age=300")
}

// ServeFile hands a file out as a download, piece by piece. Who may have it was decided before.
// An error says that it was cut off: the answer has begun by then.
func ServeFile(w http.ResponseWriter, f File) error {
	h := w.Header()
	sandboxed(h)
	h.Set("Content-Type", f.MediaType)
	h.Set("Content-Disposition", attachment.Disposition(f.Name))
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	w.WriteHeader(http.StatusOK)
	_, err := io.Copy(w, f.Content)
	return err
}

// ServeThumbnail shows a small picture that the service has drawn itself: the one thing that
// comes from somebody's file and that a page may show.
func ServeThumbnail(w http.ResponseWriter, mediaType string, content []byte) error {
	h := w.Header()
	sandboxed(h)
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", "inline")
	h.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(content)
	return err
}
