package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// docsPolicy is the content security policy of the reference: its own script and style,
// no inline ones, and nothing from other hosts.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// staticFile is a file that is made once, when somebody first asks for it: few processes
// ever are asked, and to make the files takes longer than all else of a start.
type staticFile struct {
	path, contentType string
	make              func() ([]byte, error)
}

// madeFile is a file as it is sent, with its bytes for those who take gzip.
type madeFile struct {
	content, packed []byte
	tag             string
}

// serve answers with the file, compressed for those who take gzip; whoever has it already,
// by its ETag, gets 304. The tag is weak: it names the content and not its bytes.
func (f staticFile) serve(router *gin.Engine) {
	made := sync.OnceValues(f.pack)

	router.GET(f.path, func(c *gin.Context) {
		file, err := made()
		if err != nil {
			writeProblem(c, problemFor(c.Request.Context(), err))
			return
		}

		c.Header("Cache-Control", "max-age=300")
		c.Header("Content-Security-Policy", docsPolicy)
		c.Header("Vary", "Accept-Encoding")
		c.Header("ETag", "W/"+file.tag)
		if etagListed(c.GetHeader("If-None-Match"), file.tag) {
			c.Status(http.StatusNotModified)
			return
		}

		body := file.content
		if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
			c.Header("Content-Encoding", "gzip")
			body = file.packed
		}
		c.Data(http.StatusOK, f.contentType, body)
	})
}

// pack makes the file, compresses it and names its content.
func (f staticFile) pack() (madeFile, error) {
	content, err := f.make()
	if err != nil {
		return madeFile{}, fmt.Errorf("%s: %w", f.path, err)
	}

	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return madeFile{}, err
	}
	if _, err = w.Write(content); err != nil {
		return madeFile{}, err
	}
	if err = w.Close(); err != nil {
		return madeFile{}, err
	}

	sum := sha256.Sum256(content)
	return madeFile{content, packed.Bytes(), `"` + hex.EncodeToString(sum[:8]) + `"`}, nil
}

// embedded is a file as it stands in the program.
func embedded(content []byte) func() ([]byte, error) {
	return func() ([]byte, error) { return content, nil }
}
