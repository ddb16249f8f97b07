package saml

import (
	"encoding/base64"
	"errors"
	"time"
)

// LibraryAlone reads an answer without a look at its shape, as the second of two guards. It
// returns an error unless the answer makes somebody of whom the name is given.
func (c Connection) LibraryAlone(answer string, asked Asked, now time.Time, who string) error {
	plain, err := base64.StdEncoding.DecodeString(answer)
	if err != nil {
		return err
	}
	party, err := c.at(now)
	if err != nil {
		return err
	}
	a, err := party.ParseXMLResponse(plain, []string{asked.RequestID}, party.AcsURL)
	if err != nil {
		return err
	}
	if a.Subject.NameID.Value != who {
		return errors.New("somebody else")
	}
	return nil
}
