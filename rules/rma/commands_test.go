package rma

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rulestest"
)

// What may be done in which state, by a lead, who may all.
func TestRMACommandsByState(t *testing.T) {
	for text, want := range map[string]string{
		"":                                               "approve reject withdraw use_spare",
		"approved@1":                                     "withdraw use_spare allocate backorder readdress receive inspect tell",
		"rejected@1":                                     "appeal",
		"rejected@1 appealed@2":                          "approve reject withdraw use_spare",
		"appealed@1 rejected@2":                          "",
		"withdrawn@1":                                    "",
		"approved@1 backordered@2":                       "withdraw use_spare allocate backorder readdress receive inspect tell",
		"approved@1 allocated@2":                         "withdraw use_spare readdress ship receive inspect tell",
		"approved@1 shipped@2":                           "withdraw reship wait receive inspect tell",
		"approved@1 shipped@2 pickedup@3":                "reship wait receive inspect tell",
		"swapped@1":                                      "approve receive inspect no_return tell",
		"approved@1 delivered@3":                         "receive inspect no_return tell",
		"approved@1 delivered@3 scanned@4":               "receive inspect tell",
		"approved@1 delivered@3 due@6":                   "receive inspect no_return waive tell",
		"approved@1 delivered@3 due@6 confirm@11":        "receive inspect no_return bill waive tell",
		"approved@1 delivered@3 due@6 confirm@31":        "receive inspect no_return waive tell",
		"approved@1 delivered@3 due@6 billed@11":         "receive inspect waive tell",
		"approved@1 delivered@3 damage@6":                "receive inspect bill waive tell",
		"approved@1 delivered@3 damage@6 damagebilled@7": "receive inspect tell",
		"approved@1 delivered@3 noreturn@4":              "receive inspect tell",
	} {
		var got []string
		for _, c := range RMACommandsFor(rules.OperatorLead, rmaHistory(t, text), rmaAt(30)) {
			got = append(got, string(c))
		}
		require.Equal(t, want, strings.Join(got, " "), text)
	}
}

// RULES 4: request, withdraw and use spare are the customer's and the partner's,
// decisions the agents', waiving a fee the lead's.
func TestRMACommandsByRole(t *testing.T) {
	requesters := []rules.Role{
		rules.CustomerAdmin, rules.PartnerAdmin, rules.OperatorAgent, rules.OperatorLead, rules.OperatorCSM,
	}
	agents := []rules.Role{rules.OperatorAgent, rules.OperatorLead}
	for c, want := range map[RMACommand][]rules.Role{
		RMAApprove:   agents,
		RMAReject:    agents,
		RMAAppeal:    requesters,
		RMAWithdraw:  requesters,
		RMAUseSpare:  requesters,
		RMAAllocate:  agents,
		RMABackorder: agents,
		RMAReaddress: agents,
		RMAShip:      agents,
		RMAReship:    agents,
		RMAWait:      agents,
		RMAReceive:   agents,
		RMAInspect:   agents,
		RMAKeepUnit:  agents,
		RMABill:      agents,
		RMAWaive:     {rules.OperatorLead},
		RMATell:      agents,
		RMATakeBack:  agents,
	} {
		for _, role := range rulestest.EveryRole {
			code := rules.CodeOf(MayRMA(c, role, RMAFacts{WithdrawnAt: &rmaDay}, rmaDay))
			allowed := false
			for _, r := range want {
				allowed = allowed || r == role
			}
			require.Equal(t, allowed, code != rules.Forbidden, "%s by %s", c, role)
		}
		require.NotEqual(t, rules.Forbidden, rules.CodeOf(MayRMA(c, "SYSTEM", RMAFacts{}, rmaDay)))
	}
	require.Equal(t, rules.Forbidden, rules.CodeOf(MayRMA("dance", rules.OperatorLead, RMAFacts{}, rmaDay)))
}

