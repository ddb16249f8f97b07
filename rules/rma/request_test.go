package rma

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/licensing"
)

// sound is a request that nothing speaks against.
func sound(change func(*RMARequest)) RMARequest {
	q := RMARequest{
		Role:       rules.CustomerAdmin,
		Now:        rmaDay,
		Terms:      catalogue.DefaultReplacementTerms(),
		Serial:     true,
		Registered: true,
		Device:     licensing.DeviceInRoom,
		KnownSince: rmaDay.Add(-48 * time.Hour),
		Cover:      cover.Answer{Covered: true},
		SiteKnown:  true,
		Fleet:      10,
	}
	if change != nil {
		change(&q)
	}
	return q
}

func accessory(change func(*RMARequest)) RMARequest {
	q := sound(nil)
	q.Serial = false
	q.Registered = false
	q.Device = ""
	q.KnownSince = time.Time{}
	q.RoomKnown = true
	q.Quantity = 2
	if change != nil {
		change(&q)
	}
	return q
}

func TestMayRequestRMA(t *testing.T) {
	refused := func(code string) cover.Answer { return cover.Answer{Code: code} }
	for name, c := range map[string]struct {
		q    RMARequest
		code string
	}{
		"sound":                    {sound(nil), ""},
		"accessory":                {accessory(nil), ""},
		"R35d unplaced spare part": {sound(func(q *RMARequest) { q.Device = licensing.DeviceUnplaced }), ""},
		"viewer": {
			sound(func(q *RMARequest) { q.Role = rules.CustomerReadOnly }), rules.Forbidden,
		},
		"seller":            {sound(func(q *RMARequest) { q.Role = rules.Reseller }), rules.Forbidden},
		"partner":           {sound(func(q *RMARequest) { q.Role = rules.PartnerAdmin }), ""},
		"partner who views": {sound(func(q *RMARequest) { q.Role = rules.PartnerReadOnly }), rules.Forbidden},
		"the service":       {sound(func(q *RMARequest) { q.Role = "SYSTEM" }), ""},
		"not registered":    {sound(func(q *RMARequest) { q.Registered = false }), SerialNotRegistered},
		"not covered": {
			sound(func(q *RMARequest) { q.Cover = refused(rules.NotCovered) }), rules.NotCovered,
		},
		"a device without its serial": {
			accessory(func(q *RMARequest) {
				q.Cover = cover.Answer{
					Code:    rules.NotCovered,
					Reasons: []cover.Reason{cover.ReasonFor(rules.NotCovered), cover.ReasonFor(cover.ReasonSerialRequired)},
				}
			}), SerialMissing,
		},
		"R59b": {
			sound(func(q *RMARequest) { q.Cover = refused(rules.ModelNotSupported) }), rules.ModelNotSupported,
		},
		"R75": {
			accessory(func(q *RMARequest) { q.Cover = refused(rules.NotHardware) }), rules.NotHardware,
		},
		"R125b": {
			sound(func(q *RMARequest) { q.Cover = refused(rules.WarrantyCap) }), rules.WarrantyCap,
		},
		"held": {
			sound(func(q *RMARequest) { q.Cover = cover.Answer{Code: rules.ProofRequired, Held: true} }), "",
		},
		"open RMA": {sound(func(q *RMARequest) { q.OpenRMA = true }), RMAOpen},
		"in the hands of another RMA": {
			sound(func(q *RMARequest) { q.Device = licensing.DeviceInRMA }), rules.StateConflict,
		},
		"a spare on the shelf": {
			sound(func(q *RMARequest) { q.Device = licensing.DeviceSpareOnSite }), rules.StateConflict,
		},
		"S25 site": {sound(func(q *RMARequest) { q.SiteKnown = false }), SiteUnknown},
		"S25 serial of yesterday": {
			sound(func(q *RMARequest) { q.KnownSince = rmaDay.Add(-24*time.Hour + time.Second) }), SerialTooNew,
		},
		"S25 serial of 24 hours": {sound(func(q *RMARequest) { q.KnownSince = rmaDay.Add(-24 * time.Hour) }), ""},
		"S25 serial of yesterday with proof": {sound(func(q *RMARequest) {
			q.KnownSince = rmaDay
			q.Proof = true
		}), ""},
		"R74 no room": {accessory(func(q *RMARequest) { q.RoomKnown = false }), rules.ValidationFailed},
		"R74 none":    {accessory(func(q *RMARequest) { q.Quantity = 0 }), rules.ValidationFailed},
		"R74 a crate": {accessory(func(q *RMARequest) { q.Quantity = 21 }), rules.ValidationFailed},
		"R74 room not covered": {
			accessory(func(q *RMARequest) { q.Cover = refused(rules.NotCovered) }), rules.NotCovered,
		},
	} {
		_, err := MayRequestRMA(c.q)
		require.Equal(t, c.code, rules.CodeOf(err), name)
		var refusal *rules.Error
		if errors.As(err, &refusal) {
			require.NotEmpty(t, refusal.Remedy, name)
			for _, f := range refusal.Fields {
				require.NotEmpty(t, f.Message+f.Remedy, name)
			}
		}
	}
}

