package program

import (
	"context"
	"time"

	"cloud.google.com/go/civil"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
)

// SLAPolicyVersion is one version of what support promises to the tickets of a service. None
// is ever edited: a ticket keeps the one it was opened under.
type SLAPolicyVersion struct {
	Code             string `gorm:"primaryKey"`
	Version          int    `gorm:"primaryKey"`
	Service          catalogue.ServiceType
	AlwaysOn         bool
	ThirdPartyPauses bool
	Promises         map[cover.Severity]cover.SLAPromise `gorm:"serializer:json"`
	EffectiveFrom    string                              // YYYY-MM-DD; "" from the beginning
	Reason           string
	PublishedAt      time.Time
}

// TableName is the table of the versions.
func (SLAPolicyVersion) TableName() string { return "sla_policies" }

func policyRow(p cover.SLAPolicy, reason string, now time.Time) SLAPolicyVersion {
	return SLAPolicyVersion{
		Code:             p.Code,
		Version:          p.Version,
		Service:          p.Service,
		AlwaysOn:         p.AlwaysOn,
		ThirdPartyPauses: p.ThirdPartyPauses,
		Promises:         p.Promises,
		EffectiveFrom:    db.DateText(p.EffectiveFrom),
		Reason:           reason,
		PublishedAt:      now,
	}
}

// Policy returns the version as the rules know it.
func (v SLAPolicyVersion) Policy() cover.SLAPolicy {
	return cover.SLAPolicy{
		Code:             v.Code,
		Version:          v.Version,
		Service:          v.Service,
		AlwaysOn:         v.AlwaysOn,
		ThirdPartyPauses: v.ThirdPartyPauses,
		Promises:         v.Promises,
		EffectiveFrom:    db.DateOf(v.EffectiveFrom),
	}
}

func (v SLAPolicyVersion) facts() map[string]any {
	promises := map[string]any{}
	for s, p := range v.Promises {
		promises[string(rune('0'+s))] = map[string]string{
			"first_response": p.FirstResponse.String(),
			"updates":        p.Updates.String(),
			"restore":        p.Restore.String(),
		}
	}

	return map[string]any{
		"version":            v.Version,
		"effective_from":     v.EffectiveFrom,
		"always_on":          v.AlwaysOn,
		"third_party_pauses": v.ThirdPartyPauses,
		"promises":           promises,
	}
}

// seedPolicies writes the first versions by a query that keeps what is there.
func seedPolicies(q *gorm.DB, now time.Time) error {
	var rows []SLAPolicyVersion
	for _, p := range cover.DefaultPolicies() {
		rows = append(rows, policyRow(p, "", now))
	}
	return q.Create(&rows).Error
}

func (r *Reference) readPolicies(tx *db.Tx) error {
	var rows []SLAPolicyVersion
	if err := tx.Order("code, version").Find(&rows).Error; err != nil {
		return err
	}

	for _, v := range rows {
		r.Policies = append(r.Policies, v.Policy())
	}
	return nil
}

// ListSLAPolicies lists every version of the policies of support, by code and version.
func (s *Programs) ListSLAPolicies(ctx context.Context) ([]SLAPolicyVersion, error) {
	var out []SLAPolicyVersion
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		return tx.Order("code, version").Find(&out).Error
	})
	return out, err
}

// PolicyChange is the next version of a policy, from EffectiveFrom on.
type PolicyChange struct {
	Policy cover.SLAPolicy // its code and version are given here
	Seen   *int            // the version that the caller looked at last; nil: any
	Reason string
}

// PublishSLAPolicy adds the next version of the policy of a service; an earlier one is never
// edited, and tickets that are open keep theirs (R28d). A first day that is missing or in the
// past, and a policy that cannot be kept, answer VALIDATION_FAILED; another version than the
// one that the caller saw VERSION_MISMATCH; no reason REASON_REQUIRED. Each call publishes
// another version.
func (s *Programs) PublishSLAPolicy(
	ctx context.Context, c PolicyChange,
) (SLAPolicyVersion, error) {
	var row SLAPolicyVersion
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if err := CheckSLAPolicy(c, tx.Now()); err != nil {
			return err
		}

		p := c.Policy
		p.Code, p.Version = string(p.Service), 1
		var before []SLAPolicyVersion
		if err := tx.Where("code = ?", p.Code).Order("version DESC").Limit(1).
			Find(&before).Error; err != nil {
			return err
		}

		details := map[string]any{}
		if len(before) > 0 {
			p.Version = before[0].Version + 1
			details["before"] = before[0].facts()
		}
		if c.Seen != nil && *c.Seen != p.Version-1 {
			return moved()
		}

		row = policyRow(p, c.Reason, tx.Now())
		if err := tx.Create(&row).Error; err != nil {
			return err
		}

		details["after"] = row.facts()
		return tx.Audit("sla_policies", nil, false, db.Entry{
			Verb:     "sla_policy.published",
			ObjectID: row.Code,
			Details:  db.WithReason(c.Reason, details),
		})
	})
	if err != nil {
		return row, err
	}

	s.ForgetReference()
	return row, nil
}

// CheckSLAPolicy refuses what PublishSLAPolicy would at an instant, without changing anything.
func CheckSLAPolicy(c PolicyChange, now time.Time) error {
	if err := rules.CheckReason(c.Reason); err != nil {
		return err
	}
	if err := c.Policy.Validate(); err != nil {
		return err
	}

	from, today := c.Policy.EffectiveFrom, civil.DateOf(now.UTC())
	if from == nil || from.Before(today.AddDays(-1)) {
		return rules.Invalid([]rules.FieldError{{
			Pointer: "/effective_from",
			Code:    rules.OutOfRange,
			Message: "A policy cannot begin in the past.",
			Remedy:  "Send today or a later day.",
		}})
	}
	return nil
}
