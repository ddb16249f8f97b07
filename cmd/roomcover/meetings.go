package main

import (
	"slices"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/meeting"
	"roomcover.dev/roomcover/rules/session"
	"roomcover.dev/roomcover/worker"
)

// newMeetings are the meeting services that the environment names; agents paste links beside
// them. What a service answers is held to its own hosts.
func newMeetings(c config.Config) worker.Meetings {
	services := worker.Meetings{}
	if c.Teams.Given() {
		services[session.Teams] = meeting.NewTeams(meeting.TeamsOptions{
			TenantID:     c.Teams.TenantID,
			ClientID:     c.Teams.ClientID,
			ClientSecret: c.Teams.ClientSecret,
			UserID:       c.Teams.UserID,
			Check:        linkOf(session.Teams),
		})
	}
	if c.Zoom.Given() {
		services[session.Zoom] = meeting.NewZoom(meeting.ZoomOptions{
			AccountID:    c.Zoom.AccountID,
			ClientID:     c.Zoom.ClientID,
			ClientSecret: c.Zoom.ClientSecret,
			UserID:       c.Zoom.UserID,
			Check:        linkOf(session.Zoom),
		})
	}
	return services
}

// linkOf takes links to a service's own hosts and no others.
func linkOf(service session.Provider) meeting.CheckLink {
	return func(link string) (string, error) {
		return session.CheckLink(link, session.HostsOf(service))
	}
}

// meetingServices are the names of the services that the environment names.
func meetingServices(c config.Config) []session.Provider {
	var names []session.Provider
	for name := range newMeetings(c) {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