func TestS25_EveryRefusalIsNamedAtOnce(t *testing.T) {
	_, err := MayRequestRMA(sound(func(q *RMARequest) {
		q.Cover = cover.Answer{Code: rules.WarrantyCap}
		q.OpenRMA = true
		q.SiteKnown = false
		q.KnownSince = rmaDay
	}))
	var refusal *rules.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, rules.WarrantyCap, refusal.Code)
	var codes []string
	for _, f := range refusal.Fields {
		codes = append(codes, f.Code)
	}
	require.Equal(t, []string{rules.WarrantyCap, RMAOpen, SerialTooNew, SiteUnknown}, codes)
}

// S25: an address that a customer types is looked at by a person; one that an agent types was.
func TestS25_AnAddressThatNobodyKnewIsReviewed(t *testing.T) {
	for role, want := range map[rules.Role][]string{
		rules.CustomerAdmin: {ReviewShipToNew},
		rules.PartnerAdmin:  {ReviewShipToNew},
		rules.OperatorLead:  nil,
	} {
		v, err := MayRequestRMA(sound(func(q *RMARequest) {
			q.Role = role
			q.ShipTo.TypedAt = &rmaDay
		}))
		require.NoError(t, err)
		require.Equal(t, want, v.Review, role)
	}

	_, err := MayRequestRMA(sound(func(q *RMARequest) {
		q.SiteKnown = false
		q.SiteWrong = []rules.FieldError{{Pointer: "/ship_to/address/city", Code: rules.Required}}
	}))
	require.Equal(t, rules.ValidationFailed, rules.CodeOf(err))
}

// S25: what the customer writes down as a proof lets a new serial number ask, and somebody
// looks at it; an agent who asks has.
func TestS25_ANewSerialNumberIsReviewed(t *testing.T) {
	for name, x := range map[string]struct {
		role  rules.Role
		known time.Duration
		proof bool
		want  []string
	}{
		"a proof for a new one":       {rules.CustomerAdmin, time.Hour, true, []string{ReviewSerialNew}},
		"a partner's":                 {rules.PartnerAdmin, 0, true, []string{ReviewSerialNew}},
		"an hour short":               {rules.CustomerAdmin, 23 * time.Hour, true, []string{ReviewSerialNew}},
		"known, with a proof":         {rules.CustomerAdmin, 24 * time.Hour, true, nil},
		"known, without one":          {rules.CustomerAdmin, 24 * time.Hour, false, nil},
		"an agent has seen the proof": {rules.OperatorAgent, time.Hour, true, nil},
	} {
		v, err := MayRequestRMA(sound(func(q *RMARequest) {
			q.Role = x.role
			q.KnownSince = rmaDay.Add(-x.known)
			q.Proof = x.proof
		}))
		require.NoError(t, err, name)
		require.Equal(t, x.want, v.Review, name)
	}

	v, err := MayRequestRMA(accessory(func(q *RMARequest) {
		q.Role = rules.CustomerAdmin
		q.KnownSince = time.Time{}
	}))
	require.NoError(t, err)
	require.Empty(t, v.Review, "an accessory has none")
}

