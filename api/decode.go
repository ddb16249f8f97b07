package api

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/strictjson"
)

// maxBody is how large a request's body may be, in bytes, unless its route says
// otherwise.
const (
	maxBody   = 1 << 20
	maxImport = 32 << 20
	maxEvent  = 64 << 10 // a carrier's
	// a request for help: strangers may send one, and 20,000 characters fit, however escaped
	maxHelp = 256 << 10
)

var plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// rawBody is a request's body as it came.
type rawBody struct {
	media   string // without parameters
	content []byte
	stream  io.Reader // of a route that streams, in place of the content; bounded
}

// readBody reads a body whole, within its limit, when the route takes one.
func (s *service) readBody(ctx huma.Context, next func(huma.Context)) {
	r := routeOf(ctx)
	media := r.Media
	if r.Body != nil && media == nil {
		media = []string{mediaJSON}
	}

	if media == nil {
		next(ctx)
		return
	}

	c := callOf(ctx.Context())
	limit := cmp.Or(r.MaxBody, maxBody)
	said := humagin.Unwrap(ctx).Request.ContentLength
	var err error
	c.body.media, err = mediaType(ctx, media)
	switch {
	case err != nil:
	case said > limit: // it is refused before it is read
		err = refuseLargeBody(limit)
	case r.Streams:
		c.body.stream = limited(ctx, limit)
	default:
		c.body.content, err = readLimited(ctx, limit)
	}
	if err != nil {
		if r.Intake {
			err = s.intake.recordRefusal(ctx.Context(), c.token.OrgID, c.body, err)
		}
		s.refuse(ctx, err)
		return
	}

	next(ctx)
}

func mediaType(ctx huma.Context, allowed []string) (string, error) {
	media, params, err := mime.ParseMediaType(ctx.Header("Content-Type"))
	charset := strings.ToLower(params["charset"])
	coding := strings.ToLower(ctx.Header("Content-Encoding"))
	if err != nil || !slices.Contains(allowed, media) || (charset != "" && charset != "utf-8") ||
		(coding != "" && coding != "identity") {
		return "", rules.Refuse(codeMedia,
			"The body's content type, charset or encoding is not taken here.",
			"Send Content-Type: "+strings.Join(allowed,
				" or ")+", in UTF-8, without Content-Encoding.")
	}

	return media, nil
}

func limited(ctx huma.Context, limit int64) io.Reader {
	gin := humagin.Unwrap(ctx)
	return http.MaxBytesReader(gin.Writer, gin.Request.Body, limit)
}

func readLimited(ctx huma.Context, limit int64) ([]byte, error) {
	body, err := io.ReadAll(limited(ctx, limit))
	if err != nil {
		return nil, bodyRefusal(err)
	}
	return body, nil
}

// refuseLargeBody is the refusal of a body beyond the operation's limit.
func refuseLargeBody(limit int64) error {
	most := fmt.Sprintf("%d KiB", limit>>10)
	if limit >= 1<<20 {
		most = fmt.Sprintf("%d MiB", limit>>20)
	}
	return rules.Refuse(codeTooLarge,
		"The body is larger than this operation takes: at most "+most+".",
		"Send less at a time, or a smaller file.")
}

// bodyRefusal is what is answered where a body cannot be read.
func bodyRefusal(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return refuseLargeBody(tooLarge.Limit)
	}
	// the client went away, or was too slow
	return rules.Refuse(codeBodyRead, "The body did not arrive whole.", "Send the request again.")
}

// decode reads a JSON body, with every structural error at once.
func decode[T any](raw rawBody) (v T, wrong []rules.FieldError) {
	wrong = strictjson.Decode(raw.content, &v)
	return v, wrong
}

// structural makes an error of fields. Text that is no JSON at all has a code
// of its own.
func structural(fields []rules.FieldError) error {
	err := rules.Invalid(fields)
	if slices.ContainsFunc(fields, isMalformed) {
		e := rules.Refuse(strictjson.Malformed, "The body is not well-formed JSON.",
			"Correct every place listed and send the request again.")
		e.Fields = fields
		return e
	}

	return err
}

func isMalformed(f rules.FieldError) bool { return f.Code == strictjson.Malformed }

// fieldsOf returns the fields of a refused validation.
func fieldsOf(err error) []rules.FieldError {
	var refusal *rules.Error
	if errors.As(err, &refusal) {
		return refusal.Fields
	}
	return nil
}
