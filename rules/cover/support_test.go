package cover

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/rulestest"
	"roomcover.dev/roomcover/rules/testday"
)

func TestR29_SetupThroughLocalDay90WithoutSelect(t *testing.T) {
	f := plainRoom(t)
	f.JumpStarts = []ContractFacts{jumpStart(t, "2026-01-01")}
	a := Cover(f, rulestest.Noon(t, "2026-04-01"), ForSetup)
	require.True(t, a.Covered)
	require.Equal(t, ByJumpStart, a.Entitlement.Kind)
	require.Equal(t, "con_js", a.Entitlement.ContractID)
	require.Equal(t, "JUMPSTART", a.SLAPolicy)
	require.Equal(t, "2026-04-01", lastDay(t, a.Until))
	require.Equal(t, []string{"en", "pt-BR"}, a.Languages)
	require.Empty(t, a.Features)
	require.Nil(t, a.SupportUntil)
	after := Cover(f, rulestest.Midnight(t, "2026-04-02"), ForSetup)
	require.Equal(t, rules.NotCovered, after.Code)
	require.True(t, after.Has(ReasonJumpStartEnded))
	require.True(t, after.Has(ReasonNoAssignment))
	require.Equal(t, rules.NotCovered, Cover(f, rulestest.Noon(t, "2026-03-01"), ForTechnical).Code, "setup only")
	require.Equal(t, rules.NotCovered, Cover(f, rulestest.Noon(t, "2026-03-01"), ForHardware).Code)
}

func TestR30b_JumpStartStandsAlone(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	f.JumpStarts = []ContractFacts{jumpStart(t, "2026-01-01")}
	f.Licences[0].Contract.State = rules.ContractCancelled
	f.Licences[0].Contract.CancelledAt = rulestest.NoonPtr(t, "2026-01-20")
	a := Cover(f, rulestest.Noon(t, "2026-02-01"), ForSetup)
	require.True(t, a.Covered)
	require.Equal(t, ByJumpStart, a.Entitlement.Kind)
	require.Equal(t, rules.NotCovered, Cover(f, rulestest.Noon(t, "2026-02-01"), ForTechnical).Code)

	unplaced := oneDevice(t, "TAP", "2026-01-01")
	unplaced.JumpStarts = f.JumpStarts
	require.True(t, Cover(unplaced, rulestest.Noon(t, "2026-02-01"), ForSetup).Covered,
		"setting up comes before placing")
	f.Terms = nil
	require.True(t, Cover(f, rulestest.Noon(t, "2026-02-01"), ForSetup).Covered, "terms are those of Select")
	f.JumpStarts[0].State, f.JumpStarts[0].CancelledAt = rules.ContractCancelled, rulestest.NoonPtr(t, "2026-01-30")
	require.False(t, Cover(f, rulestest.Noon(t, "2026-02-01"), ForSetup).Covered)
}

func TestR31_SetupAndTechnicalTicketsAtAnyTimeInTerm(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2029-01-01")
	day400 := rules.StartOfDay(testday.Day(t, "2026-01-01").AddDays(400), f.Zone)
	for _, purpose := range []Purpose{ForSetup, ForTechnical, ForHardware} {
		require.True(t, Cover(f, day400, purpose).Covered)
	}
	require.Equal(t, "SELECT", Cover(f, day400, ForSetup).SLAPolicy)
}

