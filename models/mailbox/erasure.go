package mailbox

import (
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
)

// Erasures is what becomes of the mails that a person sent (S33): their bytes and texts go; kind,
// decision and ids stay. What others wrote of the person goes with its retention: a mail belongs to
// no account, and whoever bears a common name would take everybody's mails away.
func Erasures() []db.Erasure {
	return []db.Erasure{
		{
			Table: "inbox_items",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("sender = ?", p.Email)
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return emptyItems(tx, ids)
			},
		},
		{
			Table: "inbound_mail_chunks",
			Key:   "mail_id",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				own := tx.Table("inbound_mails").Select("id").
					Where("sender = ? OR lower(envelope_from) = ?", p.Email, p.Email)
				return tx.Where("mail_id IN (?)", own)
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return tx.Delete(&InboundMailChunk{}, "mail_id IN ?", ids).Error
			},
		},
		{
			Table: "inbound_mails",
			Rows: func(tx *db.Tx, p db.Person) *gorm.DB {
				return tx.Where("sender = ? OR lower(envelope_from) = ? OR lower(envelope_to) = ?",
					p.Email, p.Email, p.Email)
			},
			Erase: func(tx *db.Tx, _ db.Person, ids []string) error {
				return emptyMails(tx, ids)
			},
		},
	}
}

func emptyItems(tx *db.Tx, ids []string) error {
	return tx.Model(&InboxItem{}).Where("id IN ?", ids).
		Select("sender", "sender_name", "subject", "body", "quoted", "attachments", "message_id",
			"proof_note", "code_hash").
		Updates(&InboxItem{Attachments: []ItemFile{}}).Error
}

func emptyMails(tx *db.Tx, ids []string) error {
	return tx.Model(&InboundMail{}).Where("id IN ?", ids).
		Select("sender", "envelope_from", "envelope_to").Updates(&InboundMail{}).Error
}

// PruneMails deletes the bytes of mails from before the instant, whatever became of them, and
// empties who sent them and what decided items say. An item that still waits for an operator keeps
// its texts until it is decided.
func PruneMails(tx *db.Tx, before time.Time, limit int) (int64, error) {
	waits := tx.Table("inbox_items").Select("1").
		Where("mail_id = inbound_mails.id AND inbox_items.state = ?", ItemOpen)
	bytes := tx.Table("inbound_mail_chunks").Select("1").Where("mail_id = inbound_mails.id")
	var old []struct {
		ID    string
		Waits bool
	}
	err := tx.Model(&InboundMail{}).Select("id, EXISTS (?) AS waits", waits).
		Where("received_at < ? AND state <> ?", before, MailReceived).
		Where("EXISTS (?) OR (sender <> '' OR envelope_to <> '') AND NOT EXISTS (?)",
			bytes, waits).
		Order("received_at").Limit(min(limit, 500)).Scan(&old).Error
	if err != nil || len(old) == 0 {
		return 0, err
	}

	var all, decided []string
	for _, m := range old {
		all = append(all, m.ID)
		if !m.Waits {
			decided = append(decided, m.ID)
		}
	}
	if err := tx.Delete(&InboundMailChunk{}, "mail_id IN ?", all).Error; err != nil {
		return 0, err
	}
	var items []string
	err = tx.Model(&InboxItem{}).Where("mail_id IN ?", decided).Pluck("id", &items).Error
	if err != nil {
		return 0, err
	}
	if err := emptyItems(tx, items); err != nil {
		return 0, err
	}
	return int64(len(all)), emptyMails(tx, decided)
}
