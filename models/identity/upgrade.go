package identity

import (
	"context"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/rules"
)

// SeedNextInvitations gives live invitations of an earlier release the instant at which their
// workflow has to do something next. So it does where a worker of that release, which keeps
// none, reminded since the one that stands there. Again it changes nothing.
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
				Where("invitations.state IN ? AND invitations.id > ?", liveInvitations, last).
				Where("next_at IS NULL OR next_at <= ? AND EXISTS (?)", tx.Now(),
					notification.RemindedSinceNext(tx, rules.TemplateInvitationReminder,
						"invitations")).
				Order("invitations.id").Limit(500).Find(&some).Error
			if err != nil {
				return err
			}

			for _, inv := range some {
				if err := seedNext(tx, ref, inv.Invitation, inv.TimeZone); err != nil {
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

// seedNext gives one invitation its instant: the first after its last reminder, where a worker
// of an earlier release made one, else the first that is still to come.
func seedNext(tx *db.Tx, ref program.Reference, inv Invitation, zone string) error {
	from := tx.Now()
	if inv.NextAt != nil {
		var err error
		from, err = notification.LastMadeAt(tx, rules.TemplateInvitationReminder, inv.ID)
		if err != nil {
			return err
		}
	}

	ahead := rules.RemindersAhead(inv.IssuedAt, inv.ExpiresAt, from,
		ref.Program.InviteReminderDays, db.ZoneOf(zone))
	res := tx.Model(&Invitation{}).
		Where("id = ? AND state IN ?", inv.ID, liveInvitations).
		Where("next_at IS NULL OR next_at <= ?", from).
		Update("next_at", rules.NextOfInvitation(ahead, inv.ExpiresAt))
	if res.Error != nil || res.RowsAffected == 0 || inv.NextAt == nil {
		return res.Error
	}
	return tx.Settle(db.TaskProcessStuck, inv.ID, "it goes on")
}
