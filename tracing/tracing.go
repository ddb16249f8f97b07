package tracing

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const scope = "roomcover.dev/roomcover"

// Span begins a span of what is done; end it with End.
func Span(
	ctx context.Context, kind trace.SpanKind, name string, about ...attribute.KeyValue,
) (context.Context, trace.Span) {
	return otel.Tracer(scope).Start(ctx, name,
		trace.WithSpanKind(kind), trace.WithAttributes(about...))
}

// End ends a span. Of what failed it says that alone: the text stands in the log, with the trace's
// id.
func End(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// ID is the id of the trace that the context belongs to; empty for none.
func ID(ctx context.Context) string {
	if of := trace.SpanContextFromContext(ctx); of.IsValid() {
		return of.TraceID().String()
	}
	return ""
}

// parent is the key of W3C Trace Context, by which a trace goes on in another process.
const parent = "traceparent"

// Put adds to a row's payload which trace it belongs to, so that whoever takes the row goes on with
// it. Without a trace nothing is added.
func Put(ctx context.Context, payload map[string]string) {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	if p := carrier[parent]; p != "" {
		payload[parent] = p
	}
}

// Follow goes on with the trace that a row's payload names, if it names one.
func Follow(ctx context.Context, payload map[string]string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{parent: payload[parent]})
}
