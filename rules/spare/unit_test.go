package spare

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/rulestest"
)

// Every arrow of RULES 2 and our four; expectMoves refuses every other one.
func TestSpareUnitMoves(t *testing.T) {
	rulestest.ExpectMoves[SpareState](
		t,
		`>EARNED EARNED>SELECTION_PENDING+VOIDED SELECTION_PENDING>APPROVED+VOIDED APPROVED>SHIPPED+VOIDED SHIPPED>ON_SITE+APPROVED
		ON_SITE>CONSUMED+RECALL_REQUESTED CONSUMED>REPLENISHING+VOIDED REPLENISHING>ON_SITE+VOIDED
		RECALL_REQUESTED>ON_SITE+RETURNED+BILLED+WAIVED BILLED>RETURNED`,
	)
	require.Len(t, SpareStates(), 12)
	require.False(t, SpareState("").Valid())
	require.False(t, SpareState("on_site").Valid())
}

var spareDay = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func spareAt(day int) *time.Time { t := spareDay.AddDate(0, 0, day); return &t }

// spareFacts reads a state with what matters beside it: chosen, shipped, pending,
// scanned, and due@day.
func spareFacts(t *testing.T, text string) SpareFacts {
	t.Helper()
	words := strings.Fields(text)
	f := SpareFacts{State: SpareState(words[0])}
	require.True(t, f.State.Valid(), text)
	if f.State == SpareRecallRequested {
		f.RecallRequestedAt, f.RecallDueAt = spareAt(0), spareAt(30)
	}
	for _, w := range words[1:] {
		switch w {
		case "chosen":
			f.SelectedAt = spareAt(0)
		case "shipped":
			f.ShippedAt = spareAt(0)
		case "pending":
			f.RecallPending = true
		case "scanned":
			f.RecallScannedAt = spareAt(5)
		default:
			t.Fatal(w)
		}
	}
	return f
}

// What may be done in which state, by anybody: agree is the customer's, the rest
// the CSM's and the lead's.
func TestSpareCommandsByState(t *testing.T) {
	for text, want := range map[string][2]string{ // on day 29, on day 30
		"EARNED":                   {"", ""},
		"SELECTION_PENDING":        {"select", "select"},
		"SELECTION_PENDING chosen": {"select agree", "select agree"},
		"APPROVED":                 {"ship", "ship"},
		"SHIPPED shipped":          {"", ""},
		"ON_SITE":                  {"", ""},
		"CONSUMED":                 {"", ""},
		"REPLENISHING":             {"ship", "ship"},
		"REPLENISHING shipped":     {"", ""},
		"RECALL_REQUESTED":         {"receive waive", "receive bill waive"},
		"RECALL_REQUESTED scanned": {"receive waive", "receive waive"},
		"RETURNED":                 {"", ""},
		"BILLED":                   {"receive", "receive"},
		"WAIVED":                   {"", ""},
		"VOIDED":                   {"", ""},
	} {
		f := spareFacts(t, text)
		for i, day := range []int{29, 30} {
			var got []string
			for _, c := range []SpareCommand{SpareSelect, SpareAgree, SpareShip, SpareReceive, SpareBill, SpareWaive} {
				for _, role := range []rules.Role{rules.OperatorCSM, rules.CustomerAdmin, rules.OperatorLead} {
					if MaySpare(c, role, f, *spareAt(day)) == nil {
						got = append(got, string(c))
					}
				}
			}
			require.Equal(t, want[i], strings.Join(got, " "), "%s on day %d", text, day)
		}
	}
}

