package api

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// docsPolicy is the content security policy of the reference: its own script and style,
// no inline ones, and nothing from other hosts.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// staticFile is a file that is made once, when the service starts.
type staticFile struct {
	path, contentType string
	content           []byte
}

// serve answers with the file, compressed for those who take gzip; whoever has it already,
// by its ETag, gets 304. The tag is weak: it names the content and not its bytes.
func (f staticFile) serve(router *gin.Engine) error {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err = w.Write(f.content); err != nil {
		return err
	}
	if err = w.Close(); err != nil {
		return err
	}

	sum := sha256.Sum256(f.content)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`

	router.GET(f.path, func(c *gin.Context) {
		c.Header("Cache-Control", "max-age=300")
		c.Header("Content-Security-Policy", docsPolicy)
		c.Header("Vary", "Accept-Encoding")
		c.Header("ETag", "W/"+tag)
		if etagListed(c.GetHeader("If-None-Match"), tag) {
			c.Status(http.StatusNotModified)
			return
		}

		body := f.content
		if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
			c.Header("Content-Encoding", "gzip")
			body = packed.Bytes()
		}
		c.Data(http.StatusOK, f.contentType, body)
	})

	return nil
}
