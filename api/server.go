package api

import (
	"net/http"
	"time"
)

// Server makes the HTTP server for a handler, with every limit set: headers
// within 5 s and 16 KiB, a request within 60 s (an import of 32 MiB over a slow
// line), an answer within 90 s, idle connections for 2 minutes.
func Server(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       60 * time.Second,
		WriteTimeout:      90 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}