// RULES 4: the CSM chooses, the customer or its partner agrees, agents ship, receive
// and bill, the lead waives.
func TestSpareCommandsByRole(t *testing.T) {
	agents := []rules.Role{rules.OperatorAgent, rules.OperatorLead}
	for c, want := range map[SpareCommand][]rules.Role{
		SpareSelect:  {rules.OperatorCSM},
		SpareAgree:   {rules.CustomerAdmin, rules.PartnerAdmin},
		SpareShip:    agents,
		SpareReceive: agents,
		SpareBill:    agents,
		SpareWaive:   {rules.OperatorLead},
		SpareTell:    agents,

		SpareTakeBack: agents,
	} {
		for _, role := range rulestest.EveryRole {
			code := rules.CodeOf(MaySpare(c, role, SpareFacts{State: SpareVoided}, spareDay))
			allowed := false
			for _, r := range want {
				allowed = allowed || r == role
			}
			require.Equal(t, allowed, code != rules.Forbidden, "%s by %s", c, role)
		}
		require.NotEqual(t, rules.Forbidden, rules.CodeOf(MaySpare(c, "SYSTEM", SpareFacts{}, spareDay)))
	}
	require.Equal(t, rules.Forbidden, rules.CodeOf(MaySpare("dance", rules.OperatorLead, SpareFacts{}, spareDay)))
	require.Equal(t, []SpareCommand{SpareSelect},
		SpareCommandsFor(rules.OperatorCSM, spareFacts(t, "SELECTION_PENDING"), spareDay))
	require.Equal(t, []SpareCommand{SpareReceive, SpareWaive, SpareTell},
		SpareCommandsFor(rules.OperatorLead, spareFacts(t, "RECALL_REQUESTED"), spareDay))
}

func TestR88a_NoShipmentBeforeModelAndShipTo(t *testing.T) {
	for _, text := range []string{"EARNED", "SELECTION_PENDING", "SELECTION_PENDING chosen"} {
		require.Equal(t, SpareNotChosen,
			rules.CodeOf(MaySpare(SpareShip, rules.OperatorAgent, spareFacts(t, text), spareDay)), text)
	}
	require.NoError(t, MaySpare(SpareShip, rules.OperatorAgent, spareFacts(t, "APPROVED"), spareDay))
	require.Equal(t, SpareNotChosen,
		rules.CodeOf(MaySpare(SpareAgree, rules.CustomerAdmin, spareFacts(t, "SELECTION_PENDING"), spareDay)))
}

func TestR88c_ASpareIsUsedLikeForLikeAndOnce(t *testing.T) {
	require.NoError(t, MayUseSpare(spareFacts(t, "ON_SITE"), "RALLY-BAR", "rally-bar"))
	require.Equal(t, rma.NotLikeForLike, rules.CodeOf(MayUseSpare(spareFacts(t, "ON_SITE"), "MEETUP", "RALLY-BAR")),
		"a better one is another one")
	for _, s := range SpareStates() {
		if s != SpareOnSite {
			require.Equal(t, rules.StateConflict, rules.CodeOf(MayUseSpare(SpareFacts{State: s}, "MEETUP", "MEETUP")),
				s)
		}
	}
}

func TestSpareIsBilledOnlyWhenOverdueAndUnseen(t *testing.T) {
	f := spareFacts(t, "RECALL_REQUESTED")
	require.Equal(t, rma.FeeNotDue, rules.CodeOf(MaySpare(SpareBill, rules.OperatorAgent, f, spareAt(30).Add(-1))))
	require.NoError(t, MaySpare(SpareBill, rules.OperatorAgent, f, *spareAt(30)))
	f.RecallScannedAt = spareAt(29)
	require.Equal(t, rma.FeeNotDue, rules.CodeOf(MaySpare(SpareBill, rules.OperatorAgent, f, *spareAt(40))))
}

// RULES 3: 30 days, the whole of the last one, over a change of summer time too.
func TestSpareRecallIsDueAfterLocalDay30(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	asked := time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC) // 2 March in Berlin
	due := SpareRecallDue(asked, 30, zone)
	require.Equal(t, "2026-04-02T00:00:00+02:00", due.In(zone).Format(time.RFC3339))
	f := SpareFacts{State: SpareRecallRequested, RecallRequestedAt: &asked, RecallDueAt: &due}
	var got []string
	for _, timer := range f.Timers(zone) {
		got = append(got, string(timer.Kind)+" "+timer.At.In(zone).Format("02.01. 15:04"))
	}
	require.Equal(t,
		[]string{"RECALL_REMINDER 22.03. 00:00", "RECALL_REMINDER 29.03. 00:00", "RECALL_DUE 02.04. 00:00"}, got)
	f.RemindersSent = 1
	require.Len(t, f.Timers(zone), 2)
	f.RemindersSent, f.FeeAskedAt = 2, &due
	require.Empty(t, f.Timers(zone))
	f.RemindersSent = 0
	f.FeeAskedAt = nil
	f.RecallScannedAt = &asked
	require.Empty(t, f.Timers(zone), "the carrier has it")
	require.Empty(t, SpareFacts{State: SpareOnSite}.Timers(zone))
}

