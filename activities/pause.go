package activities

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

// The least and the most time between two attempts at sending mails.
const (
	LeastMailPause = 5 * time.Second
	MostMailPause  = time.Hour
)

// MailPause is the pause before the next attempt at mails that have been tried
// for age: half as long again, so that the pauses grow with the outage and not
// with the number of attempts. A Temporal server that restarts hands a task
// out more than once, and a burst of attempts in one short outage must not
// put a mail off for hours.
func MailPause(age time.Duration) time.Duration {
	return min(max(age/2, LeastMailPause), MostMailPause)
}

// pausing asks Temporal for that pause before the next attempt; a refusal is
// not tried again and stays as it is. Where Temporal does not tell the age, the
// workflow's own policy holds.
func pausing(ctx context.Context, err error) error {
	err = failed(err)
	info := activity.GetInfo(ctx)
	age := info.StartedTime.Sub(info.ScheduledTime)

	var app *temporal.ApplicationError
	if err == nil || age <= 0 || (errors.As(err, &app) && app.NonRetryable()) {
		return err
	}

	return temporal.NewApplicationErrorWithOptions(err.Error(), "",
		temporal.ApplicationErrorOptions{Cause: err, NextRetryDelay: MailPause(age)})
}
