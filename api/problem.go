package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/carrier"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	tickets "roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/orderfile"
	"roomcover.dev/roomcover/roomfile"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/session"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/rules/ticket"
	"roomcover.dev/roomcover/strictjson"
	"roomcover.dev/roomcover/tracing"
)

// Codes of refusals that only this package makes.
const (
	codeInternal      = "INTERNAL_ERROR"
	codeUnavailable   = "SERVICE_UNAVAILABLE"
	codeMedia         = "UNSUPPORTED_MEDIA_TYPE"
	codeTooLarge      = "BODY_TOO_LARGE"
	codeBodyRead      = "BODY_NOT_READ"
	codeMethod        = "METHOD_NOT_ALLOWED"
	codeParameter     = "INVALID_PARAMETER"
	codeKeyInvalid    = "IDEMPOTENCY_KEY_INVALID"
	codeNotAcceptable = "NOT_ACCEPTABLE"
)

// statuses maps every code to its HTTP status, in this one place.
var statuses = map[string]int{
	strictjson.Malformed: 400,
	codeKeyInvalid:       400,
	codeBodyRead:         400,
	CursorInvalid:        400,

	rules.Unauthenticated:           401,
	carrier.ErrNoKey.Error():        401,
	carrier.ErrNoTimestamp.Error():  401,
	carrier.ErrBadTimestamp.Error(): 401,
	carrier.ErrTooOld.Error():       401,
	carrier.ErrInFuture.Error():     401,
	carrier.ErrNoSignature.Error():  401,
	carrier.ErrSignature.Error():    401,

	rules.Forbidden:             403,
	rules.InvitationWrongPerson: 403,
	rules.SignInRequired:        403,

	rules.NotFound: 404,

	codeMethod: 405,

	codeNotAcceptable: 406,

	rules.StateConflict:            409,
	rules.IdempotencyConflict:      409,
	rules.PONumberConflict:         409,
	rules.CancellationWindowClosed: 409,
	licensing.SerialRegistered:     409,
	licensing.SerialClaimed:        409,
	licensing.LicenceTaken:         409,
	licensing.LicenceNotInForce:    409,
	licensing.RoomHasLicence:       409,
	licensing.RoomIsArchived:       409,
	licensing.RoomBusy:             409,
	cover.TermsAckRequired:         409,
	cover.SerialHasWarranty:        409,
	rma.RMAOpen:                    409,
	rma.ReshipLimit:                409,
	rma.ParcelNotLost:              409,
	rma.FeeNotDue:                  409,
	rma.NothingToTakeBack:          409,
	rma.CarrierSaysSo:              409,
	rma.UnitOfAnotherReturn:        409,
	rma.DefectOpen:                 409,
	ticket.TicketClosed:            409,
	ticket.ReopenLimit:             409,
	ticket.NotReopened:             409,
	ticket.SameSeverity:            409,
	tickets.RoomHealthy:            409,
	tickets.RoomUnknown:            409,
	tickets.RoomNotInSync:          409,
	spare.SpareNotChosen:           409,
	attachment.NotChecked:          409,
	attachment.Infected:            409,
	rules.LastAdmin:                409,
	identity.NoBreakGlass:          409,
	identity.Outsiders:             409,
	rules.UserLimit:                409,
	rules.SiteLimit:                409,
	rules.UnknownSKU:               409,
	rules.ActionNotAvailable:       409,
	shipping.OutOfStock:            409,
	shipping.StockNegative:         409,

	shipping.ShipmentLive:           409,
	shipping.ShipmentNotCancellable: 409,
	shipping.TrackingTaken:          409,

	attachment.Gone:            410,
	rules.InvitationExpired:    410,
	rules.InvitationUsed:       410,
	rules.InvitationSuperseded: 410,
	rules.InvitationRevoked:    410,

	rules.VersionMismatch: 412,

	codeTooLarge:        413,
	attachment.TooLarge: 413,

	codeMedia:          415,
	attachment.Refused: 415,

	rules.ValidationFailed:       422,
	session.NotAgreed:            422,
	session.LinkRefused:          422,
	session.NoService:            422,
	rules.ReasonRequired:         422,
	rules.LicencesNotNamed:       422,
	codeParameter:                422,
	orderfile.Unreadable:         422,
	orderfile.Empty:              422,
	orderfile.TooManyOrders:      422,
	roomfile.TooManyRows:         422,
	cover.NotAttachable:          422,
	cover.ExtensionOver:          422,
	licensing.NotAssignable:      422,
	rules.CountryNotSupported:    422,
	rules.ModelNotSupported:      422,
	licensing.WarrantyCapReached: 422,
	spare.ModelNotDeployed:       422,
	rules.NotCovered:             422,
	rules.WarrantyCap:            422,
	rules.NotHardware:            422,
	rules.ProofRequired:          422,
	rules.Unplaced:               422,
	rma.NotLikeForLike:           422,
	rma.SerialNotRegistered:      422,
	rma.SerialTooNew:             422,
	rma.SerialMissing:            422,
	rma.SiteUnknown:              422,
	rma.PhotoMissing:             422,
	ticket.SeverityRange:         422,

	rules.VersionMissing: 428,

	rules.RateLimited: 429,

	codeInternal: 500,

	codeUnavailable: 503,
}