// A reminder that comes late is the last of those that were missed; the last of all, sent on
// a later day than its own, leaves people the days that it would have left them.
func TestS22_ALateReminderOfARecallLeavesItsDays(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	asked := time.Date(2026, 6, 1, 12, 0, 0, 0, zone)
	for _, c := range []struct {
		days, sent, late int // days of the recall, reminders sent, day on which it goes on
		reminder, after  int
		due              int // the last day on which the unit may come back
	}{
		{30, 0, 19, 0, 0, 30},
		{30, 0, 20, 20, 1, 30},
		{30, 0, 25, 20, 1, 30}, // the other one is still to come
		{30, 0, 27, 27, 2, 30},
		{30, 1, 28, 27, 2, 31},
		{30, 0, 60, 27, 2, 63},
		{30, 2, 60, 0, 2, 30},
		{25, 0, 30, 20, 2, 35}, // no second one
		{20, 0, 22, 20, 2, 23}, // one day at least
		{10, 0, 22, 0, 0, 10},
	} {
		due := SpareRecallDue(asked, c.days, zone)
		f := SpareFacts{
			State:             SpareRecallRequested,
			RecallRequestedAt: &asked,
			RecallDueAt:       &due,
			RemindersSent:     c.sent,
		}
		got, day := f.Reminded(asked.AddDate(0, 0, c.late), zone)
		require.Equal(t, []int{c.reminder, c.after}, []int{day, got.RemindersSent}, c)
		require.Equal(t, SpareRecallDue(asked, c.due, zone).String(), got.RecallDueAt.String(), c)
		again, day := got.Reminded(asked.AddDate(0, 0, c.late), zone)
		require.Zero(t, day, c)
		require.Equal(t, got, again, c)
	}
}

// What each fact means in each state: new, known already, or impossible. A carrier
// may tell of a parcel before the warehouse does, and of one that arrived once more.
func TestSpareFactsByState(t *testing.T) {
	arrived := func(f SpareFacts) SpareFacts {
		f.ShippedAt = spareAt(0)
		f.OnSiteAt = spareAt(1)
		return f
	}
	for _, c := range []struct {
		facts SpareFacts
		want  map[SpareFact]string
	}{
		{spareFacts(t, "EARNED"), nil},
		{spareFacts(t, "SELECTION_PENDING chosen"), nil},
		{spareFacts(t, "VOIDED"), nil},
		{spareFacts(t, "APPROVED"), map[SpareFact]string{SparePickedUp: "new"}},
		{spareFacts(t, "REPLENISHING"), map[SpareFact]string{SparePickedUp: "new"}},
		{spareFacts(t, "SHIPPED shipped"), map[SpareFact]string{SparePickedUp: "new", SpareDelivered: "new"}},
		{spareFacts(t, "REPLENISHING shipped"), map[SpareFact]string{SparePickedUp: "new", SpareDelivered: "new"}},
		{arrived(spareFacts(t, "ON_SITE")), map[SpareFact]string{SparePickedUp: "known", SpareDelivered: "known"}},
		{arrived(spareFacts(t, "CONSUMED")), map[SpareFact]string{SparePickedUp: "known", SpareDelivered: "known"}},
		{arrived(spareFacts(t, "RECALL_REQUESTED")), map[SpareFact]string{
			SparePickedUp:       "known",
			SpareDelivered:      "known",
			SpareRecallScanned:  "new",
			SpareRecallReceived: "new",
		}},
		{spareFacts(t, "BILLED"), map[SpareFact]string{SpareRecallScanned: "new", SpareRecallReceived: "new"}},
		{spareFacts(t, "RETURNED"), map[SpareFact]string{SpareRecallScanned: "known", SpareRecallReceived: "known"}},
		{spareFacts(t, "WAIVED"), nil},
	} {
		for _, fact := range []SpareFact{
			SparePickedUp, SpareDelivered, SpareRecallScanned, SpareRecallReceived, "EATEN",
		} {
			known, err := LearnSpare(c.facts, fact)
			got := map[bool]string{true: "known", false: "new"}[known]
			if err != nil {
				require.Equal(t, rules.StateConflict, rules.CodeOf(err))
				got = ""
			}
			require.Equal(t, c.want[fact], got, "%s in %s", fact, c.facts.State)
		}
	}
	require.False(t, SpareFact("EATEN").Valid())
	require.True(t, SpareRecallScanned.Valid())
}
