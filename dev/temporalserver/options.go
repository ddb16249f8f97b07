package temporalserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"go.temporal.io/api/enums/v1"

	"roomcover.dev/roomcover/dev/ports"
)

// The defaults of Options.
const (
	DefaultHost      = "127.0.0.1"
	DefaultNamespace = "roomcover"
	DefaultRetention = 30 * 24 * time.Hour
)

// Options says where the server keeps its data and where it listens.
type Options struct {
	// Dir is the folder of the SQLite file; it is made when it is missing.
	// Only one server at a time can use it.
	Dir string
	// Host is the IP address the frontend and the UI listen on; empty means
	// DefaultHost. The inner services always listen on 127.0.0.1.
	Host string
	// FrontendPort is the gRPC port clients and workers connect to.
	FrontendPort int
	// UIPort is the port of the web UI; 0 means no UI.
	UIPort int
	// Namespace is made at the first start; empty means DefaultNamespace.
	Namespace string
	// Retention is how long closed workflows are kept, counted in real time;
	// 0 means DefaultRetention. It takes effect when the namespace is made.
	Retention time.Duration
	// SearchAttributes are registered with the namespace. Those added later
	// are registered at the next start.
	SearchAttributes map[string]enums.IndexedValueType
	// Log receives what the server logs; nil discards it.
	Log slog.Handler
	// LogLevel is the least level that is logged; the zero value is Info,
	// which is talkative. Warn suits most uses.
	LogLevel slog.Level

	// pragmas and settings override the tuning; only the benchmark uses them.
	pragmas  map[string]string
	settings map[string]any
}

func (o Options) withDefaults() Options {
	if o.Host == "" || o.Host == "localhost" {
		o.Host = DefaultHost
	}
	if o.Namespace == "" {
		o.Namespace = DefaultNamespace
	}
	if o.Retention == 0 {
		o.Retention = DefaultRetention
	}
	if o.Log == nil {
		o.Log = slog.DiscardHandler
	}

	return o
}

// validate is called after withDefaults.
func (o Options) validate() error {
	var problems []error
	if o.Dir == "" {
		problems = append(
			problems, errors.New("the folder for the Temporal server's data is not given"),
		)
	}

	if o.FrontendPort <= 0 {
		problems = append(
			problems,
			errors.New("the port of the Temporal server is not given (option --temporal-port)"),
		)
	}

	if net.ParseIP(o.Host) == nil {
		problems = append(
			problems, fmt.Errorf("the Temporal server's host %q is not an IP address", o.Host),
		)
	}

	return errors.Join(problems...)
}

// Ports are the ports the server will listen on, with the options that set
// them, so that a caller can check them together with its own.
func (o Options) Ports() []ports.Port {
	o = o.withDefaults()
	return []ports.Port{
		{
			Host:    o.Host,
			Number:  o.FrontendPort,
			Option:  "--temporal-port",
			Purpose: "the Temporal server",
		},
		{
			Host:    o.Host,
			Number:  o.UIPort,
			Option:  "--temporal-ui-port",
			Purpose: "the Temporal web UI",
		},
	}
}
