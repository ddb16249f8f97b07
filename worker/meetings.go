package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"roomcover.dev/roomcover/meeting"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/session"
	"roomcover.dev/roomcover/models/ticket"
	rulesession "roomcover.dev/roomcover/rules/session"
)

// Meetings are the meeting services that make the links of sessions, by their names (S46).
type Meetings map[rulesession.Provider]meeting.Meetings

// organizer asks the meeting services for the meetings of sessions. Rows say what is left to ask,
// so that a worker that is killed leaves it to the next once its lease is over; the service finds
// by the session's key what it has made already.
type organizer struct {
	sessions *session.Sessions
	tickets  *ticket.Tickets
	services Meetings
	log      *slog.Logger
}

// meetingsPause is how long a new session waits for a worker to ask for its meeting.
const meetingsPause = 2 * time.Second

func newOrganizer(o Options) *organizer {
	return &organizer{
		sessions: o.Domains.Sessions,
		tickets:  o.Domains.Tickets,
		services: o.Meetings,
		log:      o.Log,
	}
}

// arrangeMeetings asks for meetings until the context ends.
func (o *organizer) arrangeMeetings(ctx context.Context) error {
	for {
		for {
			more, err := o.arrangeNext(ctx)
			if err != nil && ctx.Err() == nil {
				o.log.Error("meetings cannot be arranged", "error", err)
			}
			if !more || err != nil {
				break
			}
		}
		if err := pause(ctx, meetingsPause); err != nil {
			return err
		}
	}
}

// arrangeNext asks for the meeting of the session that is due first, and reports whether there
// was one.
func (o *organizer) arrangeNext(ctx context.Context) (bool, error) {
	ctx = db.WithSystem(ctx)
	s, ok, err := o.sessions.NextMeeting(ctx)
	if err != nil || !ok {
		return false, err
	}

	made, err := o.arrange(ctx, s)
	if ctx.Err() != nil {
		return false, nil // the worker ends; another one asks when the lease is over
	}
	if err != nil {
		o.log.Warn("a meeting was not arranged",
			"session", s.ID, "provider", s.Provider, "error", err)
		return true, o.sessions.RecordMeetingFailure(ctx, s.ID, meeting.Temporary(err),
			waitOf(err), string(meeting.CodeOf(err)))
	}
	return true, o.tickets.RecordMeeting(ctx, s, made.ID, made.JoinURL)
}

// errNoService says that this worker is not told of the meeting service of a session.
var errNoService = &meeting.Error{Code: meeting.NotAllowed}

// arrange makes, moves or calls off the meeting of a session. One that is gone at the service is
// made anew.
func (o *organizer) arrange(ctx context.Context, s session.Session) (meeting.Made, error) {
	service := o.services[s.Provider]
	if service == nil {
		return meeting.Made{}, errNoService
	}
	if s.State == rulesession.Cancelled {
		return o.callOff(ctx, service, s)
	}

	t, err := o.tickets.Get(ctx, s.TicketID)
	if err != nil {
		return meeting.Made{}, err
	}
	m := meeting.Meeting{
		Key:     s.UID,
		Subject: t.Number, // who is concerned, and by what, is nothing of the service's
		Start:   *s.StartsAt,
		End:     *s.EndsAt,
	}
	if s.MeetingID != "" {
		made, err := service.Update(ctx, s.MeetingID, m)
		if meeting.CodeOf(err) != meeting.Gone {
			return made, err
		}
	}
	return service.Create(ctx, m)
}

// callOff deletes a session's meeting. Where the answer to its making was lost the meeting is
// asked for by its key first.
func (o *organizer) callOff(
	ctx context.Context, service meeting.Meetings, s session.Session,
) (meeting.Made, error) {
	made := meeting.Made{ID: s.MeetingID, JoinURL: s.JoinURL}
	if made.ID == "" && s.Attempts <= 1 {
		return made, nil // the service was never asked
	}
	if made.ID == "" {
		found, err := service.Create(ctx, meeting.Meeting{
			Key:   s.UID,
			Start: *s.StartsAt,
			End:   *s.EndsAt,
		})
		if err != nil {
			return meeting.Made{}, err
		}
		made.ID = found.ID
	}
	return made, service.Cancel(ctx, made.ID)
}

// waitOf is how long the service asks to wait.
func waitOf(err error) time.Duration {
	var failure *meeting.Error
	if errors.As(err, &failure) {
		return failure.RetryAfter
	}
	return 0
}
