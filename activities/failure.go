package activities

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

// plain are the errors of ours whose words are always the same, by their types.
var plain = map[string]error{
	"MAIL_LATER":    ErrMailLater,
	"CARRIER_LATER": ErrCarrierLater,
	"TOO_EARLY":     errTooEarly,
}

// Failure is what a history keeps of a step's error: a type, a code and when to try again. The
// words of a database, a network or a library may hold anything; they belong into the log. What
// a rule or the carrier refused keeps its code, and errors of ours keep their words.
func Failure(err error) error {
	if err == nil || temporal.IsCanceledError(err) || errors.Is(err, activity.ErrResultPending) {
		return err
	}

	var app *temporal.ApplicationError
	isApp := errors.As(err, &app)
	if isApp && (app.Type() == ErrorRefused || app.Type() == ErrorPanic) {
		return temporal.NewNonRetryableApplicationError(app.Message(), app.Type(), nil)
	}

	pause := time.Duration(0)
	if isApp {
		pause = app.NextRetryDelay()
	}

	kind, words := typeOf(err), "the step failed; the log has the words"
	for name, own := range plain {
		if errors.Is(err, own) {
			kind, words = name, own.Error()
		}
	}
	if code := sqlState(err); code != "" {
		words = "SQLSTATE " + code
	}

	return temporal.NewApplicationErrorWithOptions(words, kind, temporal.ApplicationErrorOptions{
		NonRetryable:   isApp && app.NonRetryable(),
		NextRetryDelay: pause,
	})
}

// typeOf is the Go type of the error at the root, such as *net.OpError.
func typeOf(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return fmt.Sprintf("%T", err)
		}
		err = next
	}
}

// sqlState is PostgreSQL's code of an error; empty for another one.
func sqlState(err error) string {
	var coded interface{ SQLState() string }
	if errors.As(err, &coded) {
		return coded.SQLState()
	}
	return ""
}
