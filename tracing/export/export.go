// Package export sends a process's traces away, by OTLP over HTTP. It is apart from tracing so that
// what only makes spans does not bring the exporter along.
package export

import (
	"context"
	"fmt"
	"os"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The settings of OpenTelemetry that name where traces are sent. The SDK reads its other ones by
// itself, such as OTEL_TRACES_SAMPLER and OTEL_EXPORTER_OTLP_HEADERS.
const (
	endpointSetting       = "OTEL_EXPORTER_OTLP_ENDPOINT"
	tracesEndpointSetting = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
)

// On reports whether the environment says where traces are sent.
func On() bool { return os.Getenv(endpointSetting) != "" || os.Getenv(tracesEndpointSetting) != "" }

// Start has this process send its traces where the environment says so. What it returns sends what
// is left, and has to be called before the process ends.
func Start(ctx context.Context, process, version string) (func(context.Context) error, error) {
	if !On() {
		return func(context.Context) error { return nil }, nil
	}

	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("send traces: %w", err)
	}
	of, err := resource.New(ctx,
		resource.WithAttributes(
			attribute.String("service.name", "roomcover-"+process),
			attribute.String("service.version", version),
		),
		resource.WithFromEnv(), // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
	)
	if err != nil {
		return nil, fmt.Errorf("name this process in traces: %w", err)
	}
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(of))
	otel.SetTracerProvider(p)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	return p.Shutdown, nil
}
