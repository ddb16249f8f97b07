package cover

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/testday"
)

func TestDefaultSLA(t *testing.T) {
	policies := DefaultPolicies()
	sel, ok := PolicyOn(policies, catalogue.ServiceSelect, testday.Day(t, "2026-01-01"))
	require.True(t, ok)
	require.True(t, sel.AlwaysOn, "R35a")
	for severity, want := range map[Severity][2]time.Duration{
		Sev1: {time.Hour, 4 * time.Hour},
		Sev2: {4 * time.Hour, 24 * time.Hour},
		Sev3: {8 * time.Hour, 0},
		Sev4: {24 * time.Hour, 0},
	} {
		require.Equal(t, SLATarget{Within: want[0]}, sel.Promises[severity].FirstResponse, severity)
		require.Equal(t, SLATarget{Within: want[1]}, sel.Promises[severity].Updates, severity)
	}
	js, ok := PolicyOn(policies, catalogue.ServiceJumpStart, testday.Day(t, "2026-01-01"))
	require.True(t, ok)
	require.False(t, js.AlwaysOn)
	for s := Sev1; s <= Sev4; s++ {
		require.Equal(t, SLATarget{BusinessDays: 1}, js.Promises[s].FirstResponse)
	}
	_, ok = PolicyOn(policies, catalogue.ServiceSyncPlus, testday.Day(t, "2026-01-01"))
	require.False(t, ok, "uncovered: none")
}

func TestR32a_BetterPolicy(t *testing.T) {
	sel, js := DefaultPolicies()[0], DefaultPolicies()[1]
	require.Equal(t, "SELECT", BetterPolicy(sel, js).Code)
	require.Equal(t, "SELECT", BetterPolicy(js, sel).Code)
	policy := func(code string, alwaysOn bool, first, updates SLATarget) SLAPolicy {
		return SLAPolicy{
			Code:     code,
			AlwaysOn: alwaysOn,
			Promises: map[Severity]SLAPromise{Sev1: {FirstResponse: first, Updates: updates}},
		}
	}
	day1 := SLATarget{BusinessDays: 1}
	hours24 := SLATarget{Within: 24 * time.Hour}
	none := SLATarget{}
	for _, c := range []struct {
		name          string
		better, worse SLAPolicy
	}{
		{"the clock that always runs", policy("A", true, hours24, none), policy("B", false, day1, none)},
		{"sooner", policy("A", false, day1, none), policy("B", true, SLATarget{Within: 25 * time.Hour}, none)},
		{"updates", policy("A", false, day1, hours24), policy("B", true, day1, none)},
		{"any promise", policy("A", false, day1, none), policy("B", true, none, hours24)},
	} {
		require.True(t, c.better.BetterThan(c.worse), c.name)
		require.False(t, c.worse.BetterThan(c.better), c.name)
		require.False(t, c.better.BetterThan(c.better), c.name)
		require.Equal(t, "A", BetterPolicy(c.worse, c.better).Code)
	}
	same := policy("B", true, hours24, none)
	require.Equal(t, "A", BetterPolicy(policy("A", true, hours24, none), same).Code)
}

func TestSLAPolicyVersions(t *testing.T) {
	list := []SLAPolicy{
		{Code: "S", Version: 2, Service: catalogue.ServiceSelect, EffectiveFrom: testday.DatePtr(t, "2026-03-01")},
		{Code: "S", Version: 1, Service: catalogue.ServiceSelect, EffectiveTo: testday.DatePtr(t, "2026-06-01")},
		{Code: "J", Version: 9, Service: catalogue.ServiceJumpStart},
	}
	for on, want := range map[string]int{"2026-02-28": 1, "2026-03-01": 2, "2026-05-31": 2, "2026-06-01": 2} {
		p, ok := PolicyOn(list, catalogue.ServiceSelect, testday.Day(t, on))
		require.True(t, ok)
		require.Equal(t, want, p.Version, on)
	}
	_, ok := PolicyOn(list[:1], catalogue.ServiceSelect, testday.Day(t, "2026-02-28"))
	require.False(t, ok)
}