func TestR32a_BestSLAOfSeveralEntitlements(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	f.JumpStarts = []ContractFacts{jumpStart(t, "2026-01-01")}
	a := Cover(f, rulestest.Noon(t, "2026-02-01"), ForSetup)
	require.Equal(t, "SELECT", a.SLAPolicy)
	require.Equal(t, 1, a.SLAVersion)
	require.Equal(t, BySelect, a.Entitlement.Kind)
	require.Equal(t, []string{ReasonSelect, ReasonJumpStart, ReasonBestPolicy, ReasonSyncPremium}, codes(a))

	better := DefaultPolicies()[1]
	better.Promises = map[Severity]SLAPromise{Sev1: {FirstResponse: SLATarget{Within: time.Minute}}}
	f.Policies = []SLAPolicy{DefaultPolicies()[0], better}
	a = Cover(f, rulestest.Noon(t, "2026-02-01"), ForSetup)
	require.Equal(t, "JUMPSTART", a.SLAPolicy)
	require.Equal(t, ByJumpStart, a.Entitlement.Kind, "the entitlement is the one whose SLA is used")
	require.Equal(t, []SLAPolicy{better, DefaultPolicies()[0]}, a.Policies, "the best first")

	f.Policies = []SLAPolicy{better}
	require.Equal(t, "JUMPSTART",
		Cover(f, rulestest.Noon(t, "2026-02-01"), ForSetup).SLAPolicy, "none published for Select")
	require.Empty(t, Cover(f, rulestest.Noon(t, "2026-02-01"), ForTechnical).SLAPolicy)
}

func TestR32a_NothingIsChosenOfOneEntitlement(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2024-06-01")), "2026-01-01", "2031-01-01")
	for _, purpose := range []Purpose{ForHardware, ForSetup} {
		a := Cover(f, rulestest.Noon(t, "2028-02-01"), purpose) // the standard warranty is over
		require.True(t, a.Covered)
		require.NotContains(t, codes(a), ReasonFastest)
		require.NotContains(t, codes(a), ReasonBestPolicy)
	}
}

func TestR34a_LicencesGrantSyncPremium(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "TAP", "2026-01-01")), "2026-01-01", "2027-01-01")
	for _, purpose := range []Purpose{ForHardware, ForTechnical, ForSetup} {
		require.Equal(t, []Feature{SyncPremium}, Cover(f, rulestest.Noon(t, "2026-02-01"), purpose).Features)
	}
	require.Empty(t, Cover(f, rulestest.Noon(t, "2027-01-01"), ForHardware).Features)
	f.Licences[0].Contract.Type = catalogue.ServiceSyncPlus
	a := Cover(f, rulestest.Noon(t, "2026-02-01"), ForTechnical)
	require.Equal(t, []Feature{SyncPremium}, a.Features)
	require.Equal(t, rules.NotCovered, a.Code, "SyncPlus brings no support")
	require.Empty(t, a.Languages)
}

func TestR39c_NoAssignmentNoService(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	f.RoomID = "room_b"
	for _, purpose := range []Purpose{ForHardware, ForTechnical, ForSetup} {
		a := Cover(f, rulestest.Noon(t, "2026-02-01"), purpose)
		require.Equal(t, rules.NotCovered, rules.CodeOf(a.Refusal()))
		require.Equal(t, []string{rules.NotCovered, ReasonNoAssignment}, codes(a))
		require.Nil(t, a.Until)
		require.Nil(t, a.Entitlement)
		require.Empty(t, a.SLAPolicy)
	}
}

func TestR28a_DeviceMovedToAnUncoveredRoomIsUncovered(t *testing.T) {
	f := withSelect(t, oneDevice(t, "RALLY-BAR", "2023-01-01"), "2026-01-01", "2027-01-01")
	f.Device.Placements = []Placement{
		{"room_a", rulestest.Noon(t, "2025-01-01"), rulestest.NoonPtr(t, "2026-03-01")},
		{"room_b", rulestest.Noon(t, "2026-03-01"), nil},
	}
	require.True(t, Cover(f, rulestest.Noon(t, "2026-03-01").Add(-1), ForHardware).Covered)
	after := Cover(f, rulestest.Noon(t, "2026-03-01"), ForHardware)
	require.Equal(t, rules.NotCovered, after.Code)
	require.Equal(t, "room_b", after.RoomID)
	require.True(t, after.Has(ReasonWarrantyEnded))
}

