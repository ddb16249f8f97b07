package meeting

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ZoomOptions say as whom Zoom makes meetings: a Server-to-Server OAuth app of an account.
type ZoomOptions struct {
	AccountID    string
	ClientID     string
	ClientSecret string
	UserID       string // whose meetings they are: an id or an address
	Check        CheckLink

	SignInURL string            // empty: https://zoom.us
	APIURL    string            // empty: https://api.zoom.us/v2
	Timeout   time.Duration     // of one request; 0: 10 s
	Transport http.RoundTripper // nil: the usual one
}

// ZoomMeetings makes meetings by Zoom's API, which has no key of ours: it stands in the agenda,
// where a meeting is looked for before one is made.
type ZoomMeetings struct {
	caller *caller
	user   string
	check  CheckLink
}

var _ Meetings = (*ZoomMeetings)(nil)

// NewZoom returns meetings by Zoom's API. It connects when it is asked. Its tokens live an hour,
// and are asked for anew: there is no refresh token.
func NewZoom(o ZoomOptions) *ZoomMeetings {
	client := newClient(o.Transport, o.Timeout)
	form := url.Values{"grant_type": {"account_credentials"}, "account_id": {o.AccountID}}
	signIn := orElse(o.SignInURL, "https://zoom.us") + "/oauth/token"

	return &ZoomMeetings{
		user:  "/users/" + url.PathEscape(o.UserID) + "/meetings",
		check: o.Check,
		caller: &caller{
			http: client,
			base: orElse(o.APIURL, "https://api.zoom.us/v2"),
			newToken: func(ctx context.Context) (string, time.Duration, error) {
				return askForToken(ctx, client, signIn, form, o.ClientID, o.ClientSecret)
			},
		},
	}
}

// scheduledMeeting is Zoom's type of a meeting with a time.
const scheduledMeeting = 2

// zoomMeeting is Zoom's meeting, as far as we need it.
type zoomMeeting struct {
	ID        int64  `json:"id,omitempty"`
	Topic     string `json:"topic,omitempty"`
	Type      int    `json:"type,omitempty"`
	StartTime string `json:"start_time,omitempty"`
	Duration  int    `json:"duration,omitempty"` // minutes
	TimeZone  string `json:"timezone,omitempty"`
	Agenda    string `json:"agenda,omitempty"`
	JoinURL   string `json:"join_url,omitempty"`
}

func zoomMeetingOf(m Meeting) zoomMeeting {
	return zoomMeeting{
		Topic:     m.Subject,
		Type:      scheduledMeeting,
		StartTime: m.Start.UTC().Format("2006-01-02T15:04:05Z"),
		Duration:  int(m.End.Sub(m.Start).Round(time.Minute) / time.Minute),
		TimeZone:  "UTC",
		Agenda:    m.Key,
	}
}

// made is what we keep of a meeting.
func (m zoomMeeting) made() Made {
	id := ""
	if m.ID != 0 {
		id = strconv.FormatInt(m.ID, 10)
	}
	return Made{ID: id, JoinURL: m.JoinURL}
}

// Create looks for the meeting of our key, which an answer that was lost may have left, and
// makes it where there is none.
func (z *ZoomMeetings) Create(ctx context.Context, m Meeting) (Made, error) {
	there, status, err := z.find(ctx, m.Key)
	if err != nil {
		return Made{}, err
	}
	if there != nil {
		return checkMade(there.made(), z.check, status)
	}

	var out zoomMeeting
	status, err = z.caller.call(ctx, http.MethodPost, z.user, zoomMeetingOf(m), &out)
	if err != nil {
		return Made{}, err
	}
	return checkMade(out.made(), z.check, status)
}

// mostPages is how many pages of meetings are looked through; each has 300.
const mostPages = 20

// find returns the meeting with our key in its agenda; nil where there is none.
func (z *ZoomMeetings) find(ctx context.Context, key string) (*zoomMeeting, int, error) {
	query := url.Values{"type": {"scheduled"}, "page_size": {"300"}}
	for range mostPages {
		var page struct {
			Meetings      []zoomMeeting `json:"meetings"`
			NextPageToken string        `json:"next_page_token"`
		}
		status, err := z.caller.call(ctx, http.MethodGet, z.user+"?"+query.Encode(), nil, &page)
		if err != nil {
			return nil, status, err
		}
		for _, m := range page.Meetings {
			if m.Agenda == key {
				return &m, status, nil
			}
		}
		if page.NextPageToken == "" {
			return nil, status, nil
		}
		query.Set("next_page_token", page.NextPageToken)
	}
	return nil, 0, nil
}

// Update moves a meeting; its link stays.
func (z *ZoomMeetings) Update(ctx context.Context, id string, m Meeting) (Made, error) {
	path := "/meetings/" + url.PathEscape(id)
	if _, err := z.caller.call(ctx, http.MethodPatch, path, zoomMeetingOf(m), nil); err != nil {
		return Made{}, err
	}
	var out zoomMeeting
	status, err := z.caller.call(ctx, http.MethodGet, path, nil, &out)
	if err != nil {
		return Made{}, err
	}
	return checkMade(out.made(), z.check, status)
}

// Cancel deletes a meeting.
func (z *ZoomMeetings) Cancel(ctx context.Context, id string) error {
	path := "/meetings/" + url.PathEscape(id)
	return goneIsDone(z.caller.call(ctx, http.MethodDelete, path, nil, nil))
}
