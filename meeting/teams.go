package meeting

import (
	"context"
	"net/http"
	"net/url"
	"time"
)

// TeamsOptions say as whom Teams makes meetings. The application needs the permission
// OnlineMeetings.ReadWrite.All, and an application access policy for the user.
type TeamsOptions struct {
	TenantID     string
	ClientID     string
	ClientSecret string
	UserID       string // whose meetings they are: an object id
	Check        CheckLink

	SignInURL string            // empty: https://login.microsoftonline.com
	GraphURL  string            // empty: https://graph.microsoft.com/v1.0
	Timeout   time.Duration     // of one request; 0: 10 s
	Transport http.RoundTripper // nil: the usual one
}

// TeamsMeetings makes meetings by Microsoft Graph. They stand in nobody's calendar: the
// invitation is ours to send.
type TeamsMeetings struct {
	caller *caller
	user   string
	check  CheckLink
}

var _ Meetings = (*TeamsMeetings)(nil)

// NewTeams returns meetings by Microsoft Graph. It connects when it is asked.
func NewTeams(o TeamsOptions) *TeamsMeetings {
	client := newClient(o.Transport, o.Timeout)
	signIn := orElse(o.SignInURL, "https://login.microsoftonline.com") + "/" +
		url.PathEscape(o.TenantID) + "/oauth2/v2.0/token"
	form := url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {o.ClientID},
		"client_secret": {o.ClientSecret},
		"scope":         {"https://graph.microsoft.com/.default"},
	}

	return &TeamsMeetings{
		user:  "/users/" + url.PathEscape(o.UserID) + "/onlineMeetings",
		check: o.Check,
		caller: &caller{
			http: client,
			base: orElse(o.GraphURL, "https://graph.microsoft.com/v1.0"),
			newToken: func(ctx context.Context) (string, time.Duration, error) {
				return askForToken(ctx, client, signIn, form, "", "")
			},
		},
	}
}

// onlineMeeting is Graph's meeting, as far as we need it.
type onlineMeeting struct {
	ID            string `json:"id,omitempty"`
	ExternalID    string `json:"externalId,omitempty"`
	Subject       string `json:"subject,omitempty"`
	StartDateTime string `json:"startDateTime,omitempty"`
	EndDateTime   string `json:"endDateTime,omitempty"`
	JoinWebURL    string `json:"joinWebUrl,omitempty"`
}

func onlineMeetingOf(m Meeting) onlineMeeting {
	return onlineMeeting{
		Subject:       m.Subject,
		StartDateTime: m.Start.UTC().Format(time.RFC3339),
		EndDateTime:   m.End.UTC().Format(time.RFC3339),
	}
}

// Create asks for the meeting of our key, which Graph makes or finds.
func (t *TeamsMeetings) Create(ctx context.Context, m Meeting) (Made, error) {
	in := onlineMeetingOf(m)
	in.ExternalID = m.Key
	var out onlineMeeting
	status, err := t.caller.call(ctx, http.MethodPost, t.user+"/createOrGet", in, &out)
	if err != nil {
		return Made{}, err
	}
	return checkMade(Made{ID: out.ID, JoinURL: out.JoinWebURL}, t.check, status)
}

// Update moves a meeting; its link stays.
func (t *TeamsMeetings) Update(ctx context.Context, id string, m Meeting) (Made, error) {
	var out onlineMeeting
	status, err := t.caller.call(ctx, http.MethodPatch, t.user+"/"+url.PathEscape(id),
		onlineMeetingOf(m), &out)
	if err != nil {
		return Made{}, err
	}
	return checkMade(Made{ID: out.ID, JoinURL: out.JoinWebURL}, t.check, status)
}

// Cancel deletes a meeting.
func (t *TeamsMeetings) Cancel(ctx context.Context, id string) error {
	path := t.user + "/" + url.PathEscape(id)
	return goneIsDone(t.caller.call(ctx, http.MethodDelete, path, nil, nil))
}

// goneIsDone makes the end of a meeting that is gone a success.
func goneIsDone(_ int, err error) error {
	if CodeOf(err) == Gone {
		return nil
	}
	return err
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