func TestR28b_LicenceMoveKeepsStartAndEnd(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	before := Cover(f, rulestest.Noon(t, "2026-04-10"), ForTechnical)
	moved := rulestest.Noon(t, "2026-04-11") // day 100
	f.Licences[0].Assignments = []Assignment{
		{RoomID: "room_a", From: rulestest.Noon(t, "2026-01-01"), To: &moved},
		{RoomID: "room_b", From: moved},
	}
	require.Equal(t, rules.NotCovered, Cover(f, moved, ForTechnical).Code)
	f.RoomID = "room_b"
	after := Cover(f, moved, ForTechnical)
	require.True(t, after.Covered)
	require.Equal(t, before.Until, after.Until)
	require.False(t, Cover(f, moved.Add(-1), ForTechnical).Covered)
}

func TestR28d_S3_FrozenEntitlementStays(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2024-06-01")), "2026-01-01", "2027-01-01")
	opened := rulestest.Midnight(t, "2027-01-01").Add(-1) // the last day
	z, err := Freeze(Cover(f, opened, ForHardware))
	require.NoError(t, err)
	body, err := json.Marshal(z)
	require.NoError(t, err)
	var stored Frozen
	require.NoError(t, json.Unmarshal(body, &stored))
	a := stored.Answer(rulestest.Noon(t, "2027-01-20"))
	require.True(t, a.Covered)
	require.NoError(t, a.Refusal())
	require.Equal(t, calendar.SpeedNBD, a.RMASpeed)
	require.Equal(t, BySelect, a.Entitlement.Kind)
	require.Equal(t, []string{ReasonFrozen}, codes(a))

	_, err = Freeze(Cover(f, rulestest.Midnight(t, "2027-01-01"), ForHardware))
	require.Equal(t, rules.NotCovered, rules.CodeOf(err), "one opened the next day is refused")
	ticket, err := Freeze(Cover(f, opened, ForTechnical))
	require.NoError(t, err)
	require.Equal(t, "SELECT", ticket.Answer(rulestest.Noon(t, "2028-01-01")).SLAPolicy)
	require.Equal(t, []Feature{SyncPremium}, ticket.Answer(rulestest.Noon(t, "2028-01-01")).Features)
}

func TestS3_ExpiryIsToTheInstantWhateverTheStateSays(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	for _, state := range []rules.ContractState{
		rules.ContractActive, rules.ContractExpired, rules.ContractPendingStart,
	} {
		f.Licences[0].Contract.State = state
		require.True(t, Cover(f, rulestest.Midnight(t, "2027-01-01").Add(-1), ForTechnical).Covered)
		over := Cover(f, rulestest.Midnight(t, "2027-01-01"), ForTechnical)
		require.Equal(t, []string{rules.NotCovered, ReasonContractEnded}, codes(over))
	}
}

func TestR39c_WhyALicenceDoesNotServe(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*LicenceFacts)
		want   string
	}{
		{"not started", func(l *LicenceFacts) { l.Contract.Period = nil }, ReasonNotStarted},
		{"starts later", func(l *LicenceFacts) {
			l.Contract.Period = rulestest.Period(t, "2026-05-01", "2027-05-01")
		}, ReasonNotStarted},
		{"over", func(l *LicenceFacts) {
			l.Contract.Period = rulestest.Period(t, "2025-02-01", "2026-02-01")
		}, ReasonContractEnded},
		{"cancelled", func(l *LicenceFacts) {
			l.Contract.State, l.Contract.CancelledAt = rules.ContractCancelled, rulestest.NoonPtr(t, "2026-01-15")
		}, ReasonCancelled},
		{"cancelled without a time", func(l *LicenceFacts) {
			l.Contract.State = rules.ContractCancelled
		}, ReasonCancelled},
		{"revoked", func(l *LicenceFacts) { l.RevokedAt = rulestest.NoonPtr(t, "2026-01-15") }, ReasonCancelled},
		{"suspended", func(l *LicenceFacts) {
			l.Contract.State, l.Contract.Suspensions = rules.ContractSuspended, []Suspension{
				{From: rulestest.Noon(t, "2026-01-15")},
			}
		}, ReasonSuspended},
		{"suspended without a time", func(l *LicenceFacts) {
			l.Contract.State = rules.ContractSuspended
		}, ReasonSuspended},
		{"released", func(l *LicenceFacts) {
			l.Assignments[0].To = rulestest.NoonPtr(t, "2026-01-15")
		}, ReasonNoAssignment},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
			c.change(&f.Licences[0])
			require.Equal(t, []string{rules.NotCovered, c.want},
				codes(Cover(f, rulestest.Noon(t, "2026-02-01"), ForTechnical)))
		})
	}
}

