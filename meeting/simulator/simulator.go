// Package simulator answers like Microsoft Graph and Zoom, as their documentation has it, for
// tests. It keeps its meetings in memory.
package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The credentials that both services take.
const (
	Tenant   = "tenant-1"
	Account  = "account-1"
	Client   = "client-1"
	Secret   = "secret-1"
	User     = "user-1"
	tokenFor = 3600 // seconds
)

// Meeting is a meeting as a service keeps it.
type Meeting struct {
	ID       string
	Key      string
	Subject  string
	Start    time.Time
	End      time.Time
	JoinURL  string
	Deleted  bool
	Modified int
}

// Service is one of the two. It is safe for concurrent use.
type Service struct {
	handler http.Handler

	mu       sync.Mutex
	meetings []*Meeting
	tokens   int
	withdrew bool
	faults   []Fault
}

// Fault is what happens to the next request that is not for a token.
type Fault struct {
	Status     int    // it answers this, and does nothing; 0: it does what it is asked
	RetryAfter string // seconds
	Lose       bool   // it does what it is asked, and the answer is lost
	Link       string // the meeting has this link
	Body       string // it answers this with 200
}

// ServeHTTP answers.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Fail has faults happen to the next requests, in turn.
func (s *Service) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// WithdrawTokens makes all tokens so far worthless.
func (s *Service) WithdrawTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.withdrew = true
}

// Tokens returns how many tokens were given.
func (s *Service) Tokens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

// Meetings returns the meetings that were made, those that were deleted among them.
func (s *Service) Meetings() (out []Meeting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.meetings {
		out = append(out, *m)
	}
	return out
}

// giveToken answers a request for a token.
func (s *Service) giveToken(w http.ResponseWriter, right bool) {
	if !right {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_client"})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens++
	s.withdrew = false
	answer(w, http.StatusOK, map[string]any{
		"token_type":   "bearer",
		"access_token": s.token(),
		"expires_in":   tokenFor,
	})
}

func (s *Service) token() string { return fmt.Sprint("token-", s.tokens) }

// guarded lets a request through that has the token, unless a fault happens to it.
func (s *Service) guarded(
	do func(w http.ResponseWriter, r *http.Request, f Fault),
) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.withdrew || s.tokens == 0 || r.Header.Get("Authorization") != "Bearer "+s.token() {
			answer(w, http.StatusUnauthorized, map[string]any{"message": "the token is expired"})
			return
		}

		var f Fault
		if len(s.faults) > 0 {
			f, s.faults = s.faults[0], s.faults[1:]
		}
		switch {
		case f.Status != 0:
			if f.RetryAfter != "" {
				w.Header().Set("Retry-After", f.RetryAfter)
			}
			answer(w, f.Status, map[string]any{"message": "no, Ana Souza"})
		case f.Body != "":
			_, _ = w.Write([]byte(f.Body))
		case f.Lose:
			do(&discarded{header: http.Header{}}, r, f)
			panic(http.ErrAbortHandler)
		default:
			do(w, r, f)
		}
	}
}

// discarded is an answer that nobody gets.
type discarded struct{ header http.Header }

// Header is the header of the answer.
func (d *discarded) Header() http.Header { return d.header }

// Write writes nothing.
func (d *discarded) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader writes nothing.
func (d *discarded) WriteHeader(int) {}

func (s *Service) add(key, subject, link string, start, end time.Time) *Meeting {
	id := strconv.Itoa(8000000001 + len(s.meetings))
	m := &Meeting{ID: id, Key: key, Subject: subject, JoinURL: link, Start: start, End: end}
	s.meetings = append(s.meetings, m)
	return m
}

