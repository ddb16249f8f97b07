package identity

import (
	"context"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// SeedNextInvitations gives live invitations of an earlier release the instant at which their
// workflow has to do something next. Again it changes nothing.
func (s *People) SeedNextInvitations(ctx context.Context) error {
	ref, err := s.programs.Reference(ctx)
	if err != nil {
		return err
	}

	for last := ""; ; {
		var some []struct {
			Invitation
			TimeZone string
		}
		err := s.db.Write(ctx, func(tx *db.Tx) error {
			some = nil
			err := tx.Model(&Invitation{}).
				Select("invitations.*, a.time_zone").
				Joins("JOIN accounts a ON a.id = invitations.account_id").
				Where("invitations.state IN ? AND next_at IS NULL AND invitations.id > ?",
					liveInvitations, last).
				Order("invitations.id").Limit(500).Find(&some).Error
			if err != nil {
				return err
			}

			for _, inv := range some {
				ahead := rules.RemindersAhead(inv.IssuedAt, inv.ExpiresAt, tx.Now(),
					ref.Program.InviteReminderDays, db.ZoneOf(inv.TimeZone))
				next := rules.NextOfInvitation(ahead, inv.ExpiresAt)
				err := tx.Model(&Invitation{}).
					Where("id = ? AND state IN ? AND next_at IS NULL", inv.ID, liveInvitations).
					Update("next_at", next).Error
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(some) == 0 {
			return err
		}
		last = some[len(some)-1].ID
	}
}
