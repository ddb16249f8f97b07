package ticket

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/sync"
)

// helpLinkLasts is how long a link to the help with a room counts. Real time.
const helpLinkLasts = 365 * 24 * time.Hour

// purposeHelpLink keeps signatures of these links apart from what else the service's key makes.
const purposeHelpLink = "link to help from sync"

// helpLink is what such a link says. It opens nothing by itself: who follows it signs in, and sees
// what they may see. The signature keeps others from making links that look like ours.
type helpLink struct {
	Account string `json:"account"`
	Place   string `json:"place"` // as Sync names it: it outlives the connection
	Expires int64  `json:"expires"`
}

// signHelpLink returns a link to the help with a place of an account's Sync, without an address.
func (s *Tickets) signHelpLink(accountID, place string) string {
	text, _ := json.Marshal(helpLink{ // it has nothing that JSON lacks
		Account: accountID,
		Place:   place,
		Expires: s.sync.Now().Add(helpLinkLasts).Unix(),
	})
	said := "v1." + base64.RawURLEncoding.EncodeToString(text)
	return said + "." + s.db.Secrets().Fingerprint(purposeHelpLink, said)
}

// AccountOfHelpLink returns the account that a signed link names. One that nobody of ours signed,
// or whose time is over, answers NOT_FOUND.
func (s *Tickets) AccountOfHelpLink(signed string) (string, error) {
	link, err := s.readHelpLink(signed)
	return link.Account, err
}

func (s *Tickets) readHelpLink(signed string) (link helpLink, err error) {
	at := strings.LastIndexByte(signed, '.')
	if at < 0 || len(signed) > 1000 {
		return link, db.NotFound()
	}
	said, signature := signed[:at], signed[at+1:]
	text, version := strings.CutPrefix(said, "v1.")
	ours := slices.ContainsFunc(s.db.Secrets().Fingerprints(purposeHelpLink, said),
		func(own string) bool { return hmac.Equal([]byte(signature), []byte(own)) })
	if !version || !ours {
		return link, db.NotFound()
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || json.Unmarshal(raw, &link) != nil ||
		s.sync.Now().Unix() >= link.Expires {
		return helpLink{}, db.NotFound()
	}
	return link, nil
}

// RoomOfHelpLink returns the room in scope that a signed link is about. A link that does not count,
// and one of an account or a place that the caller does not see, answers NOT_FOUND.
func (s *Tickets) RoomOfHelpLink(ctx context.Context, signed string) (roomID string, err error) {
	link, err := s.readHelpLink(signed)
	if err != nil {
		return "", err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if err := MayView(tx.Scope.Actor.Role); err != nil {
			return err
		}
		var place sync.Place
		err := tx.Scope.Accounts(tx.DB, "account_id").
			Where("account_id = ? AND place = ? AND room_id IS NOT NULL", link.Account, link.Place).
			Take(&place).Error
		if err != nil {
			return db.Found(err)
		}
		roomID = *place.RoomID
		return nil
	})
	return roomID, err
}
