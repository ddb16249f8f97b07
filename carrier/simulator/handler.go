package simulator

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"roomcover.dev/roomcover/carrier"
)

const maxBody = 64 << 10

// Handler serves the carrier's contract under /v1/, and what a tester may order
// under /simulator/: faults, and scans by hand.
func (s *Simulator) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/bookings", s.faulty(s.book))
	mux.HandleFunc("GET /v1/bookings/{tracking}", s.faulty(s.track))
	mux.HandleFunc("GET /v1/bookings/{tracking}/label", s.faulty(s.label))
	mux.HandleFunc("POST /v1/bookings/{tracking}/cancellation", s.faulty(s.cancel))
	mux.HandleFunc("GET /simulator/faults", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, s.Faults())
	})
	mux.HandleFunc("PUT /simulator/faults", s.putFaults)
	mux.HandleFunc("GET /simulator/parcels", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, s.Parcels())
	})
	mux.HandleFunc("POST /simulator/parcels/{tracking}/scans", s.scan)
	return s.authorised(mux)
}

// authorised asks for the API key, where there is one.
func (s *Simulator) authorised(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := "Bearer " + s.o.APIKey
		if s.o.APIKey != "" &&
			subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte(want)) != 1 {
			refuse(w, &carrier.Error{Code: carrier.Unauthorised, Status: http.StatusUnauthorized})
			return
		}

		next.ServeHTTP(w, r)
	})
}

// faulty lets the line fail as ordered: slow, before the work, or after it.
func (s *Simulator) faulty(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		f := s.faults
		slow := s.line.happens(f.SlowAnswers)
		broken := s.line.happens(f.ServerErrors)
		lost := s.line.happens(f.LostAnswers)
		s.mu.Unlock()

		if slow {
			select {
			case <-time.After(time.Duration(f.SlowMillis) * time.Millisecond):
			case <-r.Context().Done():
				return
			}
		}

		switch {
		case broken:
			refuse(w, errors.New("as ordered"))
		case lost:
			next(discard{http.Header{}}, r)
			refuse(w, errors.New("as ordered"))
		default:
			next(w, r)
		}
	}
}

// discard is an answer that never arrives.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func (s *Simulator) book(w http.ResponseWriter, r *http.Request) {
	var b carrier.Booking
	if !read(w, r, &b) {
		return
	}
	booked, err := s.Book(r.Context(), r.Header.Get("Idempotency-Key"), b)
	answer(w, http.StatusCreated, booked, err)
}

func (s *Simulator) track(w http.ResponseWriter, r *http.Request) {
	t, err := s.Track(r.Context(), r.PathValue("tracking"))
	answer(w, http.StatusOK, t, err)
}

func (s *Simulator) cancel(w http.ResponseWriter, r *http.Request) {
	err := s.Cancel(r.Context(), r.PathValue("tracking"))
	answer(w, http.StatusOK, struct{}{}, err)
}

func (s *Simulator) label(w http.ResponseWriter, r *http.Request) {
	l, err := s.Label(r.Context(), r.PathValue("tracking"))
	if err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", l.MediaType)
	_, _ = w.Write(l.Content)
}

func (s *Simulator) putFaults(w http.ResponseWriter, r *http.Request) {
	var f Faults
	if !read(w, r, &f) {
		return
	}

	if err := s.SetFaults(f); err != nil {
		refuse(w, &carrier.Error{Code: carrier.Refused, Status: http.StatusBadRequest})
		return
	}

	write(w, http.StatusOK, f)
}

func (s *Simulator) scan(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Kind string `json:"kind"`
	}
	if !read(w, r, &in) {
		return
	}
	answer(w, http.StatusOK, struct{}{}, s.Scan(r.PathValue("tracking"), in.Kind))
}

// read decodes a body, or answers 422.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		refuse(w, &carrier.Error{
			Code:   carrier.InvalidBooking,
			Status: http.StatusUnprocessableEntity,
		})
	}

	return err == nil
}

func answer(w http.ResponseWriter, status int, body any, err error) {
	if err != nil {
		refuse(w, err)
		return
	}
	write(w, status, body)
}

// refuse answers with a problem (RFC 9457) that has the contract's code.
func refuse(w http.ResponseWriter, err error) {
	e := &carrier.Error{Code: carrier.Unavailable, Status: http.StatusInternalServerError}
	_ = errors.As(err, &e)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(e.Status)

	_ = json.NewEncoder(w).Encode(map[string]any{
		"status": e.Status,
		"title":  http.StatusText(e.Status),
		"code":   e.Code,
	})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
