package sync

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/health"
)

// Upload is what somebody uploads: a certificate and its key, each as PEM.
type Upload struct {
	Region      string
	Certificate []byte
	Key         []byte
	Reason      string // operators
}

// longestUpload bounds each file; such a certificate has two kilobytes.
const longestUpload = 64 << 10

// read is an upload that can be used.
type read struct {
	pair        tls.Certificate
	org         string
	fingerprint string
	ends        time.Time
}

// readUpload reads a certificate and its key, and refuses what nobody could connect with.
func readUpload(u Upload, now time.Time) (read, error) {
	if len(u.Certificate) > longestUpload || len(u.Key) > longestUpload {
		return read{}, unreadable()
	}
	block, _ := pem.Decode(u.Certificate)
	if block == nil || block.Type != "CERTIFICATE" {
		return read{}, unreadable()
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return read{}, unreadable()
	}
	if key, _ := pem.Decode(u.Key); key == nil || !strings.Contains(key.Type, "PRIVATE KEY") {
		return read{}, unreadable()
	}
	pair, err := tls.X509KeyPair(u.Certificate, u.Key)
	if err != nil {
		return read{}, rules.Refuse(KeyDiffers,
			"The key cannot be read, or is that of another certificate.",
			"Upload the two files that Sync made together.")
	}
	if !now.Before(leaf.NotAfter) {
		return read{}, rules.Refuse(Expired, "This certificate is over.",
			"Make a new one in Sync, and upload that.")
	}
	org := ""
	if len(leaf.Subject.Organization) > 0 {
		org = strings.TrimSpace(leaf.Subject.Organization[0])
	}
	if org == "" || len(org) > 100 || !rules.Storable(org) {
		return read{}, rules.Refuse(NoOrganisation, "This certificate names no organization.",
			"Upload the certificate that Sync made for its Cloud API.")
	}
	sum := sha256.Sum256(leaf.Raw)
	return read{pair, org, hex.EncodeToString(sum[:]), leaf.NotAfter.UTC()}, nil
}

func unreadable() error {
	return rules.Refuse(Unreadable, "These files are no certificate and key.",
		"Upload certificate.pem and privateKey.pem as Sync made them.")
}

// Purposes keep the two texts of a certificate apart from what else is encrypted.
const (
	purposeCertificate = "sync certificate"
	purposeKey         = "sync private key"
)

// Encrypted are the columns of what customers entrust to us of their Sync.
func Encrypted() []db.Encrypted {
	return []db.Encrypted{
		{
			Table:   Certificate{}.TableName(),
			Column:  "certificate",
			Purpose: purposeCertificate,
			OfRow:   true,
		},
		{
			Table:   Certificate{}.TableName(),
			Column:  "private_key",
			Purpose: purposeKey,
			OfRow:   true,
		},
		{Table: Secret{}.TableName(), Column: "secret", Purpose: purposeSecret, OfRow: true},
	}
}

func newCertificate(tx *db.Tx, c Connection, u Upload, r read, place int) Certificate {
	id := db.NewID(db.PrefixSyncKey)
	return Certificate{
		ID:           id,
		AccountID:    c.AccountID,
		ConnectionID: c.ID,
		Place:        place,
		Certificate:  tx.Secrets().Encrypt(purposeCertificate+id, string(u.Certificate)),
		PrivateKey:   tx.Secrets().Encrypt(purposeKey+id, string(u.Key)),
		Fingerprint:  r.fingerprint,
		EndsAt:       r.ends,
		CreatedBy:    tx.Scope.Actor.ID,
		CreatedAt:    tx.Now(),
	}
}

// pairOf decrypts a certificate with its key; ok is false where no key of the service reads them.
func (s *Sync) pairOf(c Certificate) (pair tls.Certificate, ok bool) {
	certificate, readable := s.db.Secrets().Decrypt(purposeCertificate+c.ID, c.Certificate)
	key, also := s.db.Secrets().Decrypt(purposeKey+c.ID, c.PrivateKey)
	if !readable || !also {
		return pair, false
	}
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	return pair, err == nil
}

// liveCertificates are a connection's, in the order in which they are tried: one that Sync refused
// last, and of the others the one that lasts longest first.
func liveCertificates(tx *db.Tx, connectionID string) ([]Certificate, error) {
	var out []Certificate
	err := tx.Find(&out, "connection_id = ? AND removed_at IS NULL", connectionID).Error
	slices.SortFunc(out, func(a, b Certificate) int {
		switch {
		case a.RefusedAt == nil && b.RefusedAt != nil:
			return -1
		case a.RefusedAt != nil && b.RefusedAt == nil:
			return 1
		}
		return b.EndsAt.Compare(a.EndsAt)
	})
	return out, err
}