func (s *Service) find(is func(*Meeting) bool) *Meeting {
	for _, m := range s.meetings {
		if !m.Deleted && is(m) {
			return m
		}
	}
	return nil
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

func when(text string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}

// NewTeams is Microsoft's sign-in and Graph, under one address.
func NewTeams() *Service {
	s := &Service{}
	mux := http.NewServeMux()
	token := "POST /" + Tenant + "/oauth2/v2.0/token"
	mux.HandleFunc(token, func(w http.ResponseWriter, r *http.Request) {
		s.giveToken(w, r.FormValue("grant_type") == "client_credentials" &&
			r.FormValue("client_id") == Client && r.FormValue("client_secret") == Secret &&
			r.FormValue("scope") == "https://graph.microsoft.com/.default")
	})

	type body struct {
		ID            string `json:"id"`
		ExternalID    string `json:"externalId"`
		Subject       string `json:"subject"`
		StartDateTime string `json:"startDateTime"`
		EndDateTime   string `json:"endDateTime"`
		JoinWebURL    string `json:"joinWebUrl"`
	}
	show := func(m *Meeting) body {
		return body{
			ID:            m.ID,
			ExternalID:    m.Key,
			Subject:       m.Subject,
			StartDateTime: m.Start.Format(time.RFC3339),
			EndDateTime:   m.End.Format(time.RFC3339),
			JoinWebURL:    m.JoinURL,
		}
	}
	read := func(w http.ResponseWriter, r *http.Request) (in body, start, end time.Time, ok bool) {
		var startOK, endOK bool
		err := json.NewDecoder(r.Body).Decode(&in)
		start, startOK = when(in.StartDateTime)
		end, endOK = when(in.EndDateTime)
		if ok = err == nil && startOK && endOK; !ok {
			wrong := map[string]any{"code": "BadRequest"}
			answer(w, http.StatusBadRequest, map[string]any{"error": wrong})
		}
		return in, start, end, ok
	}
	base := "/users/" + User + "/onlineMeetings"
	missing := map[string]any{"error": map[string]any{"code": "NotFound"}}

	mux.HandleFunc("POST "+base+"/createOrGet", s.guarded(
		func(w http.ResponseWriter, r *http.Request, f Fault) {
			in, start, end, ok := read(w, r)
			if !ok {
				return
			}
			there := s.find(func(m *Meeting) bool { return m.Key == in.ExternalID })
			if there != nil {
				answer(w, http.StatusOK, show(there))
				return
			}
			link := f.Link
			if link == "" {
				link = "https://teams.microsoft.com/l/meetup-join/" + in.ExternalID
			}
			answer(w, http.StatusCreated, show(s.add(in.ExternalID, in.Subject, link, start, end)))
		}))
	mux.HandleFunc("PATCH "+base+"/{id}", s.guarded(
		func(w http.ResponseWriter, r *http.Request, _ Fault) {
			in, start, end, ok := read(w, r)
			if !ok {
				return
			}
			m := s.find(func(m *Meeting) bool { return m.ID == r.PathValue("id") })
			if m == nil {
				answer(w, http.StatusNotFound, missing)
				return
			}
			m.Subject, m.Start, m.End = in.Subject, start, end
			m.Modified++
			answer(w, http.StatusOK, show(m))
		}))
	mux.HandleFunc("DELETE "+base+"/{id}", s.guarded(
		func(w http.ResponseWriter, r *http.Request, _ Fault) {
			m := s.find(func(m *Meeting) bool { return m.ID == r.PathValue("id") })
			if m == nil {
				answer(w, http.StatusNotFound, missing)
				return
			}
			m.Deleted = true
			w.WriteHeader(http.StatusNoContent)
		}))
	s.handler = mux
	return s
}

// pageSize is how many meetings a page of the list has, whatever is asked for.
const pageSize = 2

// NewZoom is Zoom's sign-in and API, under one address.
func NewZoom() *Service {
	s := &Service{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		s.giveToken(w, r.FormValue("grant_type") == "account_credentials" &&
			r.FormValue("account_id") == Account && user == Client && password == Secret)
	})

	type body struct {
		ID        int64  `json:"id"`
		Topic     string `json:"topic"`
		Type      int    `json:"type"`
		StartTime string `json:"start_time"`
		Duration  int    `json:"duration"`
		TimeZone  string `json:"timezone"`
		Agenda    string `json:"agenda"`
		JoinURL   string `json:"join_url"`
	}
	show := func(m *Meeting) body {
		id, _ := strconv.ParseInt(m.ID, 10, 64)
		return body{
			ID:        id,
			Topic:     m.Subject,
			Type:      2,
			StartTime: m.Start.Format("2006-01-02T15:04:05Z"),
			Duration:  int(m.End.Sub(m.Start).Minutes()),
			TimeZone:  "UTC",
			Agenda:    m.Key,
			JoinURL:   m.JoinURL,
		}
	}
	read := func(w http.ResponseWriter, r *http.Request) (in body, start, end time.Time, ok bool) {
		err := json.NewDecoder(r.Body).Decode(&in)
		start, ok = when(in.StartTime)
		if ok = ok && err == nil && in.Type == 2 && in.TimeZone == "UTC" && in.Duration > 0; !ok {
			answer(w, http.StatusBadRequest, map[string]any{"code": 300})
		}
		return in, start, start.Add(time.Duration(in.Duration) * time.Minute), ok
	}
	missing := map[string]any{"code": 3001, "message": "Meeting does not exist."}
	one := func(w http.ResponseWriter, r *http.Request) *Meeting {
		m := s.find(func(m *Meeting) bool { return m.ID == r.PathValue("id") })
		if m == nil {
			answer(w, http.StatusNotFound, missing)
		}
		return m
	}

	mux.HandleFunc("GET /users/"+User+"/meetings", s.guarded(
		func(w http.ResponseWriter, r *http.Request, _ Fault) {
			from, _ := strconv.Atoi(strings.TrimPrefix(r.FormValue("next_page_token"), "page-"))
			var page []body
			next := ""
			for i, m := range s.meetings {
				switch {
				case i < from || m.Deleted:
				case len(page) == pageSize:
					next = fmt.Sprint("page-", i)
				default:
					page = append(page, show(m))
				}
				if next != "" {
					break
				}
			}
			answer(w, http.StatusOK, map[string]any{"meetings": page, "next_page_token": next})
		}))
	mux.HandleFunc("POST /users/"+User+"/meetings", s.guarded(
		func(w http.ResponseWriter, r *http.Request, f Fault) {
			in, start, end, ok := read(w, r)
			if !ok {
				return
			}
			link := f.Link
			if link == "" {
				link = "https://us02web.zoom.us/j/" + strconv.Itoa(len(s.meetings)+1) + "?pwd=x"
			}
			answer(w, http.StatusCreated, show(s.add(in.Agenda, in.Topic, link, start, end)))
		}))
	mux.HandleFunc("GET /meetings/{id}", s.guarded(
		func(w http.ResponseWriter, r *http.Request, _ Fault) {
			if m := one(w, r); m != nil {
				answer(w, http.StatusOK, show(m))
			}
		}))
	mux.HandleFunc("PATCH /meetings/{id}", s.guarded(
		func(w http.ResponseWriter, r *http.Request, _ Fault) {
			in, start, end, ok := read(w, r)
			if !ok {
				return
			}
			if m := one(w, r); m != nil {
				m.Subject, m.Start, m.End = in.Topic, start, end
				m.Modified++
				w.WriteHeader(http.StatusNoContent)
			}
		}))
	mux.HandleFunc("DELETE /meetings/{id}", s.guarded(
		func(w http.ResponseWriter, r *http.Request, _ Fault) {
			if m := one(w, r); m != nil {
				m.Deleted = true
				w.WriteHeader(http.StatusNoContent)
			}
		}))
	s.handler = mux
	return s
}