// It is known once a replacement to it was approved, or after as long as a serial number has
// to be; one that a person turned down stays new.
func TestS25_WhenATypedAddressIsKnown(t *testing.T) {
	at := func(hours int) *time.Time {
		at := rmaDay.Add(-time.Duration(hours) * time.Hour)
		return &at
	}
	for name, x := range map[string]struct {
		facts  ShipToFacts
		review bool
	}{
		"an operator's word":   {ShipToFacts{}, false},
		"typed now":            {ShipToFacts{TypedAt: at(0)}, true},
		"an hour short":        {ShipToFacts{TypedAt: at(23)}, true},
		"a day ago":            {ShipToFacts{TypedAt: at(24)}, false},
		"approved since":       {ShipToFacts{TypedAt: at(1), Approved: true}, false},
		"rejected, a week ago": {ShipToFacts{TypedAt: at(168), Rejected: true}, true},
		"rejected, and approved at an appeal": {
			ShipToFacts{TypedAt: at(168), Rejected: true, Approved: true}, false,
		},
	} {
		v, err := MayRequestRMA(sound(func(q *RMARequest) {
			q.Role = rules.CustomerAdmin
			q.Now = rmaDay
			q.ShipTo = x.facts
		}))
		require.NoError(t, err, name)
		require.Equal(t, x.review, slices.Contains(v.Review, ReviewShipToNew), name)
	}
}

func TestS25_FourthRMAIn30DaysPer50DevicesGoesToReview(t *testing.T) {
	for _, c := range []struct {
		recent, fleet int
		review        bool
	}{{0, 1, false}, {2, 50, false}, {3, 50, true}, {3, 51, false}, {5, 100, false}, {6, 100, true}, {3, 0, true}} {
		v, err := MayRequestRMA(sound(func(q *RMARequest) {
			q.Recent = c.recent
			q.Fleet = c.fleet
		}))
		require.NoError(t, err, "it is taken all the same")
		require.Equal(t, c.review, len(v.Review) > 0, "%+v", c)
	}
}

func TestR125b_UnknownPurchaseDateHoldsTheRMA(t *testing.T) {
	v, err := MayRequestRMA(
		sound(func(q *RMARequest) { q.Cover = cover.Answer{Code: rules.ProofRequired, Held: true} }),
	)
	require.NoError(t, err)
	require.True(t, v.Held)
	v, err = MayRequestRMA(sound(nil))
	require.NoError(t, err)
	require.False(t, v.Held)
}

func TestR88c_SwapOnlyLikeForLike(t *testing.T) {
	require.NoError(t, SameModel("MEETUP", " meetup"))
	require.Equal(t, NotLikeForLike, rules.CodeOf(SameModel("MEETUP", "RALLY-BAR")))
	require.Equal(t, NotLikeForLike, rules.CodeOf(SameModel("RALLY-BAR", "MEETUP")))
}

func TestS21_SameOrBetterModelIsSent(t *testing.T) {
	require.NoError(t, SameOrBetter("MEETUP", "MEETUP"))
	require.NoError(t, SameOrBetter("MEETUP", "RALLY-BAR-MINI"))
	require.NoError(t, SameOrBetter("meetup", "rally-bar"))
	for _, pair := range [][2]string{{"RALLY-BAR", "MEETUP"}, {"TAP", "RALLY-BAR"}, {"RALLY-BAR", "UNKNOWN"}} {
		require.Equal(t, NotLikeForLike, rules.CodeOf(SameOrBetter(pair[0], pair[1])), pair)
	}
	models := map[string]bool{}
	for _, m := range catalogue.DefaultModels() {
		models[m.Code] = true
	}
	for model := range better {
		require.True(t, models[model], model)
		for _, b := range BetterModels(model) {
			require.True(t, models[b], b)
			require.Error(t, SameOrBetter(b, model), "no circle")
		}
	}
}