// EndingCertificates lists, of each connection, the certificate that lasts longest where it ends
// before an instant, or has ended, by the connection's id. For the service and its operators.
func (s *Sync) EndingCertificates(ctx context.Context, before time.Time) ([]Certificate, error) {
	var out []Certificate
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		return tx.
			Where("removed_at IS NULL AND ends_at < ?", before).
			Where(`NOT EXISTS (
				SELECT 1 FROM sync_certificates longer
				WHERE longer.connection_id = sync_certificates.connection_id
					AND longer.removed_at IS NULL
					AND (longer.ends_at, longer.id)
						> (sync_certificates.ends_at, sync_certificates.id))`).
			Order("connection_id").Find(&out).Error
	})
	return out, err
}

// AddCertificate adds a second certificate to an account's connection, once Sync has let it in: it
// takes over from the first without a gap. Refusals are those of Connect, SYNC_OTHER_ORGANISATION
// for one of another organisation, and SYNC_TWO_CERTIFICATES where there are two. The same again
// changes nothing.
func (s *Sync) AddCertificate(
	ctx context.Context, vendor Vendor, accountID string, u Upload,
) (Connection, error) {
	r, err := readUpload(u, s.Now())
	if err != nil {
		return Connection{}, err
	}
	before, err := s.ConnectionOf(ctx, accountID)
	if err != nil {
		return Connection{}, err
	}
	if err := s.may(ctx, accountID, u.Reason); err != nil {
		return Connection{}, err
	}
	if before.SyncOrg != r.org {
		return Connection{}, rules.Refuse(OtherOrg,
			"This certificate is of another organization of Sync.",
			"Upload one of the organization that is connected, or disconnect that first.")
	}
	if err := try(ctx, vendor, before.Region, r); err != nil {
		return Connection{}, err
	}

	return s.change(ctx, accountID, u.Reason, func(tx *db.Tx, c *Connection) error {
		live, err := liveCertificates(tx, c.ID)
		if err != nil {
			return err
		}
		for _, l := range live {
			if l.Fingerprint == r.fingerprint {
				return nil
			}
		}
		if len(live) > 1 {
			return rules.Refuse(TooManyKeys, "There are two certificates already.",
				"Remove the one that is not needed any more.")
		}
		place := 1
		if len(live) == 1 {
			place = 3 - live[0].Place // the other of 1 and 2
		}
		if c.SyncOrg != r.org {
			return db.NotFound() // it was disconnected meanwhile, and connected anew
		}
		made := newCertificate(tx, *c, u, r, place)
		if err := tx.Create(&made).Error; err != nil {
			return err
		}
		c.dueNow(s.Now())
		return account.Audit(tx, c.AccountID, c.entry("sync.certificate_added", map[string]any{
			"certificate": made.ID,
			"ends":        made.EndsAt.Format(time.DateOnly),
		}, u.Reason))
	})
}

// RemoveCertificate forgets a certificate with its key. The last one stays until the account is
// disconnected (SYNC_LAST_CERTIFICATE). Again it changes nothing; one that never was the
// connection's answers NOT_FOUND.
func (s *Sync) RemoveCertificate(
	ctx context.Context, accountID, certificateID, reason string,
) (Connection, error) {
	return s.change(ctx, accountID, reason, func(tx *db.Tx, c *Connection) error {
		live, err := liveCertificates(tx, c.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(live, func(l Certificate) bool { return l.ID == certificateID })
		if at < 0 { // it was removed before, or never was one of these
			var there Certificate
			return db.Found(tx.First(&there, "id = ? AND connection_id = ?",
				certificateID, c.ID).Error)
		}
		if len(live) == 1 {
			return rules.Refuse(LastKey, "This is the only certificate.",
				"Add another one first, or disconnect Sync.")
		}
		if err := forgetKeys(tx, "id = ?", certificateID); err != nil {
			return err
		}
		c.dueNow(s.Now())
		return account.Audit(tx, c.AccountID, c.entry("sync.certificate_removed", map[string]any{
			"certificate": certificateID,
		}, reason))
	})
}

// forgetKeys ends certificates, and empties what was secret of them.
func forgetKeys(tx *db.Tx, where string, arg any) error {
	return tx.Model(&Certificate{}).Where("removed_at IS NULL").Where(where, arg).
		Updates(map[string]any{
			"removed_at":  tx.Now(),
			"certificate": "",
			"private_key": "",
		}).Error
}

// try asks Sync whether it lets a certificate in, and says in words what is wrong.
func try(ctx context.Context, vendor Vendor, region string, r read) error {
	err := vendor.Try(ctx, region, r.org, r.pair)
	trouble, ok := health.TroubleOf(err)
	if !ok {
		return err
	}
	switch trouble.Code {
	case health.Refused:
		return rules.Refuse(NotLetIn,
			"Sync does not let this certificate in: the organization has no license that includes "+
				"its Cloud API, or the certificate was deactivated.",
			"Look in Sync whether the license is active and the certificate is listed, choose the "+
				"region in which you use Sync, or make a new certificate.")
	case health.Throttled:
		return rules.Refuse(AskedTooOften, "Sync has been asked too often.",
			"Try again in some minutes.")
	}
	return rules.Refuse(NoAnswer, "Sync gives no answer.", "Try again later.")
}
