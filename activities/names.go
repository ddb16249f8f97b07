package activities

// The names under which activities are registered and called. They are part of every
// history: never change one, whatever its method is called.
const (
	NameFulfil                 = "Fulfil"
	NameRemindReview           = "RemindReview"
	NameRejectOverdue          = "RejectOverdue"
	NameCompensateCancellation = "CompensateCancellation"
	NameRemindInvitation       = "Remind"
	NameExpireInvitation       = "Expire"
	NameSendMails              = "SendMails"
	NameGiveUpMails            = "GiveUp"
	NameRunImport              = "Run"
	NameSettleParcels          = "SettleParcels"
	NameRunRMATimers           = "RunTimers"
	NameRunSpareTimers         = "RunSpareTimers"
	NameRunTicketTimers        = "RunTicketTimers"
	NameSweepContracts         = "SweepContracts"
	NameSweepCalendars         = "SweepCalendars"
	NameRaiseStuck             = "RaiseStuck"
	NameSettleStuck            = "SettleStuck"
)
