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
		"approved@1":                                     "withdraw use_spare allocate backorder receive inspect",
		"rejected@1":                                     "appeal",
		"rejected@1 appealed@2":                          "approve reject withdraw use_spare",
		"appealed@1 rejected@2":                          "",
		"withdrawn@1":                                    "",
		"approved@1 backordered@2":                       "withdraw use_spare allocate backorder receive inspect",
		"approved@1 allocated@2":                         "withdraw use_spare ship receive inspect",
		"approved@1 shipped@2":                           "withdraw reship wait receive inspect",
		"approved@1 shipped@2 pickedup@3":                "reship wait receive inspect",
		"swapped@1":                                      "approve receive inspect no_return",
		"approved@1 delivered@3":                         "receive inspect no_return",
		"approved@1 delivered@3 scanned@4":               "receive inspect",
		"approved@1 delivered@3 due@6":                   "receive inspect no_return waive",
		"approved@1 delivered@3 due@6 confirm@11":        "receive inspect no_return bill waive",
		"approved@1 delivered@3 due@6 confirm@31":        "receive inspect no_return waive",
		"approved@1 delivered@3 due@6 billed@11":         "receive inspect waive",
		"approved@1 delivered@3 damage@6":                "receive inspect bill waive",
		"approved@1 delivered@3 damage@6 damagebilled@7": "receive inspect",
		"approved@1 delivered@3 noreturn@4":              "receive inspect",
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
		RMAShip:      agents,
		RMAReship:    agents,
		RMAWait:      agents,
		RMAReceive:   agents,
		RMAInspect:   agents,
		RMAKeepUnit:  agents,
		RMABill:      agents,
		RMAWaive:     {rules.OperatorLead},
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

func TestS22_FeeIsConfirmedFromTheFifthBusinessDayOn(t *testing.T) {
	f := rmaHistory(t, "delivered@3 due@6 confirm@11")
	require.Equal(t, FeeNotDue, rules.CodeOf(MayRMA(RMABill, rules.OperatorAgent, f, rmaAt(10))))
	require.NoError(t, MayRMA(RMABill, rules.OperatorAgent, f, rmaAt(11)))
	require.Equal(t, rules.StateConflict, rules.CodeOf(MayRMA(RMABill, rules.OperatorAgent, f, rmaAt(5))))
}