func TestS39_PoliciesAreChecked(t *testing.T) {
	for _, p := range DefaultPolicies() {
		require.NoError(t, p.Validate(), p.Code)
	}

	for name, c := range map[string]struct {
		change func(*SLAPolicy)
		want   string
	}{
		"another service": {
			func(p *SLAPolicy) { p.Service = catalogue.ServiceSyncPlus }, "/service " + rules.OutOfRange,
		},
		"no first response": {
			func(p *SLAPolicy) { p.Promises[Sev3] = SLAPromise{} },
			"/promises/3/first_response " + rules.Required,
		},
		"hours and days": {
			func(p *SLAPolicy) {
				p.Promises[Sev1] = SLAPromise{FirstResponse: SLATarget{Within: time.Hour, BusinessDays: 1}}
			}, "/promises/1/first_response " + InvalidTarget,
		},
		"too long": {
			func(p *SLAPolicy) {
				p.Promises[Sev1] = SLAPromise{
					FirstResponse: SLATarget{Within: time.Hour}, Restore: SLATarget{BusinessDays: 61},
				}
			}, "/promises/1/restore " + InvalidTarget,
		},
		"half a minute": {
			func(p *SLAPolicy) {
				p.Promises[Sev1] = SLAPromise{
					FirstResponse: SLATarget{Within: time.Hour}, Updates: SLATarget{Within: 90 * time.Second},
				}
			}, "/promises/1/updates " + InvalidTarget,
		},
		"a warning at the start": {
			func(p *SLAPolicy) {
				p.Promises[Sev1] = SLAPromise{
					FirstResponse: SLATarget{Within: time.Hour, WarnBefore: time.Hour},
				}
			}, "/promises/1/first_response " + InvalidTarget,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultPolicies()[0]
			c.change(&p)
			err := p.Validate()
			require.Equal(t, rules.ValidationFailed, rules.CodeOf(err))
			f := err.(*rules.Error).Fields
			require.Len(t, f, 1)
			require.Equal(t, c.want, f[0].Pointer+" "+f[0].Code)
		})
	}
}

func TestPromisedTimesAreTypedAndShownInOneForm(t *testing.T) {
	for text, want := range map[string]SLATarget{
		"":        {},
		"30M":     {Within: 30 * time.Minute},
		"4H":      {Within: 4 * time.Hour},
		"4H/1H":   {Within: 4 * time.Hour, WarnBefore: time.Hour},
		"2BD":     {BusinessDays: 2},
		"1BD/90M": {BusinessDays: 1, WarnBefore: 90 * time.Minute},
	} {
		got, ok := ParseSLATarget(text)
		require.True(t, ok, text)
		require.Equal(t, want, got)
		require.Equal(t, text, got.String())
	}

	got, ok := ParseSLATarget(" 4 h / 60 m ")
	require.True(t, ok)
	require.Equal(t, "4H/1H", got.String())
	for _, text := range []string{"4", "0H", "H", "4D", "4H/1BD", "-1H", "4H 1H x"} {
		_, ok := ParseSLATarget(text)
		require.False(t, ok, text)
	}
}

// Policies that differ at one severity alone are told apart by it, whichever it is.
func TestR32a_EverySeverityCounts(t *testing.T) {
	for _, severity := range Severities() {
		slower, sooner := SLAPolicy{Promises: map[Severity]SLAPromise{}}, SLAPolicy{Promises: map[Severity]SLAPromise{}}
		for _, s := range Severities() {
			slower.Promises[s] = SLAPromise{FirstResponse: SLATarget{Within: time.Hour}}
			sooner.Promises[s] = slower.Promises[s]
		}
		sooner.Promises[severity] = SLAPromise{FirstResponse: SLATarget{Within: time.Minute}}
		require.True(t, sooner.BetterThan(slower), severity)
		require.False(t, slower.BetterThan(sooner), severity)
	}
}
