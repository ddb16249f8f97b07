package worker

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/activities"
	"roomcover.dev/roomcover/clock"
	"roomcover.dev/roomcover/workflows"
)

// registry is where workflows are registered: a worker, a test environment or a replayer.
type registry interface {
	RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions)
}

// activityRegistry is where activities are registered.
type activityRegistry interface {
	RegisterActivityWithOptions(a any, o activity.RegisterOptions)
}

// named are activities by the names that stand in histories.
type named map[string]any

// RegisterWorkflows registers every workflow under its name; each takes steps that are new.
func RegisterWorkflows(r registry, c clock.Clock) { registerWorkflows(r, c, nil) }

func registerWorkflows(r registry, c clock.Clock, gate workflows.Gate) {
	for name, w := range map[string]any{
		workflows.OrderName:      workflows.Order{Clock: c, Words: words, Gate: gate}.Run,
		workflows.InvitationName: workflows.Invitation{Clock: c, Words: words, Gate: gate}.Run,
		workflows.MailName:       workflows.Mail{Clock: c, Words: words, Gate: gate}.Run,
		workflows.ImportName:     workflows.Import{Clock: c, Words: words, Gate: gate}.Run,
		workflows.SweepName:      workflows.DailySweep,
		workflows.RMAName:        workflows.RMA{Clock: c, Words: words, Gate: gate}.Run,
		workflows.SpareName:      workflows.Spare{Clock: c, Words: words, Gate: gate}.Run,
		workflows.TicketName:     workflows.Ticket{Clock: c, Words: words, Gate: gate}.Run,
	} {
		r.RegisterWorkflowWithOptions(w, workflow.RegisterOptions{Name: name})
	}
}

// Register registers the workflows and the activities of the main queue.
func Register(w interface {
	registry
	activityRegistry
}, o Options) {
	registerWorkflows(w, o.Domains.DB.Clock(), o.gate)
	registerActivities(w, o.mainActivities())
}

func registerActivities(w activityRegistry, all named) {
	for name, a := range all {
		w.RegisterActivityWithOptions(a, activity.RegisterOptions{Name: name})
	}
}

// mainActivities need the database alone.
func (o Options) mainActivities() named {
	fulfilment := &activities.Fulfilment{Orders: o.Domains.Orders}
	invitations := &activities.Invitations{People: o.Domains.People}
	tasks := &activities.Tasks{DB: o.Domains.DB, Operations: o.Domains.Operations}
	rmas := &activities.RMAs{DB: o.Domains.DB, Replacements: o.Domains.Replacements}
	spares := &activities.Spares{DB: o.Domains.DB, Replacements: o.Domains.Replacements}
	tickets := &activities.Tickets{DB: o.Domains.DB, Tickets: o.Domains.Tickets}
	mails := &activities.Mail{Notifications: o.Domains.Notifications}
	sweeps := &activities.Sweeps{
		Programs:     o.Domains.Programs,
		Replacements: o.Domains.Replacements,
		Operations:   o.Domains.Operations,
	}

	return named{
		activities.NameFulfil:                 fulfilment.Fulfil,
		activities.NameRemindReview:           fulfilment.RemindReview,
		activities.NameRejectOverdue:          fulfilment.RejectOverdue,
		activities.NameCompensateCancellation: fulfilment.CompensateCancellation,
		activities.NameRemindInvitation:       invitations.Remind,
		activities.NameExpireInvitation:       invitations.Expire,
		activities.NameRaiseStuck:             tasks.RaiseStuck,
		activities.NameSettleStuck:            tasks.SettleStuck,
		activities.NameRunRMATimers:           rmas.RunTimers,
		activities.NameRunSpareTimers:         spares.RunSpareTimers,
		activities.NameRunTicketTimers:        tickets.RunTicketTimers,
		activities.NameSweepContracts:         sweeps.SweepContracts,
		activities.NameSweepCalendars:         sweeps.SweepCalendars,
		activities.NameGiveUpMails:            mails.GiveUp,
	}
}

// mailActivities need the mail server.
func (o Options) mailActivities() named {
	mails := &activities.Mail{
		DB:            o.Domains.DB,
		Programs:      o.Domains.Programs,
		Notifications: o.Domains.Notifications,
		People:        o.Domains.People,
		Sessions:      o.Domains.Sessions,
		Tickets:       o.Domains.Tickets,
		Sender:        o.Sender,
		PortalURL:     o.PortalURL,
		Keys:          o.Domains.Mailbox.Keys(),
		Log:           o.Log,
	}

	return named{
		activities.NameSendMails: mails.SendMails,
		// Nothing asks for it on this queue any more; a run of an earlier release may.
		activities.NameGiveUpMails: mails.GiveUp,
	}
}

// importActivities work through files.
func (o Options) importActivities() named {
	imports := &activities.Imports{
		DB:           o.Domains.DB,
		Programs:     o.Domains.Programs,
		Jobs:         o.Domains.Jobs,
		Accounts:     o.Domains.Accounts,
		Entitlements: o.Domains.Entitlements,
		Orders:       o.Domains.Orders,
	}

	return named{activities.NameRunImport: imports.Run}
}

// carrierActivities need the carrier.
func (o Options) carrierActivities() named {
	parcels := &activities.Parcels{
		Logistics: o.Domains.Logistics,
		Carrier:   o.Carrier,
		Name:      o.CarrierName,
	}

	return named{activities.NameSettleParcels: parcels.SettleParcels}
}
