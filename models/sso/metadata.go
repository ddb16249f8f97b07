package sso

import (
	"context"
	"slices"
	"time"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/sso/saml"
)

// ProviderOf reads the identity provider of a connection by SAML from its last good metadata; a
// saml.Refusal says why nobody could sign in with it any more.
func (s *SSO) ProviderOf(c Connection) (saml.Provider, error) {
	return saml.ReadProvider([]byte(c.MetadataXML), db.RealNow())
}

// SAMLByID finds a connection by SAML that is not switched off, also one that signs nobody in yet;
// any other answers NOT_FOUND.
func (s *SSO) SAMLByID(ctx context.Context, id string) (Connection, error) {
	var c Connection
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return db.Found(tx.First(&c, "id = ? AND kind = ? AND state <> ?", id, SAML, Off).Error)
	})
	return c, err
}

// Metadata is what an administrator gives about a SAML provider: the address of its metadata, or
// nothing where it was handed over by itself, and what stands there.
type Metadata struct {
	URL string
	XML []byte
}

// ConfigureSAML stores the metadata of a provider. What nobody could sign in with is refused with
// its saml.Refusal. One that lets people in is not changed under them: STATE_CONFLICT. The same
// metadata again changes nothing.
func (s *SSO) ConfigureSAML(
	ctx context.Context, accountID, id string, m Metadata,
) (Connection, error) {
	p, err := saml.ReadProvider(m.XML, db.RealNow())
	if err != nil {
		return Connection{}, err
	}

	return s.change(ctx, accountID, id, func(tx *db.Tx, acc account.Account, c *Connection) error {
		if c.State != Draft || c.Kind != SAML {
			return rules.Refuse(rules.StateConflict, "This connection is in use.",
				"Make another one beside it, and switch over once it has been tried.")
		}
		if c.MetadataXML == string(m.XML) && c.MetadataURL == m.URL {
			return nil
		}
		c.MetadataURL = m.URL
		c.read(p, m.XML)
		c.ChangedAt = db.RealNow()
		c.Version++
		return account.Audit(tx, acc.ID, c.entry("connection.changed"))
	})
}

// read takes metadata over.
func (c *Connection) read(p saml.Provider, metadata []byte) {
	now := db.RealNow()
	ends := p.Ends().UTC()
	if c.CertificatesUntil == nil || !c.CertificatesUntil.Equal(ends) {
		c.RemindedDays = 0
	}
	c.Issuer = p.EntityID
	c.MetadataXML = string(metadata)
	c.MetadataReadAt = &now
	c.CertificatesUntil = &ends
}

// metadataFresh is how long metadata counts before its address is asked again.
const metadataFresh = 24 * time.Hour

// MetadataDue are the connections whose metadata has to be read again from its address, behind an
// id, a few at a time.
func (s *SSO) MetadataDue(ctx context.Context, after string, most int) ([]Connection, error) {
	var due []Connection
	err := s.db.Read(db.WithSystem(ctx), func(tx *db.Tx) error {
		return tx.Where("kind = ? AND state <> ?", SAML, Off).
			Where("metadata_url <> '' AND id > ?", after).
			Where("metadata_read_at <= ?", db.RealNow().Add(-metadataFresh)).
			Order("id").Limit(most).Find(&due).Error
	})
	return due, err
}

// refreshBatch is how many connections are read at once.
const refreshBatch = 100

// RefreshDue reads the metadata that is due again by fetch, from the addresses that customers
// typed. One that fails keeps no other from its turn: it is tried again with the next call, and
// what it has stays. It returns how many failed.
func (s *SSO) RefreshDue(
	ctx context.Context, fetch func(ctx context.Context, address string) ([]byte, error),
) (failed int, err error) {
	for after := ""; ; {
		due, err := s.MetadataDue(ctx, after, refreshBatch)
		if err != nil || len(due) == 0 {
			return failed, err
		}
		for _, c := range due {
			after = c.ID
			metadata, err := fetch(ctx, c.MetadataURL)
			if err == nil {
				err = s.Refresh(ctx, c, metadata)
			}
			if err != nil && saml.ReasonOf(err) == "" {
				return failed, err
			}
			if err != nil {
				failed++
			}
		}
	}
}

// Refresh takes over what stands at the address of a connection's metadata now. Metadata that
// nobody could sign in with, or of another provider, is refused with its saml.Refusal, and the
// last good one stays. A connection that was changed meanwhile stays as it is.
func (s *SSO) Refresh(ctx context.Context, c Connection, metadata []byte) error {
	p, err := saml.ReadProvider(metadata, db.RealNow())
	if err != nil {
		return err
	}
	if p.EntityID != c.Issuer {
		return &saml.Refusal{Reason: saml.Issuer}
	}

	return s.db.Write(db.WithSystem(ctx), func(tx *db.Tx) error {
		var now Connection
		err := tx.ForUpdate().First(&now, "id = ?", c.ID).Error
		if err != nil {
			return db.Found(err)
		}
		if now.State == Off || now.MetadataURL != c.MetadataURL || now.Issuer != c.Issuer {
			return nil
		}

		changed := trustOf(now.MetadataXML) != trustOf(string(metadata))
		now.read(p, metadata)
		err = tx.Model(&Connection{}).Where("id = ?", c.ID).
			Select("metadata_xml", "metadata_read_at", "certificates_until", "reminded_days").
			Updates(&now).Error
		if err != nil || !changed {
			return err
		}
		if !now.CertificateEnds(db.RealNow()) {
			if err := certificateSettled(tx, now.ID); err != nil {
				return err
			}
		}
		return account.Audit(tx, now.AccountID, now.entry("connection.metadata_changed"))
	})
}

// trustOf is what metadata makes us trust: the keys, and where people are sent to.
func trustOf(metadata string) (trust string) {
	p, err := saml.ReadProvider([]byte(metadata), time.Time{})
	if err != nil {
		return ""
	}
	var keys []string
	for _, c := range p.Certificates {
		keys = append(keys, c.Fingerprint)
	}
	slices.Sort(keys)
	trust = p.SignInURL
	for _, key := range keys {
		trust += " " + key
	}
	return trust
}
