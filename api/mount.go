package api

import (
	"context"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/rules"
)

// mount registers the handler of a route that takes no body.
func mount[In, Out any](api huma.API, r route, handle func(context.Context, *In) (*Out, error)) {
	description, err := r.describe()
	if err != nil {
		panic(err) // the file is built in
	}

	cursors := cursorsOf(reflect.TypeFor[In]())
	if len(cursors) > 0 {
		r.Errors = append(slices.Clone(r.Errors), http.StatusBadRequest)
	}

	op := huma.Operation{
		OperationID:   r.ID,
		Method:        r.Method,
		Path:          r.Path,
		Summary:       r.Summary,
		Description:   description,
		Tags:          []string{r.Tag},
		DefaultStatus: r.Status,
		Errors:        r.statuses(),
		Metadata:      map[string]any{"route": r, cursorsKey: cursors},
	}

	if !r.Public {
		op.Security = []map[string][]string{{"token": {r.Scope}}}
	}
	if r.Signed {
		op.Security = append(op.Security, map[string][]string{"signature": {}})
	}
	if r.Idempotent {
		op.Parameters = append(op.Parameters, idempotencyParameter())
	}

	huma.Register(api, op, func(ctx context.Context, in *In) (*Out, error) {
		out, err := handle(ctx, in)
		return out, sayWhenToGoOn(err)
	})

	if r.Body != nil {
		documentBody(api, r)
	}
}

// sayWhenToGoOn adds Retry-After to a refusal that says how long to wait.
func sayWhenToGoOn(err error) error {
	wait := rules.RetryAfterOf(err)
	if wait <= 0 {
		return err
	}

	seconds := strconv.Itoa(int(math.Ceil(wait.Seconds())))
	return huma.ErrorWithHeaders(err, http.Header{"Retry-After": {seconds}})
}

// mountJSON registers the handler of a route whose body is JSON. The handler gets
// the body decoded; a body with structural errors never reaches it.
//
// huma must not see the body. It would read and check it by itself, and its refusals
// repeat the values that were sent; it also takes duplicate keys and damaged text,
// which strictjson refuses. So the service reads the body before the handler runs
// (readBody), this function decodes it, and huma learns of the body's type only for
// the description (documentBody).
func mountJSON[In, Body, Out any](
	api huma.API, r route, handle func(context.Context, *In, Body) (*Out, error),
) {
	var example Body
	decoded := func(ctx context.Context, in *In, raw rawBody) (*Out, error) {
		body, wrong := decode[Body](raw)
		if err := structural(wrong); err != nil {
			return nil, err
		}
		return handle(ctx, in, body)
	}

	mountRaw(api, r.documents(example), decoded)
}

// mountRaw registers a handler that gets the body as it came: a file, or JSON whose
// very bytes matter.
func mountRaw[In, Out any](
	api huma.API, r route, handle func(context.Context, *In, rawBody) (*Out, error),
) {
	mount(api, r, func(ctx context.Context, in *In) (*Out, error) {
		return handle(ctx, in, callOf(ctx).body)
	})
}

// documentBody adds the body to the description of an operation that huma knows
// already.
func documentBody(api huma.API, r route) {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(r.Body), true, "")
	for _, op := range operationsOf(api.OpenAPI()) {
		if op.OperationID == r.ID {
			op.RequestBody = &huma.RequestBody{
				Required: true,
				Content:  map[string]*huma.MediaType{mediaJSON: {Schema: schema}},
			}
		}
	}
}