func TestSuspensionPausesServiceAndMovesNoEnd(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	f.Licences[0].Contract.Suspensions = []Suspension{
		{rulestest.Noon(t, "2026-03-01"), rulestest.NoonPtr(t, "2026-04-01")},
	}
	require.Equal(t, rulestest.Noon(t, "2026-03-01"), *Cover(f, rulestest.Noon(t, "2026-02-01"), ForTechnical).Until)
	require.False(t, Cover(f, rulestest.Noon(t, "2026-03-01"), ForTechnical).Covered)
	require.Equal(t, "2027-01-01", endDay(t, Cover(f, rulestest.Noon(t, "2026-04-01"), ForTechnical).Until))
}

func TestS8_CancelledLicenceLeavesHistory(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	f.Licences[0].RevokedAt = rulestest.NoonPtr(t, "2026-01-20")
	require.True(t, Cover(f, rulestest.Noon(t, "2026-01-19"), ForTechnical).Covered, "the past stays as it was")
	require.False(t, Cover(f, rulestest.Noon(t, "2026-01-20"), ForTechnical).Covered)
}

func TestS28_ArchivedRoomIsNotCovered(t *testing.T) {
	f := withSelect(t, inRoom(t, oneDevice(t, "RALLY-BAR", "2026-01-01")), "2026-01-01", "2029-01-01")
	f.JumpStarts = []ContractFacts{jumpStart(t, "2026-01-01")}
	f.Rooms[0].ArchivedAt = rulestest.NoonPtr(t, "2026-02-01")
	require.Equal(t, rulestest.Noon(t, "2026-02-01"), *Cover(f, rulestest.Noon(t, "2026-01-15"), ForTechnical).Until)
	for _, purpose := range []Purpose{ForTechnical, ForSetup} {
		a := Cover(f, rulestest.Noon(t, "2026-02-01"), purpose)
		require.Equal(t, rules.NotCovered, a.Code)
		require.True(t, a.Has(ReasonRoomArchived))
	}
	require.Equal(t, ByStandardWarranty, Cover(f, rulestest.Noon(t, "2026-02-01"), ForHardware).Entitlement.Kind,
		"a warranty belongs to the device")
}

func TestS4_RenewalLeavesNoGap(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	renewal := LicenceFacts{
		ID:     "lic_2",
		Renews: "lic_1",
		Contract: ContractFacts{
			ID:     "con_2",
			Type:   catalogue.ServiceSelect,
			State:  rules.ContractActive,
			Period: rulestest.Period(t, "2027-01-01", "2028-01-01"),
		},
	}
	f.Licences = append(f.Licences, renewal)
	a := Cover(f, rulestest.Noon(t, "2026-12-01"), ForTechnical)
	require.Equal(t, "2028-01-01", endDay(t, a.Until))
	require.Equal(t, "2027-01-01", endDay(t, &a.Entitlement.Until))
	next := Cover(f, rulestest.Midnight(t, "2027-01-01"), ForTechnical)
	require.True(t, next.Covered, "before the sweep has written the assignment")
	require.Equal(t, "con_2", next.Entitlement.ContractID)

	end := rulestest.Midnight(t, "2027-01-01")
	f.Licences[0].Assignments[0].To = &end
	f.Licences[1].Assignments = []Assignment{{RoomID: "room_a", From: end}}
	require.Equal(t, next, Cover(f, end, ForTechnical), "the sweep changes nothing")

	third := LicenceFacts{
		ID:     "lic_3",
		Renews: "lic_2",
		Contract: ContractFacts{
			ID:     "con_3",
			Type:   catalogue.ServiceSelect,
			State:  rules.ContractActive,
			Period: rulestest.Period(t, "2028-01-01", "2029-01-01"),
		},
	}
	f.Licences = append(f.Licences, third)
	require.Equal(t, "2029-01-01", endDay(t, Cover(f, end, ForTechnical).Until), "renewed twice")
}