// Problem is every refusal (RFC 9457). It never repeats a submitted value.
type Problem struct {
	Type      string             `json:"type" doc:"Where the code is explained" example:"/v1/docs#error-not-found"`
	Title     string             `json:"title" doc:"The status in words"`
	Status    int                `json:"status" doc:"The HTTP status"`
	Code      string             `json:"code" doc:"Stable code of the refusal"`
	Detail    string             `json:"detail" doc:"What happened"`
	Remedy    string             `json:"remedy,omitempty" doc:"What to do about it"`
	Errors    []rules.FieldError `json:"errors,omitempty" nullable:"false" doc:"Every wrong field: JSON pointer, code, message and remedy"`
	Existing  string             `json:"existing,omitempty" doc:"Path of the object that is in the way" example:"/v1/rooms/rom_01kb"`
	RequestID string             `json:"request_id,omitempty" doc:"Names this request when asking for help"`
	TraceID   string             `json:"trace_id,omitempty" doc:"Names its trace, where the operator traces"`
}

// Error makes a Problem an error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of every refusal.
func (p *Problem) ContentType(string) string { return mediaProblem }

const (
	mediaJSON    = "application/json"
	mediaProblem = "application/problem+json"
)

// problemFor turns an error into the answer. An unknown error is logged in
// full; the caller learns nothing but the request's id.
func problemFor(ctx context.Context, err error) *Problem {
	var refusal *rules.Error
	var problem *Problem
	switch {
	case errors.As(err, &problem):
		return problem
	case errors.As(err, &refusal) && statuses[refusal.Code] != 0:
	case errors.Is(err, identity.ErrBadToken):
		refusal = rules.Refuse(rules.Unauthenticated,
			"The token is missing, unknown, expired or revoked.",
			"Send Authorization: Bearer with a valid token.")
	default:
		logOf(ctx).ErrorContext(ctx, "request failed", slog.String("request_id", requestID(ctx)),
			slog.Any("error", err))
		refusal = unexpected(err)
	}

	status := statuses[refusal.Code]
	p := &Problem{
		Type:      docsPath + "#" + anchor(refusal.Code),
		Title:     http.StatusText(status),
		Status:    status,
		Code:      refusal.Code,
		Detail:    refusal.Message,
		Remedy:    refusal.Remedy,
		Errors:    refusal.Fields,
		RequestID: requestID(ctx),
		TraceID:   tracing.ID(ctx),
	}

	var taken *entitlement.SerialTaken
	if errors.As(err, &taken) {
		p.Existing = "/v1/devices/" + taken.DeviceID
		if taken.RoomID != "" {
			p.Existing = "/v1/rooms/" + taken.RoomID
		}
	}

	return p
}

// unexpected is what a caller learns of an error that is no refusal: whether the same
// request may succeed later, and nothing else.
func unexpected(err error) *rules.Error {
	if db.Duplicated(err) {
		return rules.Refuse(rules.StateConflict,
			"Something else that is there already has one of the values that were sent.",
			"Read what is there, and send another value.")
	}
	if db.Unavailable(err) {
		return rules.Refuse(codeUnavailable,
			"The database cannot take the request right now. Nothing was stored.",
			"Send the same request again, after as many seconds as Retry-After says.")
	}
	return rules.Refuse(codeInternal, "Internal error.",
		"Try again later; if it happens again, name the request id when asking for help.")
}

// retryHeader has the caller of an unavailable service come back later.
func retryHeader(p *Problem, set func(name, value string)) {
	if p.Status == http.StatusServiceUnavailable {
		set("Retry-After", db.RetryAfter)
	}
}

func anchor(code string) string {
	return "error-" + strings.ToLower(strings.ReplaceAll(code, "_", "-"))
}

var installOnce sync.Once

// installErrors makes huma answer in our form; by itself it would repeat the
// offending values. huma keeps this in a variable of its package.
func installErrors() {
	installOnce.Do(func() {
		huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
			return fromHuma(context.Background(), status, errs)
		}

		huma.NewErrorWithContext = func(
			ctx huma.Context, status int, msg string, errs ...error,
		) huma.StatusError {
			refused := fromHuma(ctx.Context(), status, errs)
			if p, ok := refused.(*Problem); ok {
				retryHeader(p, ctx.SetHeader)
			}
			return refused
		}
	})
}

// fromHuma handles what a handler returned, and what huma itself refuses:
// parameters that do not fit.
func fromHuma(ctx context.Context, status int, errs []error) huma.StatusError {
	var fields []rules.FieldError
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if !errors.As(err, &detail) {
			return problemFor(ctx, err)
		}

		fields = append(fields, rules.FieldError{
			Pointer: parameterPointer(detail.Location),
			Code:    codeParameter,
			Message: "This parameter is unknown or its value does not fit.",
			Remedy:  "See the reference for what it may be.",
		})
	}

	switch {
	case status == 0: // huma asks for the type of errors
		return &Problem{}
	case len(fields) > 0:
		e := rules.Refuse(codeParameter, "A parameter of the request is not correct.",
			"Correct every parameter listed and send the request again.")
		e.Fields = fields
		return problemFor(ctx, e)
	case status == http.StatusNotAcceptable:
		return problemFor(ctx,
			rules.Refuse(codeNotAcceptable, "The answer is JSON only.",
				"Send Accept: application/json, or leave it out."))
	}

	return problemFor(ctx, errors.New("huma refused the request"))
}

// parameterPointer names a parameter by its place, such as /query/limit; a name
// that looks like no parameter may be a value, and is left out.
func parameterPointer(location string) string {
	place, name, _ := strings.Cut(location, ".")
	if !plainName.MatchString(name) {
		return "/" + place
	}
	return "/" + place + "/" + name
}
