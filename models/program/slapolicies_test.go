package program_test

import (
	"encoding/json"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
)

// nextSelect is another policy of Select, from a day on, with a time to restore.
func nextSelect(from civil.Date) cover.SLAPolicy {
	p := cover.DefaultPolicies()[0]
	p.EffectiveFrom = &from
	one := p.Promises[cover.Sev1]
	one.Restore = cover.SLATarget{Within: 8 * time.Hour, WarnBefore: time.Hour}
	p.Promises[cover.Sev1] = one
	return p
}

func TestS39_TheDefaultPoliciesAreTheFirstVersions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		ref, err := env.Reference(env.Context)
		require.NoError(t, err)
		require.ElementsMatch(t, cover.DefaultPolicies(), ref.Policies)

		require.NoError(t, env.SeedReference(env.Context))
		all, err := env.ListSLAPolicies(env.Context)
		require.NoError(t, err)
		require.Len(t, all, 2, "seeded once")
	})
}

func TestS39_APolicyIsChangedByANewVersionFromADay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		today := civil.DateOf(env.Now().UTC())
		later := today.AddDays(10)
		publish := func(p cover.SLAPolicy, seen *int, reason string) (program.SLAPolicyVersion, error) {
			return env.PublishSLAPolicy(env.Context, program.PolicyChange{
				Policy: p, Seen: seen, Reason: reason,
			})
		}

		one, two := 1, 2
		v, err := publish(nextSelect(later), &one, "agreed with the customers")
		require.NoError(t, err)
		require.Equal(t, 2, v.Version)
		require.Equal(t, "SELECT", v.Code)

		ref, err := env.Reference(env.Context)
		require.NoError(t, err)
		now, ok := cover.PolicyOn(ref.Policies, catalogue.ServiceSelect, today)
		require.True(t, ok)
		require.Equal(t, 1, now.Version)
		then, ok := cover.PolicyOn(ref.Policies, catalogue.ServiceSelect, later)
		require.True(t, ok)
		require.Equal(t, 2, then.Version)
		require.Equal(t, "8H/1H", then.Promises[cover.Sev1].Restore.String())

		for name, c := range map[string]struct {
			policy cover.SLAPolicy
			seen   *int
			reason string
			want   string
		}{
			"somebody was quicker": {nextSelect(later), &one, "again", rules.VersionMismatch},
			"no reason":            {nextSelect(later), &two, " ", rules.ReasonRequired},
			"in the past":          {nextSelect(today.AddDays(-2)), &two, "x", rules.ValidationFailed},
			"no day":               {cover.DefaultPolicies()[0], &two, "x", rules.ValidationFailed},
			"no service": {
				cover.SLAPolicy{Service: "SYNC_PLUS", EffectiveFrom: &later}, nil, "x",
				rules.ValidationFailed,
			},
		} {
			_, err := publish(c.policy, c.seen, c.reason)
			require.Equal(t, c.want, rules.CodeOf(err), name)
		}

		details := env.Strings(t, `SELECT CAST(details AS text) FROM audit_events
			WHERE verb = 'sla_policy.published'`)
		require.Len(t, details, 1)
		require.Contains(t, details[0], "8H/1H")
		require.Contains(t, details[0], "agreed with the customers")

		require.ErrorContains(t, env.Exec("UPDATE sla_policies SET version = 9"), "append-only")
		require.ErrorContains(t, env.Exec("DELETE FROM sla_policies"), "append-only")
	})
}

func TestR28d_WhatIsFrozenNamesEveryPromiseOfItsPolicies(t *testing.T) {
	p := nextSelect(civil.Date{Year: 2026, Month: 12, Day: 1})
	text, err := json.Marshal(cover.Frozen{Policies: []cover.SLAPolicy{p}})
	require.NoError(t, err)
	var read cover.Frozen
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, p, read.Policies[0])
}
