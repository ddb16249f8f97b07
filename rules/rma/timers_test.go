package rma

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/calendar"
)

// plan has reminders on the days 7, 11 and 14.
func returnPlan() *calendar.ReturnDue {
	return &calendar.ReturnDue{Reminders: []calendar.ReturnReminder{
		{BusinessDay: 3, At: rmaAt(7)},
		{BusinessDay: 7, At: rmaAt(11)},
		{BusinessDay: 10, At: rmaAt(14)},
	}}
}

func TestRMATimers(t *testing.T) {
	for text, want := range map[string]string{
		"promise@3":                                                    "", // not approved yet
		"approved@1":                                                   "",
		"approved@1 promise@3":                                         "PROMISE_BREACH@3",
		"approved@1 promise@3 breached@3":                              "",
		"approved@1 promise@9 backordered@2":                           "PROMISE_BREACH@9",
		"approved@1 promise@9 withdrawn@2":                             "",
		"approved@1 promise@9 shipped@2 silence@7":                     "CARRIER_SILENCE@7",
		"approved@1 promise@5 shipped@2 silence@7":                     "PROMISE_BREACH@5",
		"approved@1 shipped@2 silence@7 asked@7":                       "",
		"approved@1 shipped@2 silence@7 delivered@3 due@15 confirm@20": "RETURN_REMINDER@7",
		"swapped@3 due@15 confirm@20":                                  "RETURN_REMINDER@7",
		"delivered@3 due@15 confirm@20 scanned@4":                      "",
		"delivered@3 due@15 confirm@20 received@4":                     "",
		"delivered@3 due@15 confirm@20 noreturn@4":                     "",
		"delivered@3 due@6 confirm@20":                                 "RETURN_OVERDUE@6",
		"delivered@3 due@6 confirm@9 overdue@6":                        "RETURN_REMINDER@7",
	} {
		f := rmaHistory(t, text)
		got := ""
		if next, ok := f.NextTimer(returnPlan()); ok {
			got = string(next.Kind) + "@" + next.At.Sub(rmaDay).String()
		}
		if want != "" {
			kind, day := want[:len(want)-2], want[len(want)-1:]
			want = kind + "@" + rmaHistory(t, "approved@"+day).ApprovedAt.Sub(rmaDay).String()
		}
		require.Equal(t, want, got, text)
	}
}

func TestS22_RemindersThenOverdueThenTheFee(t *testing.T) {
	f := rmaHistory(t, "delivered@3 due@15 confirm@20")
	var kinds []RMATimerKind
	for {
		next, ok := f.NextTimer(returnPlan())
		if !ok {
			break
		}
		kinds = append(kinds, next.Kind)
		at := next.At
		switch next.Kind {
		case TimerReminder:
			f.RemindersSent++
		case TimerOverdue:
			f.OverdueAt = &at
		case TimerFeeConfirm:
			f.FeeAskedAt = &at
		}
	}
	require.Equal(t, []RMATimerKind{TimerReminder, TimerReminder, TimerReminder, TimerOverdue, TimerFeeConfirm}, kinds)
}