func TestRMAParcelIsSentAnewOnceAtMost(t *testing.T) {
	f := rmaHistory(t, "approved@1 shipped@2")
	require.NoError(t, MayRMA(RMAReship, rules.OperatorAgent, f, rmaAt(9)))
	f.Reships = 1
	require.Equal(t, ReshipLimit, rules.CodeOf(MayRMA(RMAReship, rules.OperatorAgent, f, rmaAt(9))))
}

// RULES 2: "lost after 3 business days silent → one re-ship by agent decision".
func TestRMAParcelIsLostOnlyWhenTheCarrierIsSilent(t *testing.T) {
	for text, want := range map[string]string{
		"approved@1 shipped@2 silence@5":                     ParcelNotLost, // a second after shipping
		"approved@1 shipped@2 pickedup@3 silence@5":          ParcelNotLost,
		"approved@1 shipped@2 silence@5 asked@5":             "",
		"approved@1 shipped@2 pickedup@3 silence@6 asked@6":  "",
		"approved@1 allocated@2":                             rules.StateConflict,
		"approved@1 shipped@2 silence@5 asked@5 delivered@6": rules.StateConflict,
	} {
		require.Equal(t, want,
			rules.CodeOf(MayRMA(RMAReship, rules.OperatorAgent, rmaHistory(t, text), rmaAt(30))), text)
	}
}

// RULES 2: "Serial must equal faulty_serial; outcome DEFECT, NO_FAULT_FOUND, DAMAGE,
// WRONG_UNIT".
func TestRMAInspectionAgreesWithTheSerial(t *testing.T) {
	const another = "/serial SERIAL_IS_ANOTHER_ONE"
	const wrong, missing, unknown = "/outcome SERIAL_IS_THE_FAULTY_ONE", "/serial REQUIRED", "/outcome UNKNOWN_OUTCOME"
	for _, c := range []struct {
		faulty, serial string
		outcome        RMAOutcome
		want           string
	}{
		{"SN100", "SN100", OutcomeDefect, ""},
		{"SN100", "sn-100", OutcomeNoFault, ""},
		{"SN100", "SN100", OutcomeDamage, ""},
		{"SN100", "SN100", OutcomeWrongUnit, wrong},
		{"SN100", " sn-100 ", OutcomeWrongUnit, wrong},
		{"SN100", "SN999", OutcomeWrongUnit, ""},
		{"SN100", "", OutcomeWrongUnit, ""}, // something without a serial number came
		{"SN100", "SN999", OutcomeDefect, another},
		{"SN100", "SN10O", OutcomeDamage, another},
		{"SN100", "", OutcomeDefect, missing},
		{"SN100", " ", OutcomeDamage, missing},
		{"", "", OutcomeDefect, ""}, // an accessory
		{"", "", OutcomeWrongUnit, ""},
		{"SN100", "SN100", "FINE", unknown},
	} {
		got := ""
		if err := CheckInspection(c.faulty, c.serial, c.outcome); err != nil {
			var refusal *rules.Error
			require.ErrorAs(t, err, &refusal)
			require.Len(t, refusal.Fields, 1)
			require.NotEmpty(t, refusal.Fields[0].Remedy)
			got = refusal.Fields[0].Pointer + " " + refusal.Fields[0].Code
		}
		require.Equal(t, c.want, got, "%+v", c)
	}
}

func TestS22_FeeIsConfirmedFromTheFifthBusinessDayOn(t *testing.T) {
	f := rmaHistory(t, "delivered@3 due@6 confirm@11")
	require.Equal(t, FeeNotDue, rules.CodeOf(MayRMA(RMABill, rules.OperatorAgent, f, rmaAt(10))))
	require.NoError(t, MayRMA(RMABill, rules.OperatorAgent, f, rmaAt(11)))
	require.Equal(t, rules.StateConflict, rules.CodeOf(MayRMA(RMABill, rules.OperatorAgent, f, rmaAt(5))))
}
