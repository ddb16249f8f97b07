package main

import (
	"context"
	"errors"
	"fmt"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// The exit codes; docs/operations.md lists them too.
const (
	exitDone        = 0
	exitFailed      = 1   // unreachable, crashed, unexpected
	exitUsage       = 2   // wrong arguments or settings
	exitRefused     = 3   // refused, not found, or rows of a file refused
	exitFound       = 4   // a check found something wrong
	exitInterrupted = 130 // stopped by a signal before it was done
)

// settingsError is a mistake in the environment.
type settingsError struct{ error }

// Unwrap returns the cause.
func (e settingsError) Unwrap() error { return e.error }

// findings is the end of a check that found something wrong; the report was
// shown already.
type findings struct{ what string }

func (e findings) Error() string { return e.what }

// refusedRows is the end of an import with refused rows; the report was shown
// already.
type refusedRows struct{ what string }

func (e refusedRows) Error() string { return e.what }

// exit says what went wrong and what to do about it, and gives the exit code.
func (a *app) exit(ctx context.Context, err error) int {
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(a.errs, "roomcover: interrupted; running it again is safe.")
		return exitInterrupted
	}

	var (
		refusal  *rules.Error
		wrong    settingsError
		found    findings
		rows     refusedRows
		open     undecided
		answered *apiError
	)

	if errors.As(err, &refusal) { // its code is for programs
		fmt.Fprintf(a.errs, "roomcover: %s\n", refusal.Message)
	} else {
		fmt.Fprintf(a.errs, "roomcover: %v\n", err)
	}

	switch {
	case errors.As(err, &refusal):
		a.explain(refusal)
		return exitRefused
	case errors.As(err, &answered):
		return answered.explain(a.errs, a.spelling)
	case errors.As(err, &rows):
		return exitRefused
	case errors.As(err, &open):
		if open.again != "" {
			fmt.Fprintf(a.errs, "  %s\n", open.again)
		}
		return exitRefused
	case errors.As(err, &found):
		return exitFound
	case errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, db.ErrSchema):
		fmt.Fprintln(a.errs, "Run roomcover migrate first.")
	}

	return exitFailed
}

func (a *app) explain(e *rules.Error) {
	a.spelling.explain(a.errs, e.Message, e.Remedy, e.Fields)
}
