package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// letter is a mail in the mailbox of development.
type letter struct {
	ID       string `json:"id"`
	FromName string `json:"from_name"`
	Subject  string `json:"subject"`
	Text     string `json:"text"`
}

// mailTo waits for a mail to the address whose subject and text fit, and reads it.
func (s *story) mailTo(ctx context.Context, to, subject, text string) (letter, error) {
	var found letter
	err := s.await(ctx, fmt.Sprintf("the mail %q", subject), func(ctx context.Context) error {
		var page struct{ Mails []letter }
		if err := s.mailbox(ctx, "/api/mails?limit=500&to="+url.QueryEscape(to),
			&page); err != nil {
			return err
		}

		for _, m := range page.Mails {
			if !strings.Contains(m.Subject, subject) {
				continue
			}
			if err := s.mailbox(ctx, "/api/mails/"+url.PathEscape(m.ID), &found); err != nil {
				return err
			}
			if strings.Contains(found.Text, text) {
				return nil
			}
		}

		return notYet("%d mails came, not this one", len(page.Mails))
	})

	return found, err
}

func (s *story) mailbox(ctx context.Context, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Mails+path, nil)
	if err != nil {
		return err
	}

	res, err := s.browser.Do(req)
	if err != nil {
		return fmt.Errorf("the mailbox cannot be read: %w", err)
	}
	defer res.Body.Close()

	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the mailbox answers %s", res.Status)
	}
	return json.NewDecoder(res.Body).Decode(out)
}

var (
	invitationLink = regexp.MustCompile(`https?://\S+(/invitation\?token=\S+)`)
	oneTimeCode    = regexp.MustCompile(`(?m)^\s*(\d[\d \x{a0}]{4,10}\d)\s*$`)
)

// part is what the pattern finds in a mail.
func (m letter) part(p *regexp.Regexp) (string, error) {
	found := p.FindStringSubmatch(m.Text)
	if found == nil {
		return "", fmt.Errorf("the mail %q lacks what is looked for in it", m.Subject)
	}
	return found[1], nil
}
