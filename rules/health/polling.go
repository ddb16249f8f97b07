package health

import (
	"hash/fnv"
	"time"
)

// What Sync allows, and what we take of it. Real time.
const (
	PlacesPerRequest = 1000
	RequestsPerDay   = 14_400
	// SpareRequests of a day are kept for what a person asks for, such as a test.
	SpareRequests = 400

	PollEvery    = time.Minute
	longestPause = 30 * time.Minute
)

// RequestsFor is how many requests a poll of so many places takes.
func RequestsFor(places int) int {
	return max((places+PlacesPerRequest-1)/PlacesPerRequest, 1)
}

// NextPoll is when a connection is asked again that has answered: after a minute, or as often as
// the budget of a day allows for so many places. A part of the tenth of a minute that the id
// decides keeps connections from being asked all at once.
func NextPoll(at time.Time, places int, id string) time.Time {
	every := PollEvery
	polls := max((RequestsPerDay-SpareRequests)/RequestsFor(places), 1) // of a day
	every = max(every, 24*time.Hour/time.Duration(polls))
	return at.Add(every - jitter(id, at, every/10) + every/20)
}

// RetryAt is when a connection is asked again after failures in a row: pauses grow from the
// period to half an hour, and are never shorter than Sync asks for.
func RetryAt(at time.Time, failures int, asked time.Duration, id string) time.Time {
	pause := PollEvery << min(max(failures-1, 0), 5)
	pause = min(pause, longestPause)
	pause = max(pause, min(asked, 24*time.Hour))
	return at.Add(pause + jitter(id, at, pause/10))
}

// jitter is a part of most that differs by the id and the instant, and is the same each time.
func jitter(id string, at time.Time, most time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	_, _ = h.Write([]byte(at.UTC().Format(time.RFC3339)))
	return time.Duration(h.Sum32()%1000) * most / 1000
}

// AlertDays are the days before the end of a certificate at which it is alerted about, the
// earliest first.
var AlertDays = []int{30, 7, 1}

// AlertFor is which of the alerts about a certificate is due, in days before its end; ok is
// false where none is. told is the last that was given, 0 for none.
func AlertFor(now, ends time.Time, told int) (days int, ok bool) {
	for _, d := range AlertDays {
		if ends.Sub(now) <= time.Duration(d)*24*time.Hour && (told == 0 || d < told) {
			days, ok = d, true
		}
	}
	return days, ok
}
