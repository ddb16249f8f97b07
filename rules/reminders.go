package rules

import "time"

// RemindersDue returns how many of n reminders are to have been sent by now, where the
// first so many were; at returns when each is due, and they are in order. Of several that
// were missed, as while nothing ran, only the last is sent.
func RemindersDue(n, sent int, at func(i int) time.Time, now time.Time) int {
	for sent < n && !now.Before(at(sent)) {
		sent++
	}
	return sent
}

// DaysAfterReminder returns how many days people have between a reminder and the end of the
// time that they were given; reminder and window are counted from the same day. A reminder
// that is sent late leaves them as many, one at least.
func DaysAfterReminder(window, reminder int) int { return max(1, window-reminder) }