func TestS4_WhatARenewalDoesNotTakeOver(t *testing.T) {
	at := rulestest.Noon(t, "2027-02-01")
	for name, change := range map[string]func(old, renewal *LicenceFacts){
		"released before the end": func(old, _ *LicenceFacts) {
			old.Assignments[0].To = rulestest.NoonPtr(t, "2026-12-01")
		},
		"released after the end": func(old, _ *LicenceFacts) {
			old.Assignments[0].To = rulestest.NoonPtr(t, "2027-01-05")
		},
		"revoked": func(old, _ *LicenceFacts) { old.RevokedAt = rulestest.NoonPtr(t, "2026-01-20") },
		"old one cancelled": func(old, _ *LicenceFacts) {
			old.Contract.CancelledAt = rulestest.NoonPtr(t, "2026-01-20")
		},
		"assigned elsewhere": func(_, r *LicenceFacts) {
			r.Assignments = []Assignment{{RoomID: "room_b", From: rulestest.Noon(t, "2027-01-10")}}
		},
		"bought too late": func(_, r *LicenceFacts) {
			r.Contract.Period = rulestest.Period(t, "2027-01-02", "2028-01-02")
		},
		"not started":     func(_, r *LicenceFacts) { r.Contract.Period = nil },
		"of another type": func(_, r *LicenceFacts) { r.Contract.Type = catalogue.ServiceSyncPlus },
		"renews itself":   func(_, r *LicenceFacts) { r.Renews = r.ID },
	} {
		f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
		f.Licences = append(f.Licences, LicenceFacts{
			ID:     "lic_2",
			Renews: "lic_1",
			Contract: ContractFacts{
				ID:     "con_2",
				Type:   catalogue.ServiceSelect,
				State:  rules.ContractActive,
				Period: rulestest.Period(t, "2027-01-01", "2028-01-01"),
			},
		})
		require.True(t, Cover(f, at, ForTechnical).Covered)
		change(&f.Licences[0], &f.Licences[1])
		require.False(t, Cover(f, at, ForTechnical).Covered, name)
	}
}

func TestEveryReasonHasARuleAndWords(t *testing.T) {
	for code := range reasonTexts {
		r := ReasonFor(code)
		require.Equal(t, code, r.Code)
		require.Regexp(t, `^[RS][0-9]+[a-z]?$`, r.Rule)
		require.NotEmpty(t, r.Message)
	}
	for _, code := range []string{
		rules.NotCovered, rules.WarrantyCap, rules.ModelNotSupported, rules.NotHardware, rules.CountryNotSupported,
		rules.ProofRequired, rules.Unplaced,
	} {
		require.NotEmpty(t, RefusalRemedies[code])
	}
	require.True(t, ForSetup.Valid() && ForHardware.Valid() && ForTechnical.Valid())
	require.False(t, Purpose("").Valid())
}

func TestCoverNeedsNoZone(t *testing.T) {
	f := withSelect(t, plainRoom(t), "2026-01-01", "2027-01-01")
	f.Zone = nil
	require.True(t, Cover(f, rulestest.Noon(t, "2026-02-01"), ForTechnical).Covered)
}
